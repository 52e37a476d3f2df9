/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/processes: which processes are the container's.
 *
 * With a cgroup: all in it and below. Without, but with a pid namespace of its own: all in that
 * namespace, also those that joined it from outside, and what descends from them in namespaces
 * further in. Without either: init, all in the container's own mount namespace, and their
 * descendants; who has left that namespace and lost its parents is lost to us.
 *
 * The mount namespace is the one that was made, not the one that init is in: init may have entered
 * another one, even the host's.
 */
#include "state/processes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/processes.h"
#include "state/status.h"
#include "sys/namespaces.h"
#include "sys/proc.h"

struct process {
	pid_t pid;
	pid_t ppid;
	bool member;
};

struct process_list {
	struct process *v;
	size_t n;
	size_t room;
};

static void free_list(struct process_list *list)
{
	free(list->v);
}

static bool pid_namespace_of(pid_t pid, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return stat(path, ret) == 0;
}

static int add(struct process_list *list, const struct process *process)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct process *grown = reallocarray(list->v, room, sizeof(*grown));

		if (!grown) {
			return -ENOMEM;
		}
		list->v = grown;
		list->room = room;
	}
	list->v[list->n++] = *process;
	return 0;
}

/* Is the mount namespace of that number the container's, and no other one's? */
static bool is_known_by_mounts(const struct state *state, bool init_lives)
{
	uint64_t own, number;
	bool lasting;

	if (state->own_pid_namespace || !state->mount_namespace.set || !state_of_this_boot(state) ||
	    sys_mount_namespace(0, &own, &lasting) < 0 || own == state->mount_namespace.value) {
		return false;
	}
	return lasting ||
	       (init_lives && sys_mount_namespace((pid_t)state->pid, &number, &lasting) == 0 &&
		number == state->mount_namespace.value);
}

static bool is_in_mounts(const struct state *state, pid_t pid)
{
	uint64_t number;
	bool lasting;

	return sys_mount_namespace(pid, &number, &lasting) == 0 &&
	       number == state->mount_namespace.value;
}

/* Every live process, each with whether it belongs to the container at first sight. */
static int scan(const struct state *state, bool init_lives, struct process_list *list)
{
	struct stat init_ns, ns;
	struct dirent *entry;
	bool by_namespace = init_lives && state->own_pid_namespace &&
			    pid_namespace_of((pid_t)state->pid, &init_ns);
	bool by_mounts = is_known_by_mounts(state, init_lives);
	DIR *proc = opendir("/proc");
	int rc = 0;

	if (!proc) {
		return -errno;
	}
	while (rc == 0 && (entry = readdir(proc))) {
		struct sys_process_stat st;
		uint32_t pid;

		if (str_u32(entry->d_name, &pid) < 0 || (pid_t)pid == getpid() ||
		    sys_process_stat((pid_t)pid, &st) < 0 || st.state == 'Z' || st.state == 'X') {
			continue;
		}
		struct process process = { .pid = (pid_t)pid, .ppid = st.ppid };

		process.member = (init_lives && process.pid == state->pid) ||
				 (by_mounts && is_in_mounts(state, process.pid)) ||
				 (by_namespace && pid_namespace_of(process.pid, &ns) &&
				  ns.st_ino == init_ns.st_ino && ns.st_dev == init_ns.st_dev);
		rc = add(list, &process);
	}
	closedir(proc);
	return rc;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool is_member(const struct process_list *list, pid_t pid)
{
	struct process key = { .pid = pid };
	const struct process *found = bsearch(&key, list->v, list->n, sizeof(*list->v), by_pid);

	return found && found->member;
}

/*
 * A child of a member is a member, until nothing changes. Parents mostly have lower pids: one round
 * or two.
 */
static size_t spread(struct process_list *list)
{
	size_t members = 0;
	bool changed;

	qsort(list->v, list->n, sizeof(*list->v), by_pid);
	do {
		changed = false;
		members = 0;
		for (size_t i = 0; i < list->n; i++) {
			if (!list->v[i].member && is_member(list, list->v[i].ppid)) {
				list->v[i].member = true;
				changed = true;
			}
			members += list->v[i].member;
		}
	} while (changed);
	return members;
}

int state_processes_by_namespace(struct arena *arena, const struct state *state, pid_t **ret,
				 size_t *ret_n, struct err *err)
{
	__attribute__((cleanup(free_list))) struct process_list list = { .v = NULL };
	scope_fd int pidfd = -1;
	size_t members = 0, n = 0;
	pid_t *pids;
	int rc = 0;

	rc = state_pidfd(state, &pidfd);
	if (rc == -EREMOTE) {
		return err_set(err, EREMOTE,
			       "container `%s` was made in another pid namespace: its processes "
			       "are not known here",
			       state->id);
	}
	if (rc == 0 || (rc == -ESRCH && state->mount_namespace.set)) {
		rc = scan(state, rc == 0, &list);
	}
	if (rc < 0 && rc != -ESRCH) {
		return err_errno(err, -rc, "cannot list the processes of container `%s`",
				 state->id);
	}
	if (rc == 0 && list.n > 0) {
		members = spread(&list);
	}
	pids = arena_array(arena, members, sizeof(*pids));
	for (size_t i = 0; i < list.n && n < members; i++) {
		if (list.v[i].member) {
			pids[n++] = list.v[i].pid;
		}
	}
	*ret = pids;
	*ret_n = n;
	return 0;
}

int state_processes(struct arena *arena, const struct state *state, pid_t **ret, size_t *ret_n,
		    struct err *err)
{
	if (state->cgroup.manager != PLAN_CGROUP_NONE &&
	    cgroup_pids(arena, &state->cgroup, ret, ret_n, err) == 0) {
		return 0;
	}
	return state_processes_by_namespace(arena, state, ret, ret_n, err);
}
