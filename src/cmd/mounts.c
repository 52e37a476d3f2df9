/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/mounts: crun's `mounts add` and `mounts remove`. */
#include "host/mounts.h"

#include <errno.h>

#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const char *what = ctx->args.v[0];
	const char *root;

	(void)ret_status;
	if (!str_eq(what, "add") && !str_eq(what, "remove")) {
		return err_set(err, EINVAL,
			       "mounts: \"%s\": add or remove is what can be done with them", what);
	}
	TRY(cmd_root(ctx, false, &root, err));
	return host_mounts(root, ctx->args.v[1], ctx->args.v[2], str_eq(what, "remove"), err);
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
	.run = run,
};
