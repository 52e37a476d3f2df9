/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/start: the OCI operation "start". */
#include "host/start.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return host_start(ctx->container, err);
}

const struct cmd cmd_start = {
	.name = "start",
	.summary = "Start the process of a created container",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_THERE,
	.want = {
		.status = CONTAINER_CREATED,
		.locked = true,
		.cannot = "cannot start container",
	},
	.run = run,
};
