/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/status: is it alive?
 *
 * Pids are reused, so a pid counts only together with its start time; a start time counts only
 * within one boot. A zombie has ended: who has to reap it may be slow (buildah deletes right after
 * the exit).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "host/state.h"
#include "host/state_internal.h"
#include "sys/clone.h"

static const struct name status_names[] = {
	{ "creating", STATE_CREATING }, { "created", STATE_CREATED }, { "running", STATE_RUNNING },
	{ "paused", STATE_PAUSED },	{ "stopped", STATE_STOPPED }, NAMES_END,
};

const char *host_status_name(enum state_status status)
{
	const char *name = names_of(status_names, (int64_t)status);

	return name ? name : "unknown";
}

/* A small file of procfs, NUL-terminated. Returns its length or -errno. */
static ssize_t slurp(const char *path, char *buf, size_t size)
{
	scope_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	if (fd < 0) {
		return -errno;
	}
	while (used < size - 1) {
		ssize_t n = read(fd, buf + used, size - 1 - used);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		used += (size_t)n;
	}
	buf[used] = '\0';
	return (ssize_t)used;
}

const char *host_boot_id(struct arena *arena)
{
	char buf[64];

	if (slurp("/proc/sys/kernel/random/boot_id", buf, sizeof(buf)) <= 0) {
		return NULL;
	}
	buf[strcspn(buf, "\n")] = '\0';
	return arena_strdup(arena, buf);
}

int host_process_stat(pid_t pid, struct process_stat *ret)
{
	char path[64];
	char buf[1024];
	unsigned long long start;
	unsigned flags;
	const char *rest;
	char state;
	int ppid;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (slurp(path, buf, sizeof(buf)) <= 0) {
		return -ESRCH;
	}
	/* The name in field 2 is the process's own choice: it may hold blanks and ')'. */
	rest = strrchr(buf, ')');
	if (!rest ||
	    sscanf(rest + 1,
		   " %c %d %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		   &state, &ppid, &flags, &start) != 4) {
		return -ESRCH;
	}
	*ret = (struct process_stat){
		.start_time = start, .ppid = ppid, .flags = flags, .state = state
	};
	return 0;
}

int host_process_start_time(pid_t pid, uint64_t *ret_start, char *ret_state)
{
	struct process_stat st;

	TRY(host_process_stat(pid, &st));
	*ret_start = st.start_time;
	*ret_state = st.state;
	return 0;
}

static bool of_this_boot(const struct state *state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *now;

	if (!state->boot_id) {
		return true;
	}
	now = host_boot_id(&arena);
	return !now || str_eq(now, state->boot_id);
}

static bool is_alive(const struct state *state)
{
	uint64_t start;
	char letter;

	return state->pid > 0 && of_this_boot(state) &&
	       host_process_start_time((pid_t)state->pid, &start, &letter) == 0 &&
	       start == state->start_time && letter != 'Z' && letter != 'X';
}

/* `start` removes the gate. */
static bool has_gate(const char *root, const char *id)
{
	char path[STATE_ID_MAX + sizeof("/gate")];
	scope_fd int root_fd = -1;
	struct err ignored;
	struct stat st;

	if (host_id_check(id, &ignored) < 0 || host_root_open(root, &root_fd, &ignored) < 0) {
		return false;
	}
	snprintf(path, sizeof(path), "%s/gate", id);
	return fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

enum state_status host_state_status(const char *root, const struct state *state)
{
	if (!is_alive(state)) {
		return STATE_STOPPED;
	}
	if (has_gate(root, state->id)) {
		return STATE_CREATED;
	}
	return host_cgroup_is_frozen(&state->cgroup) ? STATE_PAUSED : STATE_RUNNING;
}

int host_state_pidfd(const struct state *state, int *ret_pidfd)
{
	scope_fd int fd = state->pid > 0 ? sys_pidfd_open((pid_t)state->pid) : -1;

	if (state->pid <= 0) {
		return -ESRCH;
	}
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
