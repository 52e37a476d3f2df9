/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a container ended: the record's file, its lock, and the kernel's ways to tell of a process
 * that is no child.
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
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "state/exit.h"
#include "sys/clone.h"
#include "sys/exit.h"
#include "tests/unit/scratch.h"

static char dir[PATH_MAX];
static struct state_dir state_dir = { .fd = -1 };

static int setup(void **unused)
{
	(void)unused;
	if (scratch_make(dir) < 0) {
		return -1;
	}
	state_dir = (struct state_dir){ .fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					.root = dir,
					.id = "x" };
	return state_dir.fd < 0 ? -1 : 0;
}

static int teardown(void **unused)
{
	(void)unused;
	unlinkat(state_dir.fd, "exit", 0);
	close(state_dir.fd);
	return rmdir(dir);
}

static int open_record(void)
{
	return openat(state_dir.fd, "exit", O_RDONLY | O_CLOEXEC);
}

static void what_wait_says(void **unused)
{
	struct exit_record r = state_exit_of(0x2a00);

	(void)unused;
	assert_true(r.status == 42 && r.signal == 0);
	r = state_exit_of(9);
	assert_true(r.status == 137 && r.signal == 9);
	r = state_exit_of(11 | 0x80);
	assert_true(r.status == 139 && r.signal == 11);
	r = state_exit_of(0xff00);
	assert_true(r.status == 255 && r.signal == 0);
}

static void written_once_read_often(void **unused)
{
	const struct exit_record wrote = { .status = 143, .signal = 15 };
	struct exit_record read = { 0 };
	struct err err = { 0 };
	scope_fd int again = -1;
	scope_fd int fd = -1;

	(void)unused;
	assert_int_equal(state_exit_begin(&state_dir, &fd, &err), 0);
	/* Made by one only. */
	assert_int_equal(state_exit_begin(&state_dir, &again, &err), -EEXIST);
	again = open_record();
	assert_int_equal(flock(again, LOCK_SH | LOCK_NB), -1);
	assert_int_equal(state_exit_write(fd, &wrote), 0);
	fd_drop(&fd);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(state_exit_read(again, &read, &err), 0);
		assert_true(read.status == 143 && read.signal == 15);
	}
}

static void a_writer_that_is_killed(void **unused)
{
	struct exit_record read = { 0 };
	struct err err = { 0 };
	scope_fd int fd = -1;
	scope_fd int reader = -1;
	pid_t pid;

	(void)unused;
	assert_int_equal(state_exit_begin(&state_dir, &fd, &err), 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	/* The child's copy holds the lock. */
	fd_drop(&fd);
	reader = open_record();
	assert_int_equal(flock(reader, LOCK_SH | LOCK_NB), -1);
	kill(pid, SIGKILL);
	assert_int_equal(state_exit_read(reader, &read, &err), -ENODATA);
	waitpid(pid, NULL, 0);
}

static void damaged(void **unused)
{
	static const char *const bad[] = {
		"{",
		"[]",
		"{}",
		"{\"status\":256}",
		"{\"status\":-1}",
		"{\"status\":\"1\"}",
		"{\"status\":1,\"signal\":1000}",
		"x",
	};
	static const char later[] = "{\"status\":137,\"signal\":9,\"oom\":true}";
	struct exit_record read = { .status = 7 };
	struct err err = { 0 };
	scope_fd int fd = -1;

	(void)unused;
	assert_int_equal(state_exit_begin(&state_dir, &fd, &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		scope_fd int reader = -1;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, bad[i], strlen(bad[i]), 0), strlen(bad[i]));
		flock(fd, LOCK_UN);
		reader = open_record();
		assert_true(state_exit_read(reader, &read, &err) < 0);
		assert_non_null(strstr(err.msg, "damaged"));
		assert_int_equal(read.status, 7);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, later, strlen(later), 0), strlen(later));
	{
		scope_fd int reader = open_record();

		assert_int_equal(state_exit_read(reader, &read, &err), 0);
		assert_int_equal(read.status, 137);
	}
}

/* A zombie is not reaped by looking, and once it is, only the kernel's record is left. */
static void of_a_process(void **unused)
{
	const bool told = sys_exit_by_pidfd();
	scope_fd int pidfd = -1;
	int status = -1;
	pid_t pid = sys_clone(0, &pidfd);

	(void)unused;
	if (pid == 0) {
		_exit(42);
	}
	assert_int_equal(sys_exit_wait(pidfd, pid, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(sys_exit_wait(pidfd, pid, &status), 0);
	status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	status = -1;
	assert_int_equal(sys_exit_wait(pidfd, pid, &status), told ? 0 : -ESRCH);
	assert_true(!told || WEXITSTATUS(status) == 42);
	/* Its number stands for nobody, or for another: what is asked is the descriptor. */
	status = -1;
	assert_int_equal(sys_exit_wait(pidfd, getpid(), &status), told ? 0 : -ESRCH);
	assert_true(!told || WEXITSTATUS(status) == 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_wait_says),
		cmocka_unit_test_setup_teardown(written_once_read_often, setup, teardown),
		cmocka_unit_test_setup_teardown(a_writer_that_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test(of_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
