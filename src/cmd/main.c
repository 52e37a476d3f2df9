/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/main: global options, the command, and the one place that prints an error. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "cmd/cmd.h"
#include "commit.h"
#include "host/self.h"
#include "spec/spec.h"

static const struct name log_formats[] = {
	{ "text", LOG_TEXT },
	{ "json", LOG_JSON },
	NAMES_END,
};

static const struct name log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "debug", LOG_LEVEL_DEBUG },
	NAMES_END,
};

/*
 * Else the next file to be opened would become our output, or the container's. Returns whether
 * there is a stdout.
 */
static bool fill_standard_fds(void)
{
	bool has_stdout = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		close(fd);
	}
	return has_stdout;
}

static int open_log(const struct cmd_args *globals, struct err *err)
{
	const char *format_text = cmd_value_or(globals, "log-format", "text");
	const char *level_text = cmd_value_or(globals, "log-level", "warning");
	const struct name *format = names_find(log_formats, format_text);
	const struct name *level = names_find(log_levels, level_text);

	if (!format) {
		return err_set(err, EINVAL, "--log-format: `%s` is not known: text or json",
			       format_text);
	}
	if (!level) {
		return err_set(err, EINVAL,
			       "--log-level: `%s` is not known: error, warning or debug",
			       level_text);
	}
	return log_open(cmd_value(globals, "log"), (enum log_format)format->value,
			cmd_flag(globals, "debug") ? LOG_LEVEL_DEBUG : (enum log_level)level->value,
			err);
}

static int check_globals(const struct cmd_args *globals, struct err *err)
{
	const char *manager = cmd_value(globals, "cgroup-manager");
	const char *limits = cmd_value(globals, "limits");

	if (manager && !names_find(cmd_cgroup_managers, manager)) {
		return err_set(
			err, EINVAL,
			"--cgroup-manager: `%s` is not known: auto, systemd, cgroupfs or disabled",
			manager);
	}
	if (limits && !str_eq(limits, "strict") && !str_eq(limits, "best-effort")) {
		return err_set(err, EINVAL, "--limits: `%s` is not known: strict or best-effort",
			       limits);
	}
	return 0;
}

static int print_help(struct cmd_context *ctx, const struct cmd *cmd, struct err *err)
{
	struct text out;

	text_init(&out, ctx->arena);
	cmd_help(&out, cmd);
	return cmd_print(ctx, &out, err);
}

static int print_version(struct cmd_context *ctx, struct err *err)
{
	struct text out;

	text_init(&out, ctx->arena);
	text_add(&out, "rootlet version " PACKAGE_VERSION "\ncommit: " ROOTLET_COMMIT
		       "\nspec: " SPEC_VERSION "\n");
	return cmd_print(ctx, &out, err);
}

static int no_such_command(const char *name, struct err *err)
{
	return err_set(err, EINVAL, "unknown command \"%s\"; see \"rootlet --help\"", name);
}

/* "help" and "help COMMAND". */
static int run_help(struct cmd_context *ctx, struct err *err)
{
	const char *name = ctx->globals.v[1];
	const struct cmd *cmd = name ? cmd_find(name) : NULL;

	if (name && !cmd) {
		return no_such_command(name, err);
	}
	return print_help(ctx, cmd, err);
}

static int run(struct cmd_context *ctx, char **argv, int *ret_status, struct err *err)
{
	const char *name;

	TRY(cmd_parse(ctx->arena, cmd_global_options, CMD_IN_ORDER, "", argv + (argv[0] != NULL),
		      &ctx->globals, err));
	if (ctx->globals.help) {
		return print_help(ctx, NULL, err);
	}
	if (cmd_flag(&ctx->globals, "version")) {
		return print_version(ctx, err);
	}
	TRY(open_log(&ctx->globals, err));
	TRY(check_globals(&ctx->globals, err));
	name = ctx->globals.v[0];
	if (!name) {
		return err_set(err, EINVAL, "no command given; see \"rootlet --help\"");
	}
	if (str_eq(name, "help")) {
		return run_help(ctx, err);
	}
	ctx->cmd = cmd_find(name);
	if (!ctx->cmd) {
		return no_such_command(name, err);
	}
	TRY(cmd_parse_command(ctx->arena, ctx->cmd, ctx->globals.v + 1, &ctx->args, err));
	if (ctx->args.help) {
		return print_help(ctx, ctx->cmd, err);
	}
	if (ctx->cmd->runs_program) {
		TRY(host_self_protect(argv, err));
	}
	if (ctx->cmd->parse) {
		TRY(ctx->cmd->parse(ctx, err));
	}
	return cmd_run_on_target(ctx, ret_status, err);
}

int main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct cmd_context ctx = { .arena = &arena };
	struct err err = { .code = 0 };
	int status = 0;

	ctx.no_stdout = !fill_standard_fds();
	/*
	 * A caller that ignores it would have our children reaped without a word on how they ended,
	 * wait(2).
	 */
	signal(SIGCHLD, SIG_DFL);
	(void)argc;
	if (run(&ctx, argv, &status, &err) < 0) {
		log_error(&err);
		status = ctx.cmd && ctx.cmd->failure ? ctx.cmd->failure : 1;
		if (err.signal > 0) {
			/* As a shell has it for a program that the signal ends. */
			status = 128 + err.signal;
		}
	}
	arena_done(&arena);
	return status;
}
