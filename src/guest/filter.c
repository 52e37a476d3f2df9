/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/filter: receiving the compiled seccomp filter and loading it at the right moment.
 *
 * Without noNewPrivileges the kernel wants CAP_SYS_ADMIN, so it is loaded before the capabilities
 * go (guest_credentials calls guest_filter_early). With noNewPrivileges it is loaded as the last
 * thing before execve, so that a profile has to allow nothing but that. A filter with a listener is
 * loaded before READY in either case, because the listener's descriptor goes out through the host
 * side. The filter of an accelerated network has a listener too, and is loaded in the same way.
 *
 * The listener of a filter is carried out by a courier: a child that shares our descriptors but not
 * the filter. The guest itself can't do it, since the filter may notify of the very calls that
 * sending takes.
 */
#include <assert.h>
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
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
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
		return err_set(err, EPIPE,
			       "the host side ended before the seccomp filter was there");
	}
	g->filter = msg.fd;
	if (fstat(g->filter, &st) < 0 || st.st_size <= 0 ||
	    st.st_size % (off_t)sizeof(struct sock_filter) ||
	    st.st_size / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS) {
		return err_set(err, E2BIG,
			       "/linux/seccomp: the filter has more than %d instructions",
			       BPF_MAXINSNS);
	}
	g->filter_len = (unsigned short)(st.st_size / (off_t)sizeof(struct sock_filter));
	return 0;
}

/* One filter, and how it is loaded. */
struct program {
	const struct sock_filter *code;
	unsigned short len; /* instructions */
	unsigned long flags;
	const char *where;	 /* for messages */
	enum wire_type listener; /* how its listener goes out */
};

/* The bundle's filter, in memory; its descriptor is closed. */
static int take_program(struct guest *g, struct program *ret, struct err *err)
{
	size_t size = g->filter_len * sizeof(struct sock_filter);
	const struct sock_filter *code;

	assert(g->filter >= 0 && size > 0);
	code = mmap(NULL, size, PROT_READ, MAP_PRIVATE, g->filter, 0);
	if (code == MAP_FAILED) {
		return err_errno(err, errno, "/linux/seccomp: reading the filter");
	}
	fd_drop(&g->filter);
	*ret = (struct program){
		.code = code,
		.len = g->filter_len,
		.flags = g->plan->filter.flags,
		.where = "/linux/seccomp",
		.listener = WIRE_LISTENER,
	};
	return 0;
}

/* Returns the listener's descriptor where one is asked for, else 0; -errno with err filled. */
static int load(const struct program *p, unsigned long extra, struct err *err)
{
	const struct sock_fprog program = { .len = p->len,
					    .filter = (struct sock_filter *)(uintptr_t)p->code };
	unsigned long flags = p->flags | extra;
	long rc;

	if (extra & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
		/*
		 * Both at once need another flag (5.7), and a single thread has nobody to
		 * synchronise.
		 */
		flags &= ~SECCOMP_FILTER_FLAG_TSYNC;
	}
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (rc < 0) {
		err_errno(err, errno, "%s: loading the filter", p->where);
		if (err->code == EINVAL) {
			err_hint(err, "this kernel does not know one of its flags or actions");
		} else if (err->code == EBUSY) {
			err_hint(err, "a listener is there already, around this process: only one "
				      "is possible");
		}
		return -err->code;
	}
	return (int)rc;
}

/*
 * For a moment another file may have the number of the listener. Only a listener answers this
 * question.
 */
static bool is_listener(int fd)
{
	uint64_t id = 0;

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || errno == ENOENT;
}

/*
 * Starts the courier, which waits until the listener has appeared under its number and then sends
 * it to the host side. Returns its pid, or -1 with errno.
 */
static pid_t send_courier(const struct guest *g, enum wire_type type, int listener)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid != 0) {
		return pid;
	}
	for (int i = 0; i < COURIER_ROUNDS; i++) {
		if (is_listener(listener)) {
			_exit(wire_send(g->wire, type, NULL, 0, listener) < 0);
		}
		nanosleep(&(struct timespec){ .tv_nsec = COURIER_PAUSE_NS }, NULL);
	}
	_exit(1);
}

static int load_with_listener(const struct guest *g, const struct program *p, struct err *err)
{
	int listener = -1;
	pid_t courier;
	int status = 0;
	int expected;

	/* The kernel gives the lowest free number: what a duplicate gets now. */
	expected = dup(g->wire);
	if (expected < 0) {
		return err_errno(err, errno, "%s: a descriptor for the listener", p->where);
	}
	close(expected);
	courier = send_courier(g, p->listener, expected);
	if (courier < 0) {
		return err_errno(err, errno, "%s: starting the listener's courier", p->where);
	}
	listener = load(p, SECCOMP_FILTER_FLAG_NEW_LISTENER, err);
	if (listener < 0) {
		kill(courier, SIGKILL);
		waitpid(courier, NULL, 0);
		return listener;
	}
	while (waitpid(courier, &status, 0) < 0 && errno == EINTR) {
	}
	close(listener);
	if (status != 0) {
		return err_set(err, EPIPE, "%s: the listener could not be handed over", p->where);
	}
	return 0;
}

/*
 * Loads the filter that tells the network's helper of connects and binds. It is loaded before the
 * bundle's, which need not allow seccomp(2). It confines nobody, so it does not ask for mitigations
 * against speculation (SECCOMP_FILTER_FLAG_SPEC_ALLOW).
 */
static int load_accel(const struct guest *g, struct err *err)
{
	const struct plan_net *net = &g->plan->net;
	struct program p = {
		.code = net->accel,
		.len = (unsigned short)net->accel_n,
		.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		.where = net->where,
		.listener = WIRE_SWITCH,
	};
	int rc = load_with_listener(g, &p, err);

	if (rc == -EINVAL) { /* before Linux 5.19: a signal may have a call told twice */
		p.flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		rc = load_with_listener(g, &p, err);
	}
	return rc;
}

int guest_filter_early(struct guest *g, struct err *err)
{
	const struct plan_filter *filter = &g->plan->filter;
	bool no_new_privs = g->plan->process.no_new_privs;
	bool now = filter->present && (!no_new_privs || filter->notify);
	struct program p = { .code = NULL };

	if (!now && !g->plan->net.accel) {
		return 0;
	}
	if (!no_new_privs) {
		/*
		 * The change of ids cleared the effective set, and CAP_SYS_ADMIN is what the kernel
		 * asks for.
		 */
		uint64_t held = sys_caps_permitted();
		int rc = sys_caps_set(held, held, 0);

		if (rc < 0) {
			return err_errno(
				err, -rc,
				"/linux/seccomp: taking the capabilities to load the filter");
		}
	}
	if (g->plan->net.accel) {
		TRY(load_accel(g, err));
	}
	if (!now) {
		return 0;
	}
	TRY(take_program(g, &p, err));
	if (filter->notify) {
		return load_with_listener(g, &p, err);
	}
	return load(&p, 0, err);
}

int guest_filter_late(struct guest *g, struct err *err)
{
	struct program p = { .code = NULL };

	if (g->filter < 0) {
		return 0;
	}
	TRY(take_program(g, &p, err));
	return load(&p, 0, err);
}
