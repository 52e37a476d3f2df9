/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/kill: the OCI operation "kill". */
#include <errno.h>
#include <signal.h>

#include "cmd/commands.h"
#include "host/kill.h"
#include "host/signals.h"

static const struct cmd_option options[] = {
	{ "all", 'a', NULL, "every process of the container; success when none is left", CMD_USED },
	{ "regex", 'r', NULL, "CONTAINER is a regular expression: all that match", CMD_USED },
	CMD_OPTIONS_END,
};

struct request {
	int sig;
	bool all;
};

static int parse(struct cmd_context *ctx, struct err *err)
{
	struct request *request = arena_alloc(ctx->arena, sizeof(*request));

	ctx->request = request;
	request->all = cmd_flag(&ctx->args, "all");
	if (ctx->args.n > 1) {
		return host_signal_parse(ctx->args.v[1], &request->sig, err);
	}
	request->sig = SIGTERM;
	return 0;
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const struct request *request = ctx->request;
	int rc = host_kill(ctx->container, request->sig, request->all, err);

	(void)ret_status;
	/* As runc: nothing is left that could get the signal. */
	return rc == -ESRCH && request->all ? 0 : rc;
}

const struct cmd cmd_kill = {
	.name = "kill",
	.summary = "Send a signal to a container",
	.arguments = "CONTAINER [SIGNAL]",
	.help = "SIGNAL is a name, with or without SIG, or a number; TERM by default.\n",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	/* In any status: --all is content with one that has stopped. */
	.target = CMD_TARGET_THERE,
	.parse = parse,
	.run = run,
};
