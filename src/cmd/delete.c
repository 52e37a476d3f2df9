/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/delete: the OCI operation "delete". */
#include "cmd/commands.h"
#include "host/lifecycle.h"

static const struct cmd_option options[] = {
	{ "force", 'f', NULL, "kill it first if it runs; no error if there is none", CMD_USED },
	{ "regex", 'r', NULL, "CONTAINER is a regular expression: all that match", CMD_USED },
	CMD_OPTIONS_END,
};

static int delete_one(const char *root, const char *id, void *data, struct err *err)
{
	const bool *force = data;

	return host_delete(root, id, *force, err);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	bool force = cmd_flag(&ctx->args, "force");

	(void)ret_status;
	return cmd_each(ctx, delete_one, &force, err);
}

const struct cmd cmd_delete = {
	.name = "delete",
	.summary = "Remove a container that has stopped or was never started",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
