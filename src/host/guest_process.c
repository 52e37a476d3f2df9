/* SPDX-License-Identifier: Apache-2.0 */
/* host/guest_process: one handle for a guest process: spawn, tell, serve, kill. */
#include "host/guest_process.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "host/filter.h"
#include "host/foreground.h"
#include "host/relay.h"
#include "host/trace.h"
#include "sys/await.h"
#include "sys/clone.h"
#include "sys/process_tree.h"
#include "user/explain.h"

/* ---- making it ---- */

static pid_t clone_guest(struct guest_process *g, const struct guest_clone *how)
{
	if (how->into >= 0) {
		pid_t pid = sys_clone_into(how->flags, how->into, &g->pidfd);

		g->inside = pid >= 0;
		if (pid >= 0) {
			return pid;
		}
		/* Whatever the reason: it is moved then, and a lasting one comes up again. */
	}
	return sys_clone(how->flags, &g->pidfd);
}

int host_guest_spawn(struct guest_process *g, const struct guest_clone *how, struct err *err)
{
	scope_fd int theirs = -1;
	int rc = wire_pair(&g->wire, &theirs);

	if (rc < 0) {
		return err_errno(err, -rc, "socketpair");
	}
	if (g->plan->enter.present && !g->plan->enter.mounts) {
		void *page = mmap(NULL, sizeof(*g->last), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED) {
			return err_errno(err, errno, "memory to share with %s", how->what);
		}
		g->last = page;
	}
	g->pid = clone_guest(g, how);
	if (g->pid == 0) {
		struct guest_fds fds = how->fds;

		fds.wire = theirs;
		fds.last = g->last;
		if (g->relay) {
			host_relay_take(g->relay);
		}
		fd_drop(&g->wire);
		guest_main(g->plan, &fds);
	}
	if (g->relay) {
		host_relay_given(g->relay);
	}
	if (g->pid < 0) {
		err_errno(err, -g->pid, "making %s", how->what);
		if (how->flags & CLONE_NEWUSER) {
			user_explain_userns(err);
		}
		return -err->code;
	}
	return 0;
}

/* ---- telling it ---- */

static int send_to(const struct guest_process *g, enum wire_type type, int fd, struct err *err)
{
	int rc = wire_send(g->wire, type, NULL, 0, fd);

	if (rc < 0 && rc != -EPIPE) {
		return err_errno(err, -rc, "telling the process %s", wire_type_name(type));
	}
	return 0;
}

int host_guest_tell(const struct guest_process *g, enum wire_type type, struct err *err)
{
	return send_to(g, type, -1, err);
}

int host_guest_give(const struct guest_process *g, enum wire_type type, int fd, struct err *err)
{
	return send_to(g, type, fd, err);
}

/* ---- its end ---- */

/* Waits for the child and forgets it. Returns its status as wait(2) has it. */
static int reap(struct guest_process *g)
{
	int status = 0;

	while (g->pid > 0 && waitpid(g->pid, &status, 0) < 0 && errno == EINTR) {
	}
	g->pid = -1;
	return status;
}

static int ended(struct guest_process *g, struct err *err)
{
	int status = reap(g);
	int sig = sys_signal_of_child(status);

	if (sig) {
		return sys_interrupted(sig, "while the process was set up", err);
	}
	if (WIFSIGNALED(status)) {
		return err_set(err, ECHILD,
			       "the process was killed by signal %d while it was set up",
			       WTERMSIG(status));
	}
	return err_set(err, ECHILD, "the process ended while it was set up");
}

/* Reaps the guest, and takes what it has made, if anything, in its place. */
static void follow_last(struct guest_process *g)
{
	(void)reap(g);
	fd_drop(&g->pidfd);
	if (g->last && g->last->pid > 0) {
		/* A child of ours that nobody has waited for: the number is surely its. */
		g->pid = g->last->pid;
		g->pidfd = sys_pidfd_open(g->pid);
		g->last->pid = 0;
	}
}

int host_guest_take_last(struct guest_process *g, struct err *err)
{
	int sig;

	if (!(g->plan->enter.join & CLONE_NEWPID)) {
		return 0;
	}
	sig = sys_await_by(g->signals, g->pidfd);
	if (sig) {
		return sys_interrupted(sig, "while the process was set up", err);
	}
	follow_last(g);
	if (g->last->err.code) {
		*err = g->last->err;
		return -err->code;
	}
	if (g->pid < 0) {
		return err_set(err, ECHILD, "the process ended before its program began");
	}
	if (g->pidfd < 0) {
		return err_errno(err, -g->pidfd, "the process in the container's pid namespace");
	}
	return 0;
}

