/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option parser: every way in which runc's and crun's callers write options, and the errors
 * they look for.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/cmd.h"

static const struct cmd_option options[] = {
	{ "bundle", 'b', "DIR", "a value", CMD_USED },
	{ "detach", 'd', NULL, "a flag", CMD_USED },
	{ "tty", 't', NULL, "a flag", CMD_USED },
	{ "no-subreaper", 0, NULL, "a flag", CMD_IGNORED },
	{ "preserve-fds", 0, "N", "a number", CMD_USED },
	CMD_OPTIONS_END,
};

static const struct cmd command = {
	.name = "create",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
};

static const struct cmd tailed = {
	.name = "exec",
	.arguments = "CONTAINER COMMAND...",
	.options = options,
	.min_args = 1,
	.max_args = UINT_MAX,
	.free_tail = true,
};

static struct arena arena;
static struct cmd_args args;
static struct err err;

/* Parses a NULL-terminated list, copied as main's argv is: writable. */
static int parse(const struct cmd *cmd, const char *const *list)
{
	char **argv;
	size_t n = 0;

	while (list[n]) {
		n++;
	}
	argv = arena_array(&arena, n + 1, sizeof(*argv));
	for (size_t i = 0; i < n; i++) {
		argv[i] = arena_strdup(&arena, list[i]);
	}
	return cmd_parse_command(&arena, cmd, argv, &args, &err);
}

#define PARSE(cmd, ...) parse(cmd, (const char *const[]){ __VA_ARGS__, NULL })

static int reset(void **unused)
{
	(void)unused;
	arena_done(&arena);
	memset(&args, 0, sizeof(args));
	memset(&err, 0, sizeof(err));
	return 0;
}

static void long_options(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "--bundle", "/a", "--detach", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/a");
	assert_true(cmd_flag(&args, "detach"));
	assert_false(cmd_flag(&args, "tty"));
	assert_string_equal(args.v[0], "id");
	assert_int_equal(PARSE(&command, "--bundle=/a=b", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/a=b");
}

static void single_dash_long_options(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "-no-subreaper", "-bundle", "/a", "-detach=true", "id"),
			 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/a");
	assert_true(cmd_flag(&args, "no-subreaper"));
	assert_true(cmd_flag(&args, "detach"));
}

static void short_options(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "-dt", "-b", "/a", "id"), 0);
	assert_true(cmd_flag(&args, "detach"));
	assert_true(cmd_flag(&args, "tty"));
	assert_string_equal(cmd_value(&args, "bundle"), "/a");
	assert_int_equal(PARSE(&command, "-b/x", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/x");
	assert_int_equal(PARSE(&command, "-dtb/y", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/y");
	assert_int_equal(PARSE(&command, "-b=/z", "-t=false", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/z");
	assert_false(cmd_flag_or(&args, "tty", true));
}

static void flags_take_booleans(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "--tty=false", "--detach=1", "id"), 0);
	assert_false(cmd_flag(&args, "tty"));
	assert_false(cmd_flag_or(&args, "tty", true));
	assert_true(cmd_flag(&args, "detach"));
	assert_int_equal(PARSE(&command, "--tty=maybe", "id"), -EINVAL);
	assert_non_null(strstr(err.msg, "--tty=maybe"));
}

static void the_last_one_wins(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "-b", "/a", "id", "--bundle=/b", "--tty", "--tty=false"),
			 0);
	assert_string_equal(cmd_value(&args, "bundle"), "/b");
	assert_false(cmd_flag(&args, "tty"));
	assert_int_equal(args.n_given, 4);
}

static void an_empty_value_counts_as_absent(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "--bundle", "", "id"), 0);
	assert_null(cmd_value(&args, "bundle"));
}

static void a_value_may_look_like_an_option(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "--bundle", "-", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "-");
	assert_int_equal(PARSE(&command, "-b", "--detach", "id"), 0);
	assert_string_equal(cmd_value(&args, "bundle"), "--detach");
}

static void options_may_follow_arguments(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "id", "--detach"), 0);
	assert_true(cmd_flag(&args, "detach"));
	assert_int_equal(PARSE(&command, "--", "-d"), 0);
	assert_string_equal(args.v[0], "-d");
	assert_false(cmd_flag(&args, "detach"));
}

static void a_free_tail_is_left_alone(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&tailed, "-t", "id", "-d", "--help", "--"), 0);
	assert_true(cmd_flag(&args, "tty"));
	assert_false(cmd_flag(&args, "detach"));
	assert_false(args.help);
	assert_int_equal(args.n, 4);
	assert_string_equal(args.v[1], "-d");
	assert_string_equal(args.v[3], "--");
	assert_null(args.v[4]);
}

static void unknown_options(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "--foo", "id"), -EINVAL);
	assert_string_equal(err.msg, "create: unknown option --foo; see \"rootlet create --help\"");
	assert_int_equal(PARSE(&command, "--foo=bar", "id"), -EINVAL);
	assert_non_null(strstr(err.msg, "unknown option --foo;"));
	assert_int_equal(PARSE(&command, "-dx", "id"), -EINVAL);
	assert_non_null(strstr(err.msg, "unknown option -x;"));
	assert_int_equal(PARSE(&command, "--bund=/a", "id"), -EINVAL);
}

