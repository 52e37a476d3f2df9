/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/filter: receiving the compiled seccomp filter and loading it at the right moment.
 *
 * Without noNewPrivileges the kernel wants CAP_SYS_ADMIN, so it is loaded before the last of the
 * capabilities go (guest_credentials calls guest_filter_early), when the working directory and the
 * program have been looked for: a profile may well not allow what that takes. With noNewPrivileges
 * it is loaded as the last thing before execve, so that a profile has to allow nothing but that. A
 * filter with a listener is loaded before READY in either case, because the listener's descriptor
 * goes out through the host side. The filter of an accelerated network has a listener too, and is
 * loaded in the same way.
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
#include <sys/prctl.h>
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
	scope_fd int fd = -1;
	struct wire_msg msg;
	struct stat st;
	void *code;
	int rc;

	if (!g->plan->filter.present) {
		return 0;
	}
	rc = wire_recv(g->wire, &msg);
	if (rc <= 0 || msg.type != WIRE_FILTER) {
		return err_set(err, EPIPE,
			       "the host side ended before the seccomp filter was there");
	}
	fd = msg.fd;
	if (fstat(fd, &st) < 0 || st.st_size <= 0 ||
	    st.st_size % (off_t)sizeof(struct sock_filter) ||
	    st.st_size / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS) {
		return err_set(err, E2BIG,
			       "/linux/seccomp: the filter has more than %d instructions",
			       BPF_MAXINSNS);
	}
	code = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (code == MAP_FAILED) {
		return err_errno(err, errno, "/linux/seccomp: reading the filter");
	}
	g->filter = code;
	g->filter_len = (unsigned short)(st.st_size / (off_t)sizeof(struct sock_filter));
	return 0;
}

/* One filter, and how it is loaded. */
struct program {
	const struct sock_filter *code;
	unsigned short len; /* instructions */
	unsigned long flags;
	const char *where; /* for messages */
};

/* The bundle's filter, which is loaded once. */
static struct program take_program(struct guest *g)
{
	struct program p = {
		.code = g->filter,
		.len = g->filter_len,
		.flags = g->plan->filter.flags,
		.where = "/linux/seccomp",
	};

	assert(g->filter && g->filter_len > 0);
	g->filter = NULL;
	return p;
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
	/* It shares our descriptors: where the filter can't be loaded it must not outlive us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int i = 0; i < COURIER_ROUNDS; i++) {
		if (is_listener(listener)) {
			_exit(wire_send(g->wire, type, NULL, 0, listener) < 0);
		}
		nanosleep(&(struct timespec){ .tv_nsec = COURIER_PAUSE_NS }, NULL);
	}
	_exit(1);
}

/*
 * Couriers for the listeners that this plan has. Situation: this process forks into its own pid
 * namespace; afterwards no descriptor may be closed until the filters are loaded. The kernel gives
 * the lowest free number: those that duplicates get now. The accelerated network's is the first.
 */
int guest_filter_couriers(struct guest *g, struct err *err)
{
	const bool wanted[GUEST_COURIERS] = {
		[GUEST_COURIER_SWITCH] = g->plan->net.accel,
		[GUEST_COURIER_LISTENER] = g->plan->filter.present && g->plan->filter.notify,
	};
	const enum wire_type types[GUEST_COURIERS] = {
		[GUEST_COURIER_SWITCH] = WIRE_SWITCH,
		[GUEST_COURIER_LISTENER] = WIRE_LISTENER,
	};

	for (int i = 0; i < GUEST_COURIERS; i++) {
		g->couriers[i].listener = wanted[i] ? dup(g->wire) : -1;
		if (wanted[i] && g->couriers[i].listener < 0) {
			return err_errno(err, errno, "a descriptor for a filter's listener");
		}
	}
	for (int i = 0; i < GUEST_COURIERS; i++) {
		if (wanted[i]) {
			close(g->couriers[i].listener);
		}
	}
	for (int i = 0; i < GUEST_COURIERS; i++) {
		if (wanted[i]) {
			g->couriers[i].pid = send_courier(g, types[i], g->couriers[i].listener);
		}
		if (g->couriers[i].pid < 0) {
			return err_errno(err, errno, "starting the courier of a listener");
		}
	}
	return 0;
}

/* The listener stays open: the next one's number depends on it. */
static int load_with_listener(const struct guest_courier *c, const struct program *p,
			      struct err *err)
{
	int listener = load(p, SECCOMP_FILTER_FLAG_NEW_LISTENER, err);
	int status = 0;

	TRY(listener);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (status != 0 || listener != c->listener) {
		return err_set(err, EPIPE, "%s: the listener could not be handed over", p->where);
	}
	return 0;
}

static void drop_listeners(struct guest *g)
{
	for (int i = 0; i < GUEST_COURIERS; i++) {
		fd_drop(&g->couriers[i].listener);
	}
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
	};
	const struct guest_courier *courier = &g->couriers[GUEST_COURIER_SWITCH];
	int rc = load_with_listener(courier, &p, err);

	if (rc == -EINVAL) { /* before Linux 5.19: a signal may have a call told twice */
		p.flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		rc = load_with_listener(courier, &p, err);
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
		drop_listeners(g);
		return 0;
	}
	p = take_program(g);
	if (filter->notify) {
		TRY(load_with_listener(&g->couriers[GUEST_COURIER_LISTENER], &p, err));
		drop_listeners(g);
		return 0;
	}
	drop_listeners(g);
	return load(&p, 0, err);
}

int guest_explain_filter(struct err *err, const char *call)
{
	if (err->code == EPERM || err->code == EACCES || err->code == ENOSYS) {
		return err_hint(err, "allow %s in the seccomp profile", call);
	}
	return -err->code;
}

int guest_filter_late(struct guest *g, struct err *err)
{
	struct program p = { .code = NULL };

	if (!g->filter) {
		return 0;
	}
	p = take_program(g);
	return load(&p, 0, err);
}
