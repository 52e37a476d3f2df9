/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/launch_options: from the options that create and run share to what host_create and host_run take. */
#include <stdlib.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "host/launch.h"
#include "host/state.h"

/* Asked for by name, and not there yet: said, not passed over. */
static void note_cgroup_manager(const struct cmd_args *globals)
{
	const char *manager = cmd_flag(globals, "systemd-cgroup") ? "systemd" : cmd_value(globals, "cgroup-manager");

	if (manager && !str_eq(manager, "auto") && !str_eq(manager, "disabled")) {
		log_warning("cgroup manager %s: not supported yet, the container stays in its caller's cgroup",
			    manager);
	}
}

int cmd_launch_options(struct cmd_context *ctx, bool quiet, struct launch_options *ret, struct err *err)
{
	const struct cmd_args *args = &ctx->args;
	const char *bundle = cmd_value(args, "bundle");
	struct launch_options options = {
		.id = args->v[0],
		.bundle = bundle ? bundle : ".",
		.config = cmd_value(args, "config"),
		.pid_file = cmd_value(args, "pid-file"),
		.console_socket = cmd_value(args, "console-socket"),
		.pidfd_socket = cmd_value(args, "pidfd-socket"),
		.notify_socket = getenv("NOTIFY_SOCKET"),
		.no_pivot = cmd_flag(args, "no-pivot"),
		.no_subreaper = cmd_flag(args, "no-subreaper"),
		.no_new_keyring = cmd_flag(args, "no-new-keyring"),
		.quiet_notes = quiet,
	};

	TRY(host_id_check(options.id, err));
	TRY(cmd_number(args, "preserve-fds", CMD_PRESERVE_FDS_MAX, &options.preserve_fds, err));
	TRY(cmd_root(ctx, true, &options.root, err));
	if (!quiet) {
		note_cgroup_manager(&ctx->globals);
	}
	*ret = options;
	return 0;
}
