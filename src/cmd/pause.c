/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/pause: pause and resume. */
#include "cmd/commands.h"
#include "host/lifecycle.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int run_pause(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const char *root = NULL;

	(void)ret_status;
	TRY(cmd_root(ctx, false, &root, err));
	return host_pause(root, ctx->args.v[0], err);
}

static int run_resume(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const char *root = NULL;

	(void)ret_status;
	TRY(cmd_root(ctx, false, &root, err));
	return host_resume(root, ctx->args.v[0], err);
}

const struct cmd cmd_pause = {
	.name = "pause",
	.summary = "Freeze all processes of a container",
	.arguments = "CONTAINER",
	.help = "Needs a cgroup of the container's own, as it has unless --cgroup-manager disabled "
		"was given or none could be had.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run_pause,
};

const struct cmd cmd_resume = {
	.name = "resume",
	.summary = "Let a paused container go on",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run_resume,
};