static void kill_now(struct guest_process *g)
{
	if (g->pidfd >= 0) {
		/* Its hooks too: where it has no pid namespace they would go on without it. */
		sys_kill_tree(g->pidfd, g->pid);
	}
}

void host_guest_kill(struct guest_process *g)
{
	kill_now(g);
	follow_last(g);
	kill_now(g);
	(void)reap(g);
}

void host_guest_done(struct guest_process *g)
{
	int *const fds[] = { &g->wire, &g->signals, &g->pidfd, &g->console_socket,
			     &g->multiplexer };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		fd_drop(fds[i]);
	}
	if (g->last) {
		(void)munmap(g->last, sizeof(*g->last));
		g->last = NULL;
	}
}

/* ---- listening to it ---- */

int host_guest_take_init(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	pid_t pid = sys_pidfd_pid(msg->fd);

	if (pid < 0) {
		close(msg->fd);
		return err_errno(err, -pid, "the process in the container's pid namespace");
	}
	/* The one that we cloned is done. */
	(void)reap(g);
	fd_drop(&g->pidfd);
	g->pidfd = fd_take(&msg->fd);
	g->pid = pid;
	return 0;
}

static int take_err(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	(void)g;
	*err = msg->err;
	return -err->code;
}

static int take_log(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	(void)err;
	if (!g->quiet && log_notes_wanted()) {
		log_warning("%s", msg->bytes);
	}
	return 0;
}

static bool is_traced(const struct plan *plan)
{
	return plan->trace;
}

static int take_step(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	(void)err;
	host_trace_guest(g->begin, msg->step.when, msg->step.name);
	return 0;
}

static int take_ready(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	(void)msg;
	(void)err;
	g->ready = true;
	return 0;
}

/* What every guest may say. */
static const struct guest_request common_requests[] = {
	{ WIRE_ERR, NULL, take_err },
	{ WIRE_LOG, NULL, take_log },
	{ WIRE_STEP, is_traced, take_step },
	{ WIRE_READY, NULL, take_ready },
	GUEST_REQUESTS_END,
};

static const struct guest_request *find(const struct guest_request *table, enum wire_type message)
{
	for (const struct guest_request *r = table; r->take; r++) {
		if (r->message == message) {
			return r;
		}
	}
	return NULL;
}

/* The row of a message that may come now; NULL: it is out of turn. */
static const struct guest_request *request_of(struct guest_process *g, enum wire_type message)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_SETUP, .gone = g->came };
	const struct guest_request *request = find(common_requests, message);

	if (!request) {
		request = find(g->requests, message);
	}
	if (!request || (request->wanted && !request->wanted(g->plan)) ||
	    !wire_legal(&turn, message)) {
		return NULL;
	}
	g->came = turn.gone;
	return request;
}

/* A signal to us before the guest is ready ends the whole attempt. */
static int interrupted(const struct guest_process *g, struct err *err)
{
	int sig = sys_await_by(g->signals, g->wire);

	if (sig) {
		return sys_interrupted(sig, "while the process was set up", err);
	}
	return 0;
}

static int receive(struct guest_process *g, struct wire_msg *ret, struct err *err)
{
	int rc;

	TRY(interrupted(g, err));
	rc = wire_recv(g->wire, ret);
	if (rc == 0) {
		return ended(g, err);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "listening to the process that is set up");
	}
	return 0;
}

static int serve_one(struct guest_process *g, enum wire_type *ret, struct err *err)
{
	const struct guest_request *request;
	struct wire_msg msg;

	TRY(receive(g, &msg, err));
	request = request_of(g, msg.type);
	if (!request) {
		scope_close_(&msg.fd);
		return err_set(err, EPROTO, "the process that is set up sent %s out of turn",
			       wire_type_name(msg.type));
	}
	*ret = msg.type;
	return request->take(g, &msg, err);
}

int host_guest_serve(struct guest_process *g, enum wire_type last, struct err *err)
{
	enum wire_type came = WIRE_LOG;

	while (came != last) {
		if (serve_one(g, &came, err) < 0) {
			g->heard = true;
			return host_filter_explain(g->plan, g->spec, err);
		}
		if (came == WIRE_READY && last != WIRE_READY) {
			return err_set(err, EPROTO,
				       "the process that is set up said READY before %s",
				       wire_type_name(last));
		}
	}
	return 0;
}

void host_guest_last_word(struct guest_process *g, struct err *err)
{
	struct pollfd end = { g->pidfd, POLLIN, 0 };
	struct err said;

	if (g->ready || g->heard || g->pidfd < 0 || poll(&end, 1, 0) <= 0) {
		return;
	}
	if (host_guest_serve(g, WIRE_READY, &said) < 0) {
		*err = said;
	}
}
