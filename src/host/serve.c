/* SPDX-License-Identifier: Apache-2.0 */
/* host/serve: listening to a guest until it is ready, and ending it when something fails. */
#include "host/serve.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "host/foreground.h"
#include "host/trace.h"
#include "sys/clone.h"

/* Waits for the child and forgets it. Returns its status as wait(2) has it. */
static int reap(struct serve *s)
{
	int status = 0;

	while (s->pid > 0 && waitpid(s->pid, &status, 0) < 0 && errno == EINTR) {
	}
	s->pid = -1;
	return status;
}

/* A signal to us before the guest is ready ends the whole attempt. */
static int interrupted(const struct serve *s, struct err *err)
{
	int sig = host_signals_until(s->signals, s->wire);

	return sig ? err_set(err, EINTR, "interrupted by signal %d while the process was set up",
			     sig) :
		     0;
}

/*
 * The guest forked into a pid namespace: its child is the process, the one that we cloned is done.
 */
static int take_fork(struct serve *s, struct wire_msg *msg, struct err *err)
{
	pid_t pid = sys_pidfd_pid(msg->fd);

	if (pid < 0) {
		close(msg->fd);
		return err_errno(err, -pid, "the process in the container's pid namespace");
	}
	(void)reap(s);
	fd_drop(&s->pidfd);
	s->pidfd = fd_take(&msg->fd);
	s->pid = pid;
	return s->take(s->data, msg, err);
}

static int ended(struct serve *s, struct err *err)
{
	int status = reap(s);

	if (WIFSIGNALED(status)) {
		return err_set(err, ECHILD,
			       "the process was killed by signal %d while it was set up",
			       WTERMSIG(status));
	}
	return err_set(err, ECHILD, "the process ended while it was set up");
}

/* 1: another message may come; 0: that was READY. */
static int handle(struct serve *s, struct wire_msg *msg, struct err *err)
{
	switch (msg->type) {
	case WIRE_ERR:
		*err = msg->err;
		return -err->code;
	case WIRE_LOG:
		if (!s->quiet && log_notes_wanted()) {
			log_warning("%s", msg->bytes);
		}
		return 1;
	case WIRE_STEP:
		host_trace_guest(s->begin, msg->step.when, msg->step.name);
		return 1;
	case WIRE_INIT:
		TRY(take_fork(s, msg, err));
		return 1;
	case WIRE_READY:
		return 0;
	default:
		TRY(s->take(s->data, msg, err));
		return 1;
	}
}

static int serve(struct serve *s, enum wire_type last, struct err *err)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_SETUP };
	struct wire_msg msg = { .type = WIRE_STEP };
	int more = 1;

	while (more > 0 && msg.type != last) {
		int rc;

		TRY(interrupted(s, err));
		rc = wire_recv(s->wire, &msg);
		if (rc == 0) {
			return ended(s, err);
		}
		if (rc < 0) {
			return err_errno(err, -rc, "listening to the process that is set up");
		}
		turn.gone = s->gone;
		if (!wire_legal(&turn, msg.type)) {
			scope_close_(&msg.fd);
			return err_set(err, EPROTO,
				       "the process that is set up sent %s out of turn",
				       wire_type_name(msg.type));
		}
		s->gone = turn.gone;
		more = handle(s, &msg, err);
	}
	return more;
}

int host_serve(struct serve *s, struct err *err)
{
	return serve(s, WIRE_READY, err);
}

int host_serve_until(struct serve *s, enum wire_type last, struct err *err)
{
	int more = serve(s, last, err);

	return more != 0 ? (more < 0 ? more : 0) :
			   err_set(err, EPROTO, "the process that is set up said READY before %s",
				   wire_type_name(last));
}

int host_serve_tell(const struct serve *s, enum wire_type type, int fd, struct err *err)
{
	int rc = wire_send(s->wire, type, NULL, 0, fd);

	return rc < 0 && rc != -EPIPE ?
		       err_errno(err, -rc, "telling the process %s", wire_type_name(type)) :
		       0;
}

void host_serve_kill(struct serve *s)
{
	if (s->pidfd >= 0) {
		(void)sys_pidfd_kill(s->pidfd, SIGKILL);
	}
	(void)reap(s);
}

void host_serve_done(struct serve *s)
{
	fd_drop(&s->wire);
	fd_drop(&s->signals);
	fd_drop(&s->pidfd);
}
