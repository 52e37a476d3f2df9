/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/kill: signals to a container, and its end.
 *
 * init is signalled through a pidfd that was checked after it was opened, so a reused pid is never
 * hit, and kill needs no lock: it works while a `start` hangs.
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

/* For pids that state_processes saw a moment ago. */
static int signal_pid(pid_t pid, int sig)
{
	scope_fd int fd = sys_pidfd_open(pid);

	return fd < 0 ? fd : sys_pidfd_kill(fd, sig);
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
		scope_arena struct arena arena = ARENA_INIT;
		pid_t *pids = NULL;
		size_t n = 0;

		TRY(state_processes(&arena, state, &pids, &n, err));
		others = 0;
		for (size_t i = 0; i < n; i++) {
			if (pids[i] != (pid_t)state->pid && signal_pid(pids[i], sig) == 0) {
				others++;
			}
		}
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

int host_kill_and_wait(const struct container *c, struct err *err)
{
	const struct state *state = &c->state;
	scope_fd int pidfd = -1;
	int rc = state_pidfd(state, &pidfd);

	if (rc == -ESRCH) {
		return 0;
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
	return rc;
}

/*
 * `kill ID KILL; delete ID` in a row is what scripts do, and the signal takes its time: a process
 * that is being killed or is exiting gets a moment before delete calls it running.
 */
bool host_ends_by_itself(const struct container *c)
{
	scope_fd int pidfd = -1;

	if (state_pidfd(&c->state, &pidfd) < 0) {
		return true;
	}
	return state_is_ending(&c->state) && wait_end(pidfd, DYING_TIMEOUT_MS) == 0;
}
