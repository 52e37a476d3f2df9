/* SPDX-License-Identifier: Apache-2.0 */
/* From a profile to a filter: compiled, loaded in a child of ours, and asked. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "plan/filter.h"
#include "spec/load.h"

/* Decodes a profile by the way that a bundle takes. */
static const struct spec_seccomp *profile(struct arena *arena, const char *json)
{
	const char *text = arena_printf(
		arena,
		"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":%s}}",
		json);
	struct spec *spec;
	struct err err;

	if (spec_load(arena, text, strlen(text), &spec, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return spec->linux_->seccomp;
}

static int compile(const char *json, int *ret_fd)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct err err;

	*ret_fd = memfd_create("filter", MFD_CLOEXEC);
	assert_true(*ret_fd >= 0);
	if (plan_filter_compile(profile(&arena, json), false, *ret_fd, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return 0;
}

/*
 * The status of a child that makes one system call under the filter: it exits with the call's
 * errno, or 0.
 */
static int ask(const char *json, long number, long a, long b)
{
	scope_fd int fd = -1;
	struct stat st;
	struct sock_fprog program;
	int status = 0;
	pid_t pid;

	compile(json, &fd);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 0 && st.st_size % (off_t)sizeof(struct sock_filter) == 0);
	program.len = (unsigned short)((size_t)st.st_size / sizeof(struct sock_filter));
	program.filter = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(program.filter, MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		/* cmocka's handler would go on with the tests. */
		signal(SIGSYS, SIG_DFL);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
			_exit(255);
		}
		syscall(SYS_exit_group, syscall(number, a, b, 0, 0, 0, 0) < 0 ? errno : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	munmap(program.filter, (size_t)st.st_size);
	return status;
}

/* A call that is answered with errno code, or 0 for none. */
#define GIVES(code) ((code) << 8)

static void denies_and_allows(void **unused)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getppid\"],"
		"\"action\":\"SCMP_ACT_ERRNO\"},{\"names\":[\"getpgid\"],\"action\":\"SCMP_ACT_"
		"ERRNO\",\"errnoRet\":95},{\"names\":[\"getsid\"],\"action\":\"SCMP_ACT_KILL_"
		"PROCESS\"},{\"names\":[\"umask\"],\"action\":\"SCMP_ACT_LOG\"}]}";
	int status;

	(void)unused;
	assert_int_equal(ask(json, SYS_getuid, 0, 0), 0);
	assert_int_equal(ask(json, SYS_getppid, 0, 0), GIVES(EPERM));
	assert_int_equal(ask(json, SYS_getpgid, 0, 0), GIVES(EOPNOTSUPP));
	assert_int_equal(ask(json, SYS_umask, 022, 0), 0);
	status = ask(json, SYS_getsid, 0, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* Each action by what becomes of who makes the call. */
static void actions(void **unused)
{
	static const struct {
		const char *action;
		int status; /* of waitpid(2), without the core bit */
	} cases[] = {
		{ "KILL", SIGSYS },
		{ "KILL_THREAD", SIGSYS },
		{ "KILL_PROCESS", SIGSYS },
		{ "TRAP", SIGSYS },
		{ "ERRNO", GIVES(EPERM) },
		{ "TRACE", GIVES(ENOSYS) },
		{ "NOTIFY", GIVES(ENOSYS) },
		{ "ALLOW", 0 },
		{ "LOG", 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		const char *json = arena_printf(&arena,
						"{\"defaultAction\":\"SCMP_ACT_ALLOW\","
						"\"syscalls\":[{\"names\":[\"getppid\"],"
						"\"action\":\"SCMP_ACT_%s\"}]}",
						cases[i].action);

		if ((ask(json, SYS_getppid, 0, 0) & ~0x80) != cases[i].status) {
			fail_msg("%s", cases[i].action);
		}
	}
}

/* Bytes of the program; what is the same program has the same number. */
static size_t size_of(const char *architectures)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_fd int fd = -1;
	struct stat st;

	compile(arena_printf(
			&arena,
			"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[%s],"
			"\"syscalls\":[{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
			architectures),
		&fd);
	assert_int_equal(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

/* One that the library does not know, or that can't run here, hides none behind it. */
static void architectures_add_up(void **unused)
{
#if defined(__x86_64__)
	size_t other = size_of("\"SCMP_ARCH_X86\"");

	(void)unused;
	assert_true(other > size_of(""));
	assert_int_equal(size_of("\"SCMP_ARCH_SH\",\"SCMP_ARCH_X86\""), other);
	assert_int_equal(size_of("\"SCMP_ARCH_S390X\",\"SCMP_ARCH_X86\""), other);
	assert_int_equal(size_of("\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\""),
			 other);
#else
	(void)unused;
	assert_int_equal(size_of("\"SCMP_ARCH_SH\""), size_of(""));
#endif
}

static void default_action(void **unused)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[{"
		"\"names\":[\"exit_group\",\"getuid\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":["
		"\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},{\"names\":["
		"\"getgid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}";

	(void)unused;
	assert_int_equal(ask(json, SYS_getuid, 0, 0), 0);
	assert_int_equal(ask(json, SYS_getppid, 0, 0), GIVES(ENOSYS));
	assert_int_equal(ask(json, SYS_getgid, 0, 0), GIVES(EPERM));
	assert_int_equal(ask(json, SYS_getpgid, 0, 0), GIVES(ENOSYS));
}

static int ask_personality(const char *args, long value)
{
	scope_arena struct arena arena = ARENA_INIT;

	return ask(arena_printf(&arena,
				"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
				"\"personality\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":95,"
				"\"args\":[%s]}]}",
				args),
		   SYS_personality, value, 0);
}

/* Values that personality(2) takes without complaint. */
static void operators(void **unused)
{
	static const struct {
		const char *op;
		int below, at, above; /* is the call denied for 7, 8, 9? */
	} cases[] = {
		{ "NE", 1, 0, 1 }, { "LT", 1, 0, 0 }, { "LE", 1, 1, 0 },
		{ "EQ", 0, 1, 0 }, { "GE", 0, 1, 1 }, { "GT", 0, 0, 1 },
	};
	static const char masked[] =
		"{\"index\":0,\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":12,\"valueTwo\":4}";

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		const char *args = arena_printf(
			&arena, "{\"index\":0,\"op\":\"SCMP_CMP_%s\",\"value\":8}", cases[i].op);

		assert_int_equal(ask_personality(args, 7), cases[i].below ? GIVES(EOPNOTSUPP) : 0);
		assert_int_equal(ask_personality(args, 8), cases[i].at ? GIVES(EOPNOTSUPP) : 0);
		assert_int_equal(ask_personality(args, 9), cases[i].above ? GIVES(EOPNOTSUPP) : 0);
	}
	/* value is the mask, valueTwo what must be left of the argument. */
	assert_int_equal(ask_personality(masked, 4), GIVES(EOPNOTSUPP));
	assert_int_equal(ask_personality(masked, 7), GIVES(EOPNOTSUPP));
	assert_int_equal(ask_personality(masked, 12), 0);
	assert_int_equal(ask_personality(masked, 8), 0);
}

/*
 * Conditions on different arguments are "and"; on the same one, which libseccomp can't in one rule,
 * "or".
 */
static void several_conditions(void **unused)
{
	static const char same[] = "{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":7},{\"index\":0,"
				   "\"op\":\"SCMP_CMP_EQ\",\"value\":9}";
	static const char both[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"kill\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":95,\"args\":[{\"index\":0,\"op\":"
		"\"SCMP_CMP_EQ\",\"value\":2147483647},{\"index\":1,\"op\":\"SCMP_CMP_EQ\","
		"\"value\":0}]}]}";

	(void)unused;
	assert_int_equal(ask_personality(same, 7), GIVES(EOPNOTSUPP));
	assert_int_equal(ask_personality(same, 8), 0);
	assert_int_equal(ask_personality(same, 9), GIVES(EOPNOTSUPP));
	assert_int_equal(ask(both, SYS_kill, INT32_MAX, 0), GIVES(EOPNOTSUPP));
	assert_int_equal(ask(both, SYS_kill, INT32_MAX, SIGCONT), GIVES(ESRCH));
	assert_int_equal(ask(both, SYS_kill, INT32_MAX - 1, 0), GIVES(ESRCH));
	/* The same argument again behind another one. */
	assert_int_equal(
		ask_personality("{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":7},{\"index\":1,"
				"\"op\":\"SCMP_CMP_EQ\",\"value\":5},{\"index\":0,\"op\":"
				"\"SCMP_CMP_EQ\",\"value\":9}",
				9),
		GIVES(EOPNOTSUPP));
	/* One for each argument that a call has. */
	for (int last = 0; last < 2; last++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct text six;

		text_init(&six, &arena);
		for (int i = 0; i < 6; i++) {
			text_add(&six, "%s{\"index\":%d,\"op\":\"SCMP_CMP_EQ\",\"value\":%d}",
				 i ? "," : "", i, i == 5 ? last : 0);
		}
		assert_int_equal(ask_personality(six.s, 0), last ? 0 : GIVES(EOPNOTSUPP));
	}
}

/*
 * Of another machine, younger than the library, named twice: all that a profile for every machine
 * has.
 */
static void architectures(void **unused)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\",\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\","
		"\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_RISCV64\",\"SCMP_ARCH_LOONGARCH64\",\"SCMP_ARCH_"
		"S390X\",\"SCMP_ARCH_PPC64LE\",\"SCMP_ARCH_M68K\",\"SCMP_ARCH_SH\"],\"syscalls\":[{"
		"\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";

	(void)unused;
	assert_int_equal(ask(json, SYS_getppid, 0, 0), GIVES(EPERM));
	assert_int_equal(ask(json, SYS_getuid, 0, 0), 0);
}

static void unknown_calls(void **unused)
{
	static const char json[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"no_such_call\","
		"\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";
	scope_arena struct arena arena = ARENA_INIT;
	scope_fd int fd = memfd_create("filter", MFD_CLOEXEC);
	struct err err;

	(void)unused;
	assert_int_equal(ask(json, SYS_getppid, 0, 0), GIVES(EPERM));
	assert_int_equal(plan_filter_compile(profile(&arena, json), true, fd, &err), -EINVAL);
	assert_string_equal(
		err.msg,
		"/linux/seccomp/syscalls/0/names/0: no system call \"no_such_call\" is known");
}

static void errors(void **unused)
{
	static const char json[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}";
	scope_arena struct arena arena = ARENA_INIT;
	struct err err;

	(void)unused;
	assert_true(plan_filter_compile(profile(&arena, json), false, -1, &err) < 0);
	assert_non_null(strstr(err.msg, "/linux/seccomp"));
}

static void says_whether_it_notifies(void **unused)
{
	scope_arena struct arena arena = ARENA_INIT;

	(void)unused;
	assert_false(plan_filter_notifies(profile(
		&arena,
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/"
		"x\",\"syscalls\":[{\"names\":[\"umask\"],\"action\":\"SCMP_ACT_ERRNO\"}]}")));
	assert_true(plan_filter_notifies(
		profile(&arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
				"\"umask\"],\"action\":\"SCMP_ACT_ERRNO\"},{\"names\":[\"mkdir\"],"
				"\"action\":\"SCMP_ACT_NOTIFY\"}]}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denies_and_allows),
		cmocka_unit_test(actions),
		cmocka_unit_test(architectures_add_up),
		cmocka_unit_test(default_action),
		cmocka_unit_test(operators),
		cmocka_unit_test(several_conditions),
		cmocka_unit_test(architectures),
		cmocka_unit_test(unknown_calls),
		cmocka_unit_test(errors),
		cmocka_unit_test(says_whether_it_notifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
