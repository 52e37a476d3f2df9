/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/restore: a container out of CRIU's image files. */
#include "criu/restore.h"
#include "cmd/commands.h"

static const struct cmd_option options[] = {
	CMD_CREATE_OPTIONS,
	CMD_CRIU_OPTIONS,
	{ "detach", 'd', NULL, "return as soon as it runs", CMD_USED },
	{ "keep", 0, NULL, "don't delete the container after its end", CMD_USED },
	{ "tcp-close", 0, NULL, "restore TCP connections as closed", CMD_USED },
	{ "lsm-profile", 0, "TYPE:NAME",
	  "AppArmor or SELinux profile in place of that of the checkpoint", CMD_USED },
	{ "lsm-mount-context", 0, "CONTEXT", "SELinux context for mounts that have one", CMD_USED },
	CMD_OPTIONS_END,
};

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const struct cmd_args *args = &ctx->args;
	struct launch_options launch;
	struct criu_options criu;

	TRY(cmd_criu_options(ctx, &criu, err));
	criu.tcp_close = cmd_flag(args, "tcp-close");
	criu.lsm_profile = cmd_value(args, "lsm-profile");
	criu.lsm_mount_context = cmd_value(args, "lsm-mount-context");
	TRY(cmd_launch_options(ctx, true, &launch, err));
	/* The process has its socket of before, or none. */
	launch.notify_socket = NULL;
	launch.detach = cmd_flag(args, "detach");
	launch.keep = cmd_flag(args, "keep");
	return criu_restore(&launch, &criu, ret_status, err);
}

const struct cmd cmd_restore = {
	.name = "restore",
	.summary = "Make a container of the files of a checkpoint (root, CRIU)",
	.arguments = "CONTAINER",
	.help = "The bundle is the one that was checkpointed; where its bind mounts have other "
		"sources now, these count.\n"
		"In the foreground the exit status is that of the container's process, 128 + N "
		"after signal N.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.runs_program = true,
	.target = CMD_TARGET_NEW,
	.run = run,
};
