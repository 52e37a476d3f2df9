/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/force: a container's lock, whoever has it.
 *
 * A command holds the lock while it works, and may be kept by something that is not rootlet's: a
 * hook, criu, the service manager. Who holds it the kernel tells; it is signalled by a pidfd.
 */
#include "host/force.h"

#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "base/scope.h"
#include "state/folder.h"
#include "state/holder.h"
#include "sys/await.h"
#include "sys/clock.h"
#include "sys/clone.h"
#include "sys/process_tree.h"

/* After so many milliseconds it is asked to end, is killed, and is given up. */
#define ASK_MS 1000
#define KILL_MS 2500
#define GIVE_UP_MS 4500
#define LOOK_MS 10

/* Whom it has come to. */
struct held {
	pid_t pid; /* 0: nobody yet */
	int pidfd;
	int sig; /* that it was sent */
};

static void end_holder(const struct container *c, int sig, struct held *held)
{
	struct state_dir dir = { .fd = -1 };
	scope_fd int folder = -1;
	scope_fd int pidfd = -1;
	struct err ignored;
	pid_t pid = 0;

	if (state_open_unlocked(c->root, c->id, &dir, &ignored) < 0) {
		return;
	}
	folder = dir.fd;
	if (state_lock_holder(folder, &pid, &pidfd) < 0 || (pid == held->pid && sig == held->sig)) {
		return;
	}
	log_debug("container `%s`: process %d has its lock: signal %d", c->id, (int)pid, sig);
	fd_drop(&held->pidfd);
	*held = (struct held){ pid, fd_take(&pidfd), sig };
	if (sig == SIGKILL) {
		sys_kill_tree(held->pidfd, pid);
	} else {
		(void)sys_pidfd_kill(held->pidfd, sig);
		/* One that is stopped would hear it later. */
		(void)sys_pidfd_kill(held->pidfd, SIGCONT);
	}
}

/* One that was asked to end may hang once more after it has given the lock back. */
static void see_to_end(struct held *held, int64_t begin)
{
	int64_t left = begin + KILL_MS - sys_now_ms();

	if (held->pid == 0) {
		return;
	}
	if (sys_await_fd(held->pidfd, POLLIN, left > 0 ? (int)left : 0) != 0) {
		sys_kill_tree(held->pidfd, held->pid);
	}
	fd_drop(&held->pidfd);
}

static int lock(struct container *c, int64_t begin, struct held *held, struct err *err)
{
	for (;;) {
		int rc = container_lock_now(c, err);
		int64_t waited = sys_now_ms() - begin;

		if (rc != -EWOULDBLOCK) {
			return rc;
		}
		if (waited >= GIVE_UP_MS && held->pid > 0) {
			return err_set(err, EBUSY,
				       "container `%s`: process %d holds its lock, and did not end",
				       c->id, (int)held->pid);
		}
		if (waited >= GIVE_UP_MS) {
			return err_set(err, EBUSY,
				       "container `%s`: its lock is held by a process that can't "
				       "be seen from here: end that",
				       c->id);
		}
		if (waited >= ASK_MS) {
			end_holder(c, waited >= KILL_MS ? SIGKILL : SIGTERM, held);
		}
		(void)sys_await(NULL, 0, LOOK_MS);
	}
}

int host_lock_by_force(struct container *c, struct err *err)
{
	struct held held = { .pid = 0, .pidfd = -1 };
	int64_t begin = sys_now_ms();
	int rc = lock(c, begin, &held, err);

	see_to_end(&held, begin);
	return rc;
}
