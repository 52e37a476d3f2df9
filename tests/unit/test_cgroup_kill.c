/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of all processes of a cgroup on a kernel without cgroup.kill (before Linux 5.14), in a
 * tree that looks like one: a number that is another process's by now is not killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "cgroup/processes.h"
#include "scratch.h"
#include "sys/clone.h"

static char path[PATH_MAX];
static struct cgroup cgroup = { .manager = PLAN_CGROUP_FS, .path = "" };
/* Whether all have left the cgroup when the first of them is held. */
static bool leave;

static void put(const char *name, const char *text)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_fd int fd = open(arena_printf(&arena, "%s/%s", path, name),
			       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

int __real_sys_pidfd_open(pid_t pid);
int __wrap_sys_pidfd_open(pid_t pid);

int __wrap_sys_pidfd_open(pid_t pid)
{
	if (leave) {
		put("cgroup.procs", "");
	}
	return __real_sys_pidfd_open(pid);
}

static int set_up(void **state)
{
	(void)state;
	if (scratch_make(path) < 0) {
		return -1;
	}
	cgroup.mount = path;
	put("cgroup.freeze", "0\n");
	put("cgroup.events", "populated 1\nfrozen 1\n");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "cgroup.freeze", "cgroup.events", "cgroup.procs" };
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)unlink(arena_printf(&arena, "%s/%s", path, files[i]));
	}
	return rmdir(path);
}

/* Lists n children that wait for ever, and kills the cgroup. How many has that ended? */
static size_t killed_of(size_t n)
{
	scope_arena struct arena arena = ARENA_INIT;
	pid_t *pids = arena_array(&arena, n, sizeof(*pids));
	size_t killed = 0;
	struct text list;
	struct err err;

	text_init(&list, &arena);
	for (size_t i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (;;) {
				pause();
			}
		}
		assert_true(pids[i] > 0);
		text_add(&list, "%d\n", (int)pids[i]);
	}
	put("cgroup.procs", list.s);
	assert_int_equal(cgroup_kill(&cgroup, &err), 0);
	for (size_t i = 0; i < n; i++) {
		int status = 0;

		(void)kill(pids[i], SIGTERM);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status));
		killed += WTERMSIG(status) == SIGKILL;
	}
	return killed;
}

static void all_are_killed(void **state)
{
	(void)state;
	leave = false;
	assert_int_equal(killed_of(1), 1);
	assert_int_equal(killed_of(300), 300);
}

static void who_has_left_is_not_killed(void **state)
{
	(void)state;
	leave = true;
	assert_int_equal(killed_of(3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_killed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_has_left_is_not_killed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
