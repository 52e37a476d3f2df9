/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program to its end: how it ended, what it got, and that nothing of it is left here. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "scratch.h"
#include "sys/clock.h"
#include "sys/spawn.h"

static const char *const environment[] = { "PATH=/usr/bin:/bin", "ONLY=this", NULL };

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir)) {
		n++;
	}
	closedir(dir);
	return n;
}

static int fds_before;

static int setup(void **unused)
{
	(void)unused;
	fds_before = open_fds();
	return 0;
}

/* After each test: as many descriptors as before, and no child, not even a dead one. */
static int teardown(void **unused)
{
	(void)unused;
	assert_int_equal(open_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static struct sys_spawn shell(const char *const argv[4])
{
	return (struct sys_spawn){
		.path = "/bin/sh", .argv = argv, .env = environment, .out = -1, .err = -1
	};
}

/* What `sh -c TEXT` says on stdout, for a spawn that may have been changed. */
static char *output_of(struct sys_spawn *s, char *buf, size_t size)
{
	scope_fd int out = memfd_create("out", MFD_CLOEXEC);
	struct sys_spawn_end end;
	ssize_t len;

	s->out = out;
	assert_int_equal(sys_spawn_wait(s, &end), 0);
	assert_int_equal(end.status, 0);
	len = pread(out, buf, size - 1, 0);
	assert_true(len >= 0);
	buf[len] = '\0';
	return buf;
}

#define SHELL(text)                                                                                \
	(const char *const[4])                                                                     \
	{                                                                                          \
		"sh", "-c", text, NULL                                                             \
	}

static int64_t seconds(void)
{
	return sys_now_ms() / 1000;
}

static void ends(void **unused)
{
	struct sys_spawn s = shell(SHELL("exit 0"));
	struct sys_spawn_end end;

	(void)unused;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_int_equal(end.status, 0);
	s = shell(SHELL("exit 7"));
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_true(WIFEXITED(end.status));
	assert_int_equal(WEXITSTATUS(end.status), 7);
	s = shell(SHELL("kill -TERM $$"));
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_true(WIFSIGNALED(end.status));
	assert_int_equal(WTERMSIG(end.status), SIGTERM);
	assert_false(end.timed_out);
	assert_string_equal(end.said, "");
}

static void times_out(void **unused)
{
	struct sys_spawn s = shell(SHELL("exec sleep 60"));
	struct sys_spawn_end end;
	int64_t begin = seconds();

	(void)unused;
	s.timeout = 1;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_true(end.timed_out);
	assert_int_equal(WTERMSIG(end.status), SIGKILL);
	assert_in_range(seconds() - begin, 1, 10);
}

/* One that never stops talking is no exception. */
static void times_out_while_talking(void **unused)
{
	struct sys_spawn s = shell(SHELL("exec yes word >&2"));
	struct sys_spawn_end end;
	int64_t begin = seconds();

	(void)unused;
	s.timeout = 1;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_true(end.timed_out);
	assert_in_range(seconds() - begin, 1, 10);
	assert_non_null(strstr(end.said, "word"));
}

/* 2^32 ms and a little: what poll's int would take for less than a second. */
static void long_timeout(void **unused)
{
	struct sys_spawn s = shell(SHELL("sleep 1.2"));
	struct sys_spawn_end end;

	(void)unused;
	s.timeout = 4294968;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_false(end.timed_out);
	assert_int_equal(end.status, 0);
}

/* What a program leaves behind may keep its stderr, silent or not: the program itself has ended. */
static void leaves_a_daemon(void **unused)
{
	static const char *const daemons[] = {
		"sleep 20 & echo $! ; echo said >&2",
		"yes noise >&2 & echo $! ; echo said >&2",
	};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		scope_fd int out = memfd_create("out", MFD_CLOEXEC);
		struct sys_spawn s = shell(SHELL(daemons[i]));
		struct sys_spawn_end end;
		int64_t begin = seconds();
		char pid[32] = "";

		s.out = out;
		assert_int_equal(sys_spawn_wait(&s, &end), 0);
		assert_in_range(seconds() - begin, 0, 10);
		assert_true(pread(out, pid, sizeof(pid) - 1, 0) > 0);
		kill((pid_t)strtol(pid, NULL, 10), SIGKILL);
		assert_int_equal(end.status, 0);
		if (i == 0) {
			assert_string_equal(end.said, "said ");
		}
	}
}

static void keeps_the_end_of_stderr(void **unused)
{
	struct sys_spawn s = shell(SHELL("echo one >&2; echo two >&2; exit 1"));
	struct sys_spawn_end end;

	(void)unused;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_string_equal(end.said, "one two ");
	/* Much more than a pipe holds. */
	s = shell(SHELL("echo first >&2; seq 1 60000 >&2; printf last-word >&2"));
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_int_equal(end.status, 0);
	assert_null(strstr(end.said, "first"));
	assert_null(strchr(end.said, '\n'));
	assert_non_null(strstr(end.said, "59999 60000 last-word"));
	assert_true(strlen(end.said) < sizeof(end.said));
}

static void own_stderr(void **unused)
{
	scope_fd int file = memfd_create("err", MFD_CLOEXEC);
	struct sys_spawn s = shell(SHELL("echo words >&2"));
	struct sys_spawn_end end;
	char buf[32] = "";

	(void)unused;
	s.err = file;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_string_equal(end.said, "");
	assert_true(pread(file, buf, sizeof(buf) - 1, 0) > 0);
	assert_string_equal(buf, "words\n");
}

static void can_not_be_executed(void **unused)
{
	struct sys_spawn s = shell(SHELL("true"));
	char folder[PATH_MAX], path[PATH_MAX + 8];
	struct sys_spawn_end end;
	struct err err;
	int fd;

	(void)unused;
	s.path = "/no/such/program";
	assert_int_equal(sys_spawn_wait(&s, &end), -ENOENT);
	assert_int_equal(sys_spawn_checked(&s, &err), -ENOENT);
	assert_string_equal(err.msg, "/no/such/program: No such file or directory");
	s.path = "/";
	assert_int_equal(sys_spawn_wait(&s, &end), -EACCES);
	assert_int_equal(scratch_make(folder), 0);
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	s.path = path;
	assert_int_equal(sys_spawn_wait(&s, &end), -EACCES);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(sys_spawn_wait(&s, &end), -ENOEXEC);
	unlink(path);
	rmdir(folder);
	s = shell(SHELL("true"));
	s.cwd = "/no/such/folder";
	assert_int_equal(sys_spawn_wait(&s, &end), -ENOENT);
}

static void gets_its_input(void **unused)
{
	struct sys_spawn s = shell(SHELL("cat"));
	scope_free char *big = malloc(300001);
	char buf[64];
	struct sys_spawn_end end;

	(void)unused;
	s.input = "{\"id\":\"x\"}";
	assert_string_equal(output_of(&s, buf, sizeof(buf)), s.input);
	s = shell(SHELL("cat; wc -c"));
	assert_string_equal(output_of(&s, buf, sizeof(buf)), "0\n");
	/* More than a pipe would hold, read whole or not at all. */
	assert_non_null(big);
	memset(big, 'x', 300000);
	big[300000] = '\0';
	s = shell(SHELL("wc -c"));
	s.input = big;
	assert_string_equal(output_of(&s, buf, sizeof(buf)), "300000\n");
	s = shell(SHELL("exit 0"));
	s.input = big;
	assert_int_equal(sys_spawn_wait(&s, &end), 0);
	assert_int_equal(end.status, 0);
}

static void gets_arguments_environment_and_folder(void **unused)
{
	struct sys_spawn s = shell((const char *const[4]){
		"my name", "-c", "echo \"$0\"; pwd; echo $ONLY$HOME", NULL });
	char buf[64];

	(void)unused;
	s.cwd = "/usr";
	assert_string_equal(output_of(&s, buf, sizeof(buf)), "my name\n/usr\nthis\n");
}

/* Our blocked signals and our ignored SIGPIPE are our own affair. */
static void gets_no_signal_settings(void **unused)
{
	struct sys_spawn s = shell(SHELL("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
	sigset_t some, before;
	char buf[128];

	(void)unused;
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigaddset(&some, SIGCHLD);
	sigprocmask(SIG_BLOCK, &some, &before);
	signal(SIGPIPE, SIG_IGN);
	output_of(&s, buf, sizeof(buf));
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_string_equal(buf, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void checked_says_how_it_ended(void **unused)
{
	struct sys_spawn s = shell(SHELL("exit 0"));
	struct err err = { .code = 0 };

	(void)unused;
	assert_int_equal(sys_spawn_checked(&s, &err), 0);
	s = shell(SHELL("echo bad luck >&2; exit 3"));
	assert_int_equal(sys_spawn_checked(&s, &err), -EIO);
	assert_non_null(strstr(err.msg, "/bin/sh exited with status 3: bad luck"));
	s = shell(SHELL("kill -SEGV $$"));
	assert_int_equal(sys_spawn_checked(&s, &err), -EIO);
	assert_string_equal(err.msg, "/bin/sh was killed by signal 11");
	s = shell(SHELL("echo wait >&2; exec sleep 60"));
	s.timeout = 1;
	assert_int_equal(sys_spawn_checked(&s, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.msg, "/bin/sh was killed after 1 second"));
	assert_non_null(strstr(err.msg, "wait"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends),
		TEST(times_out),
		TEST(times_out_while_talking),
		TEST(long_timeout),
		TEST(leaves_a_daemon),
		TEST(keeps_the_end_of_stderr),
		TEST(own_stderr),
		TEST(can_not_be_executed),
		TEST(gets_its_input),
		TEST(gets_arguments_environment_and_folder),
		TEST(gets_no_signal_settings),
		TEST(checked_says_how_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