static void missing_values(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, "id", "--bundle"), -EINVAL);
	assert_non_null(strstr(err.msg, "requires an argument"));
	assert_int_equal(PARSE(&command, "id", "-b"), -EINVAL);
	assert_non_null(strstr(err.msg, "--bundle requires an argument"));
}

static void numbers_of_arguments(void **unused)
{
	(void)unused;
	assert_int_equal(PARSE(&command, NULL), -EINVAL);
	assert_non_null(strstr(err.msg, "\"create\" requires exactly 1 argument: CONTAINER"));
	assert_int_equal(PARSE(&command, "a", "b"), -EINVAL);
	assert_non_null(strstr(err.msg, "requires exactly 1 argument"));
	assert_int_equal(PARSE(&tailed, NULL), -EINVAL);
	assert_non_null(strstr(err.msg, "\"exec\" requires at least 1 argument"));
}

static void help_needs_no_arguments(void **unused)
{
	static const char *const ways[] = { "--help", "-help", "-h", "-?" };

	(void)unused;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		assert_int_equal(PARSE(&command, ways[i]), 0);
		assert_true(args.help);
	}
}

static void numbers(void **unused)
{
	int n = 7;

	(void)unused;
	assert_int_equal(PARSE(&command, "id"), 0);
	assert_int_equal(cmd_number(&args, "preserve-fds", 100, &n, &err), 0);
	assert_int_equal(n, 7);
	assert_int_equal(PARSE(&command, "--preserve-fds", "12", "id"), 0);
	assert_int_equal(cmd_number(&args, "preserve-fds", 100, &n, &err), 0);
	assert_int_equal(n, 12);
	assert_int_equal(PARSE(&command, "--preserve-fds=-1", "id"), 0);
	assert_int_equal(cmd_number(&args, "preserve-fds", 100, &n, &err), -EINVAL);
	assert_int_equal(PARSE(&command, "--preserve-fds=101", "id"), 0);
	assert_int_equal(cmd_number(&args, "preserve-fds", 100, &n, &err), -EINVAL);
	assert_string_equal(err.msg, "--preserve-fds: `101` is not a number from 0 to 100");
	assert_int_equal(n, 12);
}

/* The real tables: nothing twice, nothing without its help, and no option that hides --help. */
static void check_table(const struct cmd_option *table)
{
	for (const struct cmd_option *o = table; o->name; o++) {
		assert_false(str_eq(o->name, "help"));
		assert_false(o->letter == 'h' || o->letter == '?');
		for (const struct cmd_option *other = o + 1; other->name; other++) {
			assert_false(o->letter && o->letter == other->letter);
			assert_true(!str_eq(o->name, other->name) || !other->help);
		}
	}
}

static void tables_are_sound(void **unused)
{
	(void)unused;
	check_table(cmd_global_options);
	for (size_t i = 0; cmd_table[i]; i++) {
		struct text help;

		assert_ptr_equal(cmd_find(cmd_table[i]->name), cmd_table[i]);
		assert_true(cmd_table[i]->min_args <= cmd_table[i]->max_args);
		check_table(cmd_table[i]->options);
		text_init(&help, &arena);
		cmd_help(&help, cmd_table[i]);
		for (const struct cmd_option *o = cmd_table[i]->options; o->name; o++) {
			assert_non_null(strstr(help.s, o->name));
		}
	}
	assert_null(cmd_find("no-such-command"));
}

static void targets_are_sound(void **unused)
{
	(void)unused;
	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *cmd = cmd_table[i];

		assert_int_equal(cmd->target != CMD_TARGET_NONE,
				 strstr(cmd->arguments, "CONTAINER") != NULL);
		assert_true(cmd->target == CMD_TARGET_NONE || cmd->target_at < cmd->min_args);
		/* What wants one status has words for the others (container_demand). */
		assert_true(cmd->want.cannot || cmd->want.tells_why || cmd->want.status == 0 ||
			    cmd->want.status == CONTAINER_ALIVE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(long_options, reset),
		cmocka_unit_test_setup(single_dash_long_options, reset),
		cmocka_unit_test_setup(short_options, reset),
		cmocka_unit_test_setup(flags_take_booleans, reset),
		cmocka_unit_test_setup(the_last_one_wins, reset),
		cmocka_unit_test_setup(an_empty_value_counts_as_absent, reset),
		cmocka_unit_test_setup(a_value_may_look_like_an_option, reset),
		cmocka_unit_test_setup(options_may_follow_arguments, reset),
		cmocka_unit_test_setup(a_free_tail_is_left_alone, reset),
		cmocka_unit_test_setup(unknown_options, reset),
		cmocka_unit_test_setup(missing_values, reset),
		cmocka_unit_test_setup(numbers_of_arguments, reset),
		cmocka_unit_test_setup(help_needs_no_arguments, reset),
		cmocka_unit_test_setup(numbers, reset),
		cmocka_unit_test_setup(tables_are_sound, reset),
		cmocka_unit_test_setup(targets_are_sound, reset),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_done(&arena);
	return failed;
}
