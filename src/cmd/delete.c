/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/delete: the OCI operation "delete". */
#include "host/delete.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	{ "force", 'f', NULL, "kill it first if it runs; no error if there is none", CMD_USED },
	{ "regex", 'r', NULL, "CONTAINER is a regular expression: all that match", CMD_USED },
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return host_delete(ctx->container, cmd_flag(&ctx->args, "force"), err);
}

const struct cmd cmd_delete = {
	.name = "delete",
	.summary = "Remove a container that has stopped or was never started",
	.arguments = "CONTAINER",
	.help = "With --force a command that holds the container's lock, such as a create whose\n"
		"hook hangs, is asked to end after a second and killed after two and a half;\n"
		"within five seconds the container is gone, or one line says who is in the way.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_REMAINS,
	.run = run,
};
