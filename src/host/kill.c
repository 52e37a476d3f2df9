/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/kill: signals to a container, and its end.
 *
 * Every process is signalled through a pidfd that was checked after it was opened, so a reused pid
 * is never hit, and kill needs no lock: it works while a `start` hangs.
 */
#include "host/kill.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/processes.h"
#include "state/processes.h"
#include "state/status.h"
#include "sys/clock.h"
#include "sys/clone.h"

/* How long SIGKILL may take: an exiting process may have to wait for a slow disk. */
#define KILL_TIMEOUT_MS 10000

/* How long delete waits for a process that is already on its way out. */
#define DYING_TIMEOUT_MS 1000

/* A container without a pid namespace that keeps forking is chased this often. */
#define CHASE_ROUNDS 50

/* So many pids an error names. */
#define NAMED 20

/* So many processes are held at a time: descriptors are few. */
#define HELD 128

/* state_processes or state_processes_by_namespace */
typedef int (*list_fn)(struct arena *arena, const struct state *state, pid_t **ret, size_t *ret_n,
		       struct err *err);

static bool is_among(pid_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == pid) {
			return true;
		}
	}
	return false;
}

/* 0 once the process of pidfd has ended (a zombie has), -ETIMEDOUT after timeout_ms. */
static int wait_end(int pidfd, int timeout_ms)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int64_t end = sys_now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - sys_now_ms();
		int n = poll(&pfd, 1, left > 0 ? (int)left : 0);

		if (n > 0) {
			return 0;
		}
		if (n == 0) {
			return -ETIMEDOUT;
		}
		if (errno != EINTR) {
			return -errno;
		}
	}
}

/*
 * To n processes of a list, HELD at the most. A number that was listed may be another process's by
 * now: it is held first, and then has to be on the list again. Those that are killed are waited
 * for: on its way out a process loses its namespaces, by which it is known, before it has ended.
 */
