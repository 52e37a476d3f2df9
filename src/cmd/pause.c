/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/pause: pause and resume. */
#include "host/pause.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int run_pause(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return host_pause(ctx->container, err);
}

static int run_resume(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return host_resume(ctx->container, err);
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
	.target = CMD_TARGET_THERE,
	.want = { .status = CONTAINER_RUNNING, .cannot = "cannot pause container" },
	.run = run_pause,
};

const struct cmd cmd_resume = {
	.name = "resume",
	.summary = "Let a paused container go on",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_THERE,
	.want = { .status = CONTAINER_PAUSED, .cannot = "cannot resume container" },
	.run = run_resume,
};
