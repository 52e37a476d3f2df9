/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/checkpoint: a running container into CRIU's image files. */
#include "criu/checkpoint.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_CRIU_OPTIONS,
	{ "parent-path", 0, "DIR", "of an earlier --pre-dump, relative to --image-path", CMD_USED },
	{ "leave-running", 'R', NULL, "don't end the container", CMD_USED },
	{ "pre-dump", 'P', NULL, "only the memory, and leave it running", CMD_USED },
	{ "tcp-skip-in-flight", 0, NULL, "leave out connections that are being made", CMD_USED },
	{ "link-remap", 0, NULL, "keep files that were removed while open", CMD_USED },
	{ "page-server", 0, "ADDRESS:PORT", "send the memory there", CMD_USED },
	{ "status-fd", 0, "FD", "where CRIU says that --lazy-pages is ready", CMD_USED },
	CMD_OPTIONS_END,
};

static int parse(struct cmd_context *ctx, struct err *err)
{
	const struct cmd_args *args = &ctx->args;
	struct criu_options *criu = arena_alloc(ctx->arena, sizeof(*criu));

	ctx->request = criu;
	TRY(cmd_criu_options(ctx, criu, err));
	criu->parent = cmd_value(args, "parent-path");
	criu->leave_running = cmd_flag(args, "leave-running");
	criu->pre_dump = cmd_flag(args, "pre-dump");
	criu->tcp_skip_in_flight = cmd_flag(args, "tcp-skip-in-flight");
	criu->link_remap = cmd_flag(args, "link-remap");
	criu->page_server = cmd_value(args, "page-server");
	TRY(cmd_number(args, "status-fd", INT16_MAX, &criu->status_fd, err));
	return criu_allowed("checkpoint", err);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return criu_checkpoint(ctx->container, ctx->request, err);
}

const struct cmd cmd_checkpoint = {
	.name = "checkpoint",
	.summary = "Write a running container into files, and end it (root, CRIU)",
	.arguments = "CONTAINER",
	.help = "Needs CRIU, and CAP_SYS_ADMIN in the initial user namespace.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.runs_program = true,
	.target = CMD_TARGET_THERE,
	.want = { .status = CONTAINER_STARTED, .locked = true, .tells_why = true },
	.parse = parse,
	.run = run,
};
