/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes into a container's namespaces can't be looked into there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libnet/inside.h"
#include "sys/sock.h"

enum { CANNOT = 77 };

/* What it returns, in a process of its own that was dumpable before. */
static int in_child(int (*what)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int enter(void)
{
	if (net_inside_enter(-1, -1) < 0) {
		return CANNOT;
	}
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static void not_dumpable_inside(void **state)
{
	(void)state;
	assert_int_equal(in_child(enter), 0);
}

static int ask(const void *arg, int *fds)
{
	(void)arg;
	fds[0] = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int make(void)
{
	int netns, dumpable = -1;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		return CANNOT;
	}
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return sys_make_in(-1, netns, ask, NULL, &dumpable, 1) < 0 ? 3 : dumpable;
}

static void not_dumpable_while_it_makes(void **state)
{
	int dumpable = in_child(make);

	(void)state;
	if (dumpable == CANNOT) {
		skip();
	}
	assert_int_equal(dumpable, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_dumpable_inside),
		cmocka_unit_test(not_dumpable_while_it_makes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
