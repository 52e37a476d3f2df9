/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/kill: the OCI operation "kill". */
#include <errno.h>

#include "cmd/commands.h"
#include "host/lifecycle.h"

static const struct cmd_option options[] = {
	{ "all", 'a', NULL, "every process of the container; success when none is left", CMD_USED },
	{ "regex", 'r', NULL, "CONTAINER is a regular expression: all that match", CMD_USED },
	CMD_OPTIONS_END,
};

struct request {
	int sig;
	bool all;
};

static int kill_one(const char *root, const char *id, void *data, struct err *err)
{
	const struct request *request = data;
	int rc = host_kill(root, id, request->sig, request->all, err);

	/* As runc: nothing is left that could get the signal. */
	return rc == -ESRCH && request->all ? 0 : rc;
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	struct request request = { .all = cmd_flag(&ctx->args, "all") };

	(void)ret_status;
	TRY(host_signal_parse(ctx->args.n > 1 ? ctx->args.v[1] : "TERM", &request.sig, err));
	return cmd_each(ctx, kill_one, &request, err);
}

const struct cmd cmd_kill = {
	.name = "kill",
	.summary = "Send a signal to a container",
	.arguments = "CONTAINER [SIGNAL]",
	.help = "SIGNAL is a name, with or without SIG, or a number; TERM by default.\n",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
