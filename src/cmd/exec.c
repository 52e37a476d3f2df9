/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/exec: one more process in a container that is there. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cmd/commands.h"
#include "host/exec.h"

static const struct cmd_option options[] = {
	{ "process", 'p', "FILE", "the process as JSON, as /process of config.json has it",
	  CMD_USED },
	{ "env", 'e', "NAME=VALUE", "an environment variable (can be repeated)", CMD_USED },
	{ "cwd", 0, "DIR", "working directory", CMD_USED },
	{ "user", 'u', "UID[:GID]", "ids in the container", CMD_USED },
	{ "additional-gids", 'g', "GID", "a supplementary group (can be repeated)", CMD_USED },
	{ "tty", 't', NULL, "give it a terminal", CMD_USED },
	{ "detach", 'd', NULL, "return as soon as it runs", CMD_USED },
	{ "console-socket", 0, "PATH", "UNIX socket that is sent the terminal's descriptor",
	  CMD_USED },
	{ "pid-file", 0, "FILE", "write the process's pid there", CMD_USED },
	{ "pidfd-socket", 0, "PATH", "UNIX socket that is sent a pidfd of the process", CMD_USED },
	{ "cap", 'c', "CAPABILITY", "one more capability (can be repeated)", CMD_USED },
	{ "no-new-privs", 0, NULL, "it can't gain privileges by executing a file", CMD_USED },
	{ "apparmor", 0, "PROFILE", "AppArmor profile", CMD_USED },
	{ "process-label", 0, "LABEL", "SELinux label", CMD_USED },
	{ "preserve-fds", 0, "N", "pass descriptors 3 to 2+N on to the process", CMD_USED },
	{ "cgroup", 0, "PATH", "a cgroup below the container's, which must be there", CMD_USED },
	{ "ignore-paused", 0, NULL, "also in a paused container, where it waits", CMD_USED },
	CMD_OPTIONS_END,
};

static void take_wish(const struct cmd_context *ctx, struct plan_exec_wish *wish)
{
	const struct cmd_args *args = &ctx->args;
	/* Options end at CONTAINER, so that a "--" behind it reaches us. */
	size_t first = args->n > 1 && str_eq(args->v[1], "--") ? 2 : 1;

	*wish = (struct plan_exec_wish){
		.args = { .v = (const char **)args->v + first, .n = args->n - first },
		.env = cmd_values(ctx->arena, args, "env"),
		.cwd = cmd_value(args, "cwd"),
		.user = cmd_value(args, "user"),
		.groups = cmd_values(ctx->arena, args, "additional-gids"),
		.caps = cmd_values(ctx->arena, args, "cap"),
		.apparmor = cmd_value(args, "apparmor"),
		.selinux = cmd_value(args, "process-label"),
		.set_no_new_privs = cmd_given(args, "no-new-privs"),
		.no_new_privs = cmd_flag(args, "no-new-privs"),
		.set_terminal = cmd_given(args, "tty"),
		.terminal = cmd_flag(args, "tty"),
	};
}

static int parse(struct cmd_context *ctx, struct err *err)
{
	const struct cmd_args *args = &ctx->args;
	struct exec_options *exec = arena_alloc(ctx->arena, sizeof(*exec));

	*exec = (struct exec_options){
		.process_file = cmd_value(args, "process"),
		.pid_file = cmd_value(args, "pid-file"),
		.console_socket = cmd_value(args, "console-socket"),
		.pidfd_socket = cmd_value(args, "pidfd-socket"),
		.cgroup = cmd_value(args, "cgroup"),
		.detach = cmd_flag(args, "detach"),
		.ignore_paused = cmd_flag(args, "ignore-paused"),
	};

	ctx->request = exec;
	take_wish(ctx, &exec->wish);
	if (!exec->process_file && exec->wish.args.n == 0) {
		return err_set(err, EINVAL,
			       "\"exec\" requires a command, or --process FILE; see \"rootlet exec "
			       "--help\"");
	}
	if (exec->cgroup && exec->cgroup[strcspn(exec->cgroup, ":/")] == ':') {
		return err_set(err, EINVAL,
			       "--cgroup: `%s`: with cgroup v2 a controller has no cgroup of its "
			       "own; give the path alone",
			       exec->cgroup);
	}
	return cmd_number(args, "preserve-fds", CMD_PRESERVE_FDS_MAX, &exec->preserve_fds, err);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	return host_exec(ctx->container, ctx->request, ret_status, err);
}

const struct cmd cmd_exec = {
	.name = "exec",
	.summary = "Run one more process in a container",
	.arguments = "CONTAINER [COMMAND [ARGUMENT]...]",
	.help = "Without --process it is made like the container's own process, without a "
		"terminal, and the other options\n"
		"change that. In the foreground the exit status is that of the process, 128 + N "
		"after signal N, and 255\n"
		"when it could not be started.\n",
	.options = options,
	.min_args = 1,
	.max_args = UINT_MAX,
	.runs_program = true,
	.free_tail = true,
	.failure = 255,
	.target = CMD_TARGET_THERE,
	.want = {
		.status = CONTAINER_ALIVE,
		.held = true,
		.cannot = "cannot exec in container",
		.tells_why = true,
	},
	.parse = parse,
	.run = run,
};
