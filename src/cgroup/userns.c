/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/userns: cgroups that belong to subordinate ids.
 *
 * A container to which its cgroup was given makes others in it, under ids that are the user's but
 * not the user. By itself the user can't remove those, or put a process there, or give a cgroup to
 * such an id; root of a user namespace that holds all of the user's ids can.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/internal.h"
#include "facts/facts.h"
#include "plan/build.h"
#include "sys/cgroup.h"
#include "sys/clone.h"
#include "user/idmap.h"

/* Every id that the user has, as a container without mappings of its own would get them. */
static int all_ids(struct arena *arena, struct plan_ids *ret, struct err *err)
{
	struct spec_namespace user = { .type = CLONE_NEWUSER };
	struct spec_linux lin = { .namespaces = { .v = &user, .n = 1 } };
	struct spec_root root = { .path = "/" };
	struct spec spec = { .oci_version = SPEC_VERSION, .root = &root, .linux_ = &lin };
	struct plan_options options = { .id = "cgroup",
					.bundle = "/",
					.cgroup_manager = PLAN_CGROUP_DISABLED };
	struct facts facts;
	const struct plan *plan;

	TRY(facts_probe(arena, &spec, &facts, err));
	TRY(plan_build(arena, &spec, &facts, &options, &plan, err));
	*ret = plan->ids;
	return 0;
}

/* What is done inside. The ids are numbers of that namespace. */
struct task {
	int (*act)(const struct task *task);
	const char *path;
	int dir;
	uid_t uid;
	pid_t pid;
};

/*
 * In the child: waits for its ids, becomes root of the namespace, acts. The exit status is the
 * errno.
 */
static _Noreturn void act_inside(int go, const struct task *task)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (read(go, &byte, 1) != 1) {
		_exit(EINTR);
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
		_exit(errno);
	}
	_exit(-task->act(task));
}

/* what: for the error, "removing the cgroup". */
static int run_inside(const struct plan_ids *ids, const struct task *task, const char *what,
		      struct err *err)
{
	struct idmap_job job;
	int pair[2], status = 0, rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		return err_errno(err, errno, "socketpair");
	}
	scope_fd int ours = pair[0];
	scope_fd int theirs = pair[1];

	pid = sys_clone(CLONE_NEWUSER, NULL);
	if (pid == 0) {
		fd_drop(&ours);
		act_inside(theirs, task);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "making a user namespace");
	}
	fd_drop(&theirs);
	rc = user_idmap_begin(&job, ids, pid, err);
	rc = user_idmap_finish(&job, ids, rc, err);
	if (rc == 0 && send(ours, "", 1, MSG_NOSIGNAL) != 1) {
		rc = err_errno(err, errno, "%s: its process", what);
	}
	fd_drop(&ours);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (rc == 0 && status != 0) {
		rc = err_errno(err, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR, "%s", what);
	}
	return rc;
}

/* ---- removing ---- */

static int remove_tree(const struct task *task)
{
	return cgroup_remove_tree(task->path);
}

int cgroup_remove_in_userns(const char *path, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct task task = { .act = remove_tree, .path = path };
	struct plan_ids ids;

	TRY(all_ids(&arena, &ids, err));
	return run_inside(&ids, &task, arena_printf(&arena, "removing the cgroup %s", path), err);
}

/* ---- moving a process ---- */

static int move_process(const struct task *task)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)task->pid);
	return cgroup_put(task->dir, "cgroup.procs", number);
}

int cgroup_move_in_userns(int dir, const char *path, pid_t pid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct task task = { .act = move_process, .dir = dir, .pid = pid };
	struct plan_ids ids;

	TRY(all_ids(&arena, &ids, err));
	return run_inside(&ids, &task,
			  arena_printf(&arena, "putting a process into the cgroup %s", path), err);
}

/* ---- giving ---- */

static int give(const struct task *task)
{
	struct err err;

	return sys_cgroup_give(task->dir, task->uid, &err);
}

/* The other side of an id in a map; false when it is not in there. */
static bool translate(const struct plan_extents *map, bool to_outside, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct plan_extent *e = &map->v[i];
		uint32_t from = to_outside ? e->inside : e->outside;

		if (id >= from && id - from < e->count) {
			*ret = (to_outside ? e->outside : e->inside) + (id - from);
			return true;
		}
	}
	return false;
}

int cgroup_give(const struct plan *plan, int dir, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct task task = { .act = give, .dir = dir };
	uint32_t ours, owner;
	struct plan_ids all;
	int rc;

	if (plan->ids.how == PLAN_IDS_NONE || translate(&plan->ids.uid, false, geteuid(), &ours) ||
	    !translate(&plan->ids.uid, true, plan->cgroup.uid, &owner)) {
		return 0;
	}
	rc = sys_cgroup_give(dir, owner, err);
	if (rc != -EPERM || geteuid() == 0) {
		return rc;
	}
	TRY(all_ids(&arena, &all, err));
	if (!translate(&all.uid, false, owner, &task.uid)) {
		return err_set(
			err, EPERM,
			"the container's cgroup can't be given to uid %u, which is not yours",
			owner);
	}
	return run_inside(&all, &task, "giving the container's cgroup to its user", err);
}
