/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/launch_options: from the options that create and run share to what host_create and host_run
 * take.
 */
#include <stdlib.h>

#include "cmd/cmd.h"
#include "host/launch_options.h"

const struct name cmd_cgroup_managers[] = {
	{ "auto", PLAN_CGROUP_AUTO },
	{ "systemd", PLAN_CGROUP_ONLY_SYSTEMD },
	{ "cgroupfs", PLAN_CGROUP_ONLY_FS },
	{ "disabled", PLAN_CGROUP_DISABLED },
	NAMES_END,
};

/* The words were checked by main. --cgroup-manager is the more exact of the two. */
static enum plan_cgroup_choice cgroup_choice(const struct cmd_args *globals)
{
	const char *manager = cmd_value(globals, "cgroup-manager");

	if (manager) {
		return (enum plan_cgroup_choice)names_find(cmd_cgroup_managers, manager)->value;
	}
	return cmd_flag(globals, "systemd-cgroup") ? PLAN_CGROUP_ONLY_SYSTEMD : PLAN_CGROUP_AUTO;
}

int cmd_launch_options(struct cmd_context *ctx, bool quiet, struct launch_options *ret,
		       struct err *err)
{
	const struct cmd_args *args = &ctx->args;
	struct launch_options options = {
		.root = ctx->container->root,
		.id = ctx->container->id,
		.bundle = cmd_value_or(args, "bundle", "."),
		.config = cmd_value(args, "config"),
		.pid_file = cmd_value(args, "pid-file"),
		.console_socket = cmd_value(args, "console-socket"),
		.pidfd_socket = cmd_value(args, "pidfd-socket"),
		.notify_socket = getenv("NOTIFY_SOCKET"),
		.no_pivot = cmd_flag(args, "no-pivot"),
		.no_subreaper = cmd_flag(args, "no-subreaper"),
		.no_new_keyring = cmd_flag(args, "no-new-keyring"),
		.net = cmd_value(args, "net"),
		.publish = cmd_values(ctx->arena, args, "publish"),
		.quiet_notes = quiet,
		.cgroup_manager = cgroup_choice(&ctx->globals),
		.best_effort =
			str_eq(cmd_value_or(&ctx->globals, "limits", "strict"), "best-effort"),
	};

	TRY(cmd_number(args, "preserve-fds", CMD_PRESERVE_FDS_MAX, &options.preserve_fds, err));
	*ret = options;
	return 0;
}
