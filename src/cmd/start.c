/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/start: the OCI operation "start". */
#include "host/start.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const char *root = NULL;

	(void)ret_status;
	TRY(cmd_root(ctx, false, &root, err));
	return host_start(root, ctx->args.v[0], err);
}

const struct cmd cmd_start = {
	.name = "start",
	.summary = "Start the process of a created container",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
