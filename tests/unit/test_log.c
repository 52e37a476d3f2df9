/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log files: one JSON object a line whatever the message holds, and nothing but the error on
 * success paths.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/scope.h"
#include "tests/unit/scratch.h"

static char dir[PATH_MAX];
static char file[PATH_MAX + 8];
static char content[16384];

static int setup(void **unused)
{
	(void)unused;
	if (scratch_make(dir) < 0) {
		return -1;
	}
	snprintf(file, sizeof(file), "%s/log", dir);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	unlink(file);
	return rmdir(dir);
}

/* The error goes to stderr as well: not into the test's output. */
static void quiet_error(const struct err *err)
{
	scope_fd int saved = dup(STDERR_FILENO);
	scope_fd int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	log_error(err);
	dup2(saved, STDERR_FILENO);
}

static const char *slurp(void)
{
	scope_file FILE *f = fopen(file, "r");
	size_t n;

	assert_non_null(f);
	n = fread(content, 1, sizeof(content) - 1, f);
	content[n] = '\0';
	return content;
}

static void json_is_escaped(void **unused)
{
	struct err err = { .code = EINVAL };
	const char *want = "{\"level\":\"error\",\"msg\":\"a \\\"b\\\" \\\\ "
			   "c\\nd\\te\\u001b\\ufffdf \xc3\xa4 \\ufffd\\ufffd\",\"time\":\"20";
	const char *got;
	struct stat st;

	(void)unused;
	assert_int_equal(log_open(file, LOG_JSON, LOG_LEVEL_WARNING, &err), 0);
	assert_false(log_notes_wanted());
	log_warning("not seen");
	strcpy(err.msg, "a \"b\" \\ c\nd\te\x1b\xff"
			"f \xc3\xa4 \xc0\x80");
	quiet_error(&err);
	got = slurp();
	assert_memory_equal(got, want, strlen(want));
	assert_string_equal(got + strlen(got) - 4, "Z\"}\n");
	assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	strcpy(err.msg, "\xc2\x9b\xe2\x80\xae");
	quiet_error(&err);
	assert_non_null(strstr(slurp(), "\"msg\":\"\\u009b\\u202e\""));
}

static void the_longest_message_fits(void **unused)
{
	struct err err = { .code = EINVAL };
	const char *got;

	(void)unused;
	assert_int_equal(log_open(file, LOG_JSON, LOG_LEVEL_WARNING, &err), 0);
	memset(err.msg, 1, sizeof(err.msg) - 1);
	err.msg[sizeof(err.msg) - 1] = '\0';
	quiet_error(&err);
	got = slurp();
	assert_string_equal(got + strlen(got) - 4, "Z\"}\n");
}

static void text_stays_one_line(void **unused)
{
	struct err err = { .code = EINVAL, .msg = "a\nb\x1b[2Jc" };
	const char *got;

	(void)unused;
	assert_int_equal(log_open(file, LOG_TEXT, LOG_LEVEL_WARNING, &err), 0);
	assert_true(log_notes_wanted());
	log_debug("not seen");
	quiet_error(&(struct err){ .code = EINVAL, .msg = "a\nb\x1b[2Jc" });
	got = slurp();
	assert_non_null(strstr(got, "Z rootlet: error: a b?[2Jc\n"));
	log_warning("w%d", 1);
	assert_non_null(strstr(slurp(), "Z rootlet: warning: w1\n"));
	/* CSI of eight bits, as UTF-8 and alone; the right-to-left override. */
	log_warning("a\xc2\x9b"
		    "2Jb\x9b"
		    "c\xe2\x80\xae"
		    "d\xc3\xa4\xc2\xa0");
	assert_non_null(strstr(slurp(), "warning: a?2Jb?c?d\xc3\xa4\xc2\xa0\n"));
}

static void targets(void **unused)
{
	char with_scheme[PATH_MAX + 16];
	struct err err;

	(void)unused;
	snprintf(with_scheme, sizeof(with_scheme), "file:%s", file);
	assert_int_equal(log_open(with_scheme, LOG_TEXT, LOG_LEVEL_WARNING, &err), 0);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(log_open("/nowhere/log", LOG_TEXT, LOG_LEVEL_WARNING, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nowhere/log"));
	assert_int_equal(log_open("journald:", LOG_TEXT, LOG_LEVEL_WARNING, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "identifier"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(json_is_escaped, setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_message_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(text_stays_one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(targets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
