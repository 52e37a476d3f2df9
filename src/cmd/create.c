/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/create: the OCI operation "create": everything is made, the user's process waits for "start".
 */
#include <unistd.h>

#include "cmd/commands.h"
#include "host/create.h"

static const struct cmd_option options[] = {
	CMD_CREATE_OPTIONS,
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	/* Under conmon this stderr becomes the container's: notes go to a person or to a log. */
	bool quiet = !cmd_value(&ctx->globals, "log") && !isatty(STDERR_FILENO);
	struct launch_options launch;

	(void)ret_status;
	TRY(cmd_launch_options(ctx, quiet, &launch, err));
	return host_create(&launch, err);
}

const struct cmd cmd_create = {
	.name = "create",
	.summary = "Make a container that waits for \"start\"",
	.arguments = "CONTAINER",
	.help = "CONTAINER is the name for it: letters, digits and _ + . -\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.runs_program = true,
	.target = CMD_TARGET_NEW,
	.run = run,
};
