/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/status: is it alive?
 *
 * A pid is one of a pid namespace's: seen from another one it is nobody's, or somebody else's.
 * Pids are reused, so a pid counts only together with its start time; a start time counts only
 * within one boot. A zombie has ended: who has to reap it may be slow (buildah deletes right after
 * the exit).
 */
#include "state/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/freeze.h"
#include "cgroup/processes.h"
#include "state/folder.h"
#include "state/root.h"
#include "sys/clone.h"
#include "sys/namespaces.h"
#include "sys/proc.h"

static const struct name status_names[] = {
	{ "creating", STATE_CREATING }, { "created", STATE_CREATED }, { "running", STATE_RUNNING },
	{ "paused", STATE_PAUSED },	{ "stopped", STATE_STOPPED }, NAMES_END,
};

const char *state_status_name(enum state_status status)
{
	const char *name = names_of(status_names, (int64_t)status);

	return name ? name : "unknown";
}

bool state_of_this_boot(const struct state *state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *now;

	if (!state->boot_id) {
		return true;
	}
	now = sys_boot_id(&arena);
	return !now || str_eq(now, state->boot_id);
}

static bool is_alive(const struct state *state)
{
	char letter;

	return state->pid > 0 && state_of_this_boot(state) &&
	       sys_process_is((pid_t)state->pid, state->start_time, &letter) && letter != 'Z' &&
	       letter != 'X';
}

bool state_is_foreign(const struct state *state)
{
	uint64_t own;

	return state->pid_namespace.set && sys_pid_namespace(&own) == 0 &&
	       own != state->pid_namespace.value;
}

int state_foreign(const char *root, const struct state *state, struct err *err)
{
	err_set(err, EREMOTE,
		"container `%s` was made in another pid namespace, where its process has the "
		"number %d",
		state->id, (int)state->pid);
	return err_hint(err,
			"do this there; if that namespace is gone, and the container with it, "
			"remove the folder %s/%s",
			root, state->id);
}

/* Has it ended, as far as can be known without its number? */
static bool is_over_there(const struct state *state)
{
	return !state_of_this_boot(state) || cgroup_is_empty(&state->cgroup);
}

/* `start` removes the gate. */
static bool has_gate(const char *root, const char *id)
{
	char path[STATE_ID_MAX + sizeof("/" STATE_GATE)];
	scope_fd int root_fd = -1;
	struct err ignored;
	struct stat st;

	if (state_id_check(id, &ignored) < 0 || state_root_open(root, &root_fd, &ignored) < 0) {
		return false;
	}
	snprintf(path, sizeof(path), "%s/" STATE_GATE, id);
	return fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

enum state_status state_status(const char *root, const struct state *state)
{
	if (state_is_foreign(state) ? is_over_there(state) : !is_alive(state)) {
		return STATE_STOPPED;
	}
	if (has_gate(root, state->id)) {
		return STATE_CREATED;
	}
	return cgroup_is_frozen(&state->cgroup) ? STATE_PAUSED : STATE_RUNNING;
}

int state_pidfd(const struct state *state, int *ret_pidfd)
{
	scope_fd int fd = -1;

	if (state->pid <= 0) {
		return -ESRCH;
	}
	if (state_is_foreign(state)) {
		return is_over_there(state) ? -ESRCH : -EREMOTE;
	}
	fd = sys_pidfd_open((pid_t)state->pid);
	if (fd < 0) {
		return fd;
	}
	/*
	 * Checked with the descriptor in hand: now the pid can't pass to another process any more.
	 */
	if (!is_alive(state)) {
		return -ESRCH;
	}
	*ret_pidfd = fd_take(&fd);
	return 0;
}

bool state_is_ending(const struct state *state)
{
	scope_fd int pidfd = -1;

	int rc = state_pidfd(state, &pidfd);

	return rc == -ESRCH || (rc == 0 && sys_process_is_ending((pid_t)state->pid));
}
