/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/cgroup_userns: removing cgroups that belong to subordinate ids.
 *
 * A container to which its cgroup was given makes others in it, under ids that are the user's but not the user. By itself the
 * user can't remove those; root of a user namespace that holds all of the user's ids can.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "host/cgroup_internal.h"
#include "host/facts.h"
#include "host/idmap.h"
#include "plan/build.h"
#include "sys/clone.h"

/* Every id that the user has, as a container without mappings of its own would get them. */
static int all_ids(struct arena *arena, struct plan_ids *ret, struct err *err)
{
	struct spec_namespace user = { .type = CLONE_NEWUSER };
	struct spec_linux lin = { .namespaces = { .v = &user, .n = 1 } };
	struct spec_root root = { .path = "/" };
	struct spec spec = { .oci_version = SPEC_VERSION, .root = &root, .linux_ = &lin };
	struct plan_options options = { .id = "cgroup", .bundle = "/", .cgroup_manager = PLAN_CGROUP_DISABLED };
	struct facts facts;
	struct plan *plan;

	TRY(host_facts(arena, &spec, &facts, err));
	TRY(plan_build(arena, &spec, &facts, &options, &plan, err));
	*ret = plan->ids;
	return 0;
}

/* In the child: waits for its ids, becomes root of the namespace, removes. The exit status is the errno. */
static _Noreturn void remove_inside(int go, const char *path)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (read(go, &byte, 1) != 1) {
		_exit(EINTR);
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
		_exit(errno);
	}
	_exit(-host_cgroup_remove_tree(path));
}

int host_cgroup_remove_in_userns(const char *path, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_ids ids;
	struct idmap_job job;
	int pair[2], status = 0, rc;
	pid_t pid;

	TRY(all_ids(&arena, &ids, err));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		return err_errno(err, errno, "socketpair");
	}
	scope_fd int ours = pair[0];
	scope_fd int theirs = pair[1];

	pid = sys_clone(CLONE_NEWUSER, NULL);
	if (pid == 0) {
		fd_drop(&ours);
		remove_inside(theirs, path);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "making a user namespace");
	}
	fd_drop(&theirs);
	rc = host_idmap_begin(&job, &ids, pid, err);
	rc = host_idmap_finish(&job, &ids, rc, err);
	if (rc == 0 && send(ours, "", 1, MSG_NOSIGNAL) != 1) {
		rc = err_errno(err, errno, "the process that removes the cgroup");
	}
	fd_drop(&ours);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (rc == 0 && status != 0) {
		rc = err_errno(err, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR, "removing the cgroup %s", path);
	}
	return rc;
}
