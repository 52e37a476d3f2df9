/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/mounts: crun's `mounts add` and `mounts remove`. */
#include "host/mounts.h"

#include <errno.h>

#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int parse(struct cmd_context *ctx, struct err *err)
{
	const char *what = ctx->args.v[0];

	if (!str_eq(what, "add") && !str_eq(what, "remove")) {
		return err_set(err, EINVAL,
			       "mounts: \"%s\": add or remove is what can be done with them", what);
	}
	return 0;
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return host_mounts(ctx->container, ctx->args.v[2], str_eq(ctx->args.v[0], "remove"), err);
}

const struct cmd cmd_mounts = {
	.name = "mounts",
	.summary = "Add mounts to a container that is there, or remove them",
	.arguments = "add|remove CONTAINER FILE",
	.help = "FILE is a JSON array of mounts as config.json has them (- is standard input). "
		"Sources are the host's,\n"
		"destinations the container's. All of them are added, or none. For remove only the "
		"destinations count:\n"
		"what is mounted there last goes, in the reverse order of FILE.\n",
	.options = options,
	.min_args = 3,
	.max_args = 3,
	.target = CMD_TARGET_THERE,
	.target_at = 1,
	.want = {
		.status = CONTAINER_ALIVE,
		.held = true,
		.cannot = "cannot change the mounts of container",
	},
	.parse = parse,
	.run = run,
};