static int signal_held(list_fn list, const struct state *state, const pid_t *pids, size_t n,
		       int sig, size_t *sent, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	int64_t end = sys_now_ms() + DYING_TIMEOUT_MS;
	pid_t *now = NULL;
	size_t now_n = 0;
	int fds[HELD];
	int rc;

	for (size_t i = 0; i < n; i++) {
		fds[i] = -1;
		if (pids[i] != (pid_t)state->pid) {
			fds[i] = sys_pidfd_open(pids[i]);
		}
	}
	rc = list(&arena, state, &now, &now_n, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && fds[i] >= 0 && is_among(pids[i], now, now_n) &&
		    sys_pidfd_kill(fds[i], sig) == 0) {
			(*sent)++;
		} else {
			fd_drop(&fds[i]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		int64_t left = end - sys_now_ms();

		if (sig == SIGKILL && fds[i] >= 0 && left > 0) {
			(void)wait_end(fds[i], (int)left);
		}
		fd_drop(&fds[i]);
	}
	return rc;
}

/* To every process that is listed but init. *ret_sent: to how many. */
static int signal_listed(list_fn list, const struct state *state, int sig, size_t *ret_sent,
			 struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	pid_t *pids = NULL;
	size_t n = 0, sent = 0;

	TRY(list(&arena, state, &pids, &n, err));
	/* Most have none but init, and that needs no second look. */
	for (size_t i = 0; i < n && !(n == 1 && pids[0] == (pid_t)state->pid); i += HELD) {
		size_t some = n - i < HELD ? n - i : HELD;

		TRY(signal_held(list, state, pids + i, some, sig, &sent, err));
	}
	*ret_sent = sent;
	return 0;
}

/*
 * Every process but init, then init: with SIGKILL its children would otherwise move to another
 * parent and out of sight, so that is repeated until none is left.
 */
static int signal_all(const struct state *state, int init_fd, int sig, struct err *err)
{
	size_t others = 0;

	/* The kernel kills a pid namespace with its init, pid_namespaces(7). */
	if (sig == SIGKILL && state->own_pid_namespace) {
		return sys_pidfd_kill(init_fd, sig);
	}
	/* A cgroup is killed as one, whatever forks meanwhile. */
	if (sig == SIGKILL && state->cgroup.manager != PLAN_CGROUP_NONE &&
	    cgroup_kill(&state->cgroup, err) == 0) {
		return 0;
	}
	for (unsigned round = 0; round < CHASE_ROUNDS; round++) {
		TRY(signal_listed(state_processes, state, sig, &others, err));
		if (sig != SIGKILL || others == 0) {
			break;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return sys_pidfd_kill(init_fd, sig);
}

int host_kill(struct container *c, int sig, bool all, struct err *err)
{
	bool whole = all || (sig == SIGKILL && !c->state.own_pid_namespace);
	int rc;

	TRY(container_hold(c, err));
	*err = (struct err){ .code = 0 };
	if (whole) {
		rc = signal_all(&c->state, c->init, sig, err);
	} else {
		rc = sys_pidfd_kill(c->init, sig);
	}
	if (rc == 0 || err->code) {
		return rc;
	}
	if (rc == -ESRCH) {
		return container_not_running(c, err);
	}
	return err_errno(err, -rc, "cannot send signal %d to container `%s` (pid %d)", sig, c->id,
			 (int)c->state.pid);
}

/* What is left, with its pids, as an error. */
static int still_there(const struct state *state, const pid_t *pids, size_t n, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct text list;

	text_init(&list, &arena);
	for (size_t i = 0; i < n && i < NAMED; i++) {
		text_add(&list, " %d", (int)pids[i]);
	}
	return err_set(err, ETIMEDOUT,
		       "container `%s`: %zu of its processes are still there %d seconds after "
		       "SIGKILL:%s%s; end them, and delete it again",
		       state->id, n, KILL_TIMEOUT_MS / 1000, list.s, n > NAMED ? " and more" : "");
}

int host_kill_rest(const struct state *state, struct err *err)
{
	int64_t end = sys_now_ms() + KILL_TIMEOUT_MS;

	/* Its init's end was theirs. */
	if (state->own_pid_namespace) {
		return 0;
	}
	for (;;) {
		scope_arena struct arena arena = ARENA_INIT;
		pid_t *pids = NULL;
		size_t n = 0, sent;

		TRY(state_processes_by_namespace(&arena, state, &pids, &n, err));
		if (n == 0) {
			return 0;
		}
		if (sys_now_ms() >= end) {
			return still_there(state, pids, n, err);
		}
		TRY(signal_listed(state_processes_by_namespace, state, SIGKILL, &sent, err));
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

/* Of one that was made in another pid namespace only the cgroup can be reached: if it is here. */
static int kill_there(struct container *c, struct err *err)
{
	const struct cgroup *cgroup = &c->state.cgroup;
	int64_t end = sys_now_ms() + KILL_TIMEOUT_MS;
	struct err ignored;

	/* A scope may be gone by now. */
	if (c->ended_there) {
		return 0;
	}
	if (cgroup->manager == PLAN_CGROUP_NONE || cgroup_kill(cgroup, &ignored) < 0) {
		return state_foreign(c->root, &c->state, err);
	}
	while (!cgroup_is_empty(cgroup)) {
		/* Or removed, with all that was in it. */
		scope_fd int dir = cgroup_open_top(cgroup, &ignored);

		if (dir == -ENOENT) {
			break;
		}
		if (sys_now_ms() >= end) {
			return err_set(err, ETIMEDOUT,
				       "container `%s`: the cgroup %s still has processes %d "
				       "seconds after SIGKILL",
				       c->id, cgroup->path, KILL_TIMEOUT_MS / 1000);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	c->ended_there = true;
	return 0;
}

int host_kill_and_wait(struct container *c, struct err *err)
{
	const struct state *state = &c->state;
	scope_fd int pidfd = -1;
	int rc = state_pidfd(state, &pidfd);

	if (rc == -ESRCH) {
		return host_kill_rest(state, err);
	}
	if (rc == -EREMOTE) {
		return kill_there(c, err);
	}
	*err = (struct err){ .code = 0 };
	if (rc == 0) {
		rc = signal_all(state, pidfd, SIGKILL, err);
	}
	if (rc == 0 || rc == -ESRCH) {
		rc = wait_end(pidfd, KILL_TIMEOUT_MS);
	}
	if (rc == -ETIMEDOUT) {
		return err_set(
			err, ETIMEDOUT,
			"container `%s`: its process %d is still there %d seconds after SIGKILL",
			state->id, (int)state->pid, KILL_TIMEOUT_MS / 1000);
	}
	if (rc < 0 && !err->code) {
		return err_errno(err, -rc, "cannot kill container `%s` (pid %d)", state->id,
				 (int)state->pid);
	}
	TRY(rc);
	return host_kill_rest(state, err);
}

/*
 * `kill ID KILL; delete ID` in a row is what scripts do, and the signal takes its time: a process
 * that is being killed or is exiting gets a moment before delete calls it running.
 */
bool host_ends_by_itself(const struct container *c)
{
	scope_fd int pidfd = -1;

	int rc = state_pidfd(&c->state, &pidfd);

	if (rc < 0) {
		return rc == -ESRCH;
	}
	return state_is_ending(&c->state) && wait_end(pidfd, DYING_TIMEOUT_MS) == 0;
}
