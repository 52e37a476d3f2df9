/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/wait: blocks until a container ends, and ends as it did. */
#include "host/wait.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	struct exit_record record = { 0 };
	struct text out;

	TRY(host_wait(ctx->container, &record, err));
	text_init(&out, ctx->arena);
	text_add(&out, "%u\n", record.status);
	TRY(cmd_print(ctx, &out, err));
	*ret_status = (int)record.status;
	return 0;
}

const struct cmd cmd_wait = {
	.name = "wait",
	.summary = "Wait until a container ends, and print its exit status",
	.arguments = "CONTAINER",
	.help = "The status is printed and is that of this command as well: 128 + N after signal "
		"N. It is kept after a\n"
		"\"run --detach\" and a \"run --keep\". Of other containers it is known while they "
		"run.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_THERE,
	.run = run,
};
