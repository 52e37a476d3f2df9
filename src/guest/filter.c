/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/filter: receiving the compiled seccomp filter and loading it at the right moment.
 *
 * Without noNewPrivileges the kernel wants CAP_SYS_ADMIN, so it is loaded before the capabilities go (guest_credentials
 * calls guest_filter_early). With noNewPrivileges it is loaded as the last thing before execve, so that a profile has
 * to allow nothing but that. A filter with a listener is loaded before READY in either case, because the listener's
 * descriptor goes out through the host side.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/caps.h"
#include "wire/wire.h"

#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER (1UL << 3)
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC
#define SECCOMP_FILTER_FLAG_TSYNC (1UL << 0)
#endif

/* How long the courier waits for the listener to appear: a second. */
#define COURIER_ROUNDS 10000
#define COURIER_PAUSE_NS 100000

/* The program comes in a memfd, compiled by the host side while this side was busy. */
int guest_filter_receive(struct guest *g, struct err *err)
{
	struct wire_msg msg;
	struct stat st;
	int rc;

	if (!g->plan->filter.present) {
		return 0;
	}
	rc = wire_recv(g->wire, &msg);
	if (rc <= 0 || msg.type != WIRE_FILTER) {
		return err_set(err, EPIPE, "the host side ended before the seccomp filter was there");
	}
	g->filter = msg.fd;
	if (fstat(g->filter, &st) < 0 || st.st_size <= 0 || st.st_size % (off_t)sizeof(struct sock_filter) ||
	    st.st_size / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS) {
		return err_set(err, E2BIG, "/linux/seccomp: the filter has more than %d instructions", BPF_MAXINSNS);
	}
	g->filter_len = (unsigned short)(st.st_size / (off_t)sizeof(struct sock_filter));
	return 0;
}

/* Returns the listener's descriptor where one is asked for, else 0; -errno with err filled. */
static int load(struct guest *g, unsigned long extra, struct err *err)
{
	size_t size = g->filter_len * sizeof(struct sock_filter);
	struct sock_filter *code = mmap(NULL, size, PROT_READ, MAP_PRIVATE, g->filter, 0);
	struct sock_fprog program = { .len = g->filter_len, .filter = code };
	unsigned long flags = g->plan->filter.flags | extra;
	long rc;

	if (code == MAP_FAILED) {
		return err_errno(err, errno, "/linux/seccomp: reading the filter");
	}
	if (extra & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
		/* Both at once need another flag (5.7), and a single thread has nobody to synchronise. */
		flags &= ~SECCOMP_FILTER_FLAG_TSYNC;
	}
	fd_drop(&g->filter);
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (rc < 0) {
		err_errno(err, errno, "/linux/seccomp: loading the filter");
		if (err->code == EINVAL) {
			err_hint(err, "this kernel does not know one of its flags or actions");
		} else if (err->code == EBUSY) {
			err_hint(err, "a listener is there already, around this process: only one is possible");
		}
		return -err->code;
	}
	return (int)rc;
}

/* The filter's own memfd may still be there under the number: only a listener answers this question. */
static bool is_listener(int fd)
{
	uint64_t id = 0;

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || errno == ENOENT;
}

/*
 * A child that shares our descriptors but not our filter: it waits until the listener has appeared under its number and
 * sends it to the host side. This process can't: the filter may notify of the very calls that it would make.
 */
static pid_t send_courier(const struct guest *g, int listener)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid != 0) {
		return pid;
	}
	for (int i = 0; i < COURIER_ROUNDS; i++) {
		if (is_listener(listener)) {
			_exit(wire_send(g->wire, WIRE_LISTENER, NULL, 0, listener) < 0);
		}
		nanosleep(&(struct timespec){ .tv_nsec = COURIER_PAUSE_NS }, NULL);
	}
	_exit(1);
}

static int load_with_listener(struct guest *g, struct err *err)
{
	int listener = -1;
	pid_t courier;
	int status = 0;
	int expected;

	/* The kernel gives the lowest free number: what a duplicate gets now, or the filter's own, which load frees. */
	expected = dup(g->filter);
	if (expected < 0) {
		return err_errno(err, errno, "/linux/seccomp: a descriptor for the listener");
	}
	close(expected);
	expected = expected < g->filter ? expected : g->filter;
	courier = send_courier(g, expected);
	if (courier < 0) {
		return err_errno(err, errno, "/linux/seccomp: starting the listener's courier");
	}
	listener = load(g, SECCOMP_FILTER_FLAG_NEW_LISTENER, err);
	if (listener < 0) {
		kill(courier, SIGKILL);
		waitpid(courier, NULL, 0);
		return listener;
	}
	while (waitpid(courier, &status, 0) < 0 && errno == EINTR) {
	}
	close(listener);
	if (status != 0) {
		return err_set(err, EPIPE, "/linux/seccomp: the listener could not be handed over");
	}
	return 0;
}

int guest_filter_early(struct guest *g, struct err *err)
{
	const struct plan_filter *filter = &g->plan->filter;

	if (!filter->present || (g->plan->process.no_new_privs && !filter->notify)) {
		return 0;
	}
	if (!g->plan->process.no_new_privs) {
		/* The change of ids cleared the effective set, and CAP_SYS_ADMIN is what the kernel asks for. */
		uint64_t held = sys_caps_permitted();
		int rc = sys_caps_set(held, held, 0);

		if (rc < 0) {
			return err_errno(err, -rc, "/linux/seccomp: taking the capabilities to load the filter");
		}
	}
	return filter->notify ? load_with_listener(g, err) : load(g, 0, err);
}

int guest_filter_late(struct guest *g, struct err *err)
{
	if (g->filter < 0) {
		return 0;
	}
	return load(g, 0, err);
}
