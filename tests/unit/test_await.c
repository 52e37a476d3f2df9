/* SPDX-License-Identifier: Apache-2.0 */
/* Waits of a process that has blocked the signals that would end it: they hear of them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "cgroup/dir.h"
#include "scratch.h"
#include "sys/await.h"
#include "sys/clock.h"

static int block(void **state)
{
	sigset_t set;

	(void)state;
	sigfillset(&set);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

static int all_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void test_signal(void **state)
{
	scope_fd int signals = all_signals();
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	/* With the caller's signalfd, and without one. */
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(sys_await_by(signals, ends[0]), SIGTERM);
	assert_int_equal(kill(getpid(), SIGINT), 0);
	assert_int_equal(sys_await_by(-1, ends[0]), SIGINT);
	assert_int_equal(kill(getpid(), SIGQUIT), 0);
	assert_int_equal(sys_await_fd(ends[0], POLLIN, -1), SIGQUIT);
	close(ends[0]);
	close(ends[1]);
}

static void test_others(void **state)
{
	scope_fd int signals = all_signals();
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	/* One that ends nobody is taken; what the caller had ignored, as nohup(1) does, too. */
	assert_int_equal(kill(getpid(), SIGWINCH), 0);
	assert_ptr_not_equal(signal(SIGHUP, SIG_IGN), SIG_ERR);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(sys_await_by(signals, ends[0]), SIGTERM);
	assert_ptr_not_equal(signal(SIGHUP, SIG_DFL), SIG_ERR);
	/* It may be why the other side has something to say. */
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(sys_await_by(signals, ends[0]), SIGTERM);
	assert_int_equal(sys_await_by(signals, ends[0]), 0);
	assert_int_equal(sys_await_by(-1, ends[0]), 0);
	close(ends[0]);
	close(ends[1]);
}

static void test_cgroup(void **state)
{
	char path[PATH_MAX];
	scope_fd int dir = -1, file = -1;
	int64_t begin = sys_now_ms();

	(void)state;
	assert_int_equal(scratch_make(path), 0);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = openat(dir, "cgroup.events", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(file, "populated 1\nfrozen 0\n", 21), 21);
	assert_int_equal(cgroup_wait_event(dir, "populated", 1, 10000), 0);
	assert_int_equal(cgroup_wait_event(dir, "populated", 0, 20), -ETIMEDOUT);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(cgroup_wait_event(dir, "populated", 0, 10000), -EINTR);
	assert_in_range(sys_now_ms() - begin, 0, 5000);
	assert_int_equal(unlinkat(dir, "cgroup.events", 0), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_signal, block),
		cmocka_unit_test_setup(test_others, block),
		cmocka_unit_test_setup(test_cgroup, block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
