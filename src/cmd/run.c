/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/run: create and start in one, in the foreground or detached. */
#include "host/run.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_CREATE_OPTIONS,
	{ "detach", 'd', NULL, "return as soon as it runs", CMD_USED },
	{ "keep", 0, NULL, "don't delete the container after its end", CMD_USED },
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	struct launch_options launch;

	TRY(cmd_launch_options(ctx, false, &launch, err));
	launch.detach = cmd_flag(&ctx->args, "detach");
	launch.keep = cmd_flag(&ctx->args, "keep");
	return host_run(&launch, ret_status, err);
}

const struct cmd cmd_run = {
	.name = "run",
	.summary = "Make a container and start it",
	.arguments = "CONTAINER",
	.help = "CONTAINER is the name for it: letters, digits and _ + . -\n"
		"In the foreground the exit status is that of the container's process, 128 + N "
		"after signal N.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.runs_program = true,
	.target = CMD_TARGET_NEW,
	.run = run,
};
