/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/criu_options: what checkpoint and restore take alike. */
#include <errno.h>

#include "cmd/cmd.h"
#include "criu/criu.h"

int cmd_criu_options(struct cmd_context *ctx, struct criu_options *ret, struct err *err)
{
	const struct cmd_args *args = &ctx->args;
	const char *empty = cmd_value(args, "empty-ns");

	if (empty && !str_eq(empty, "network")) {
		return err_set(err, EINVAL, "%s: --empty-ns: `%s`: only network is possible",
			       ctx->cmd->name, empty);
	}
	*ret = (struct criu_options){
		.images = cmd_value_or(args, "image-path", "checkpoint"),
		.work = cmd_value(args, "work-path"),
		.manage_cgroups = cmd_value(args, "manage-cgroups-mode"),
		.network_lock = cmd_value(args, "network-lock"),
		.tcp_established = cmd_flag(args, "tcp-established"),
		.ext_unix_sk = cmd_flag(args, "ext-unix-sk"),
		.shell_job = cmd_flag(args, "shell-job"),
		.file_locks = cmd_flag(args, "file-locks"),
		.lazy_pages = cmd_flag(args, "lazy-pages"),
		.auto_dedup = cmd_flag(args, "auto-dedup"),
		.empty_net = empty != NULL,
		.status_fd = -1,
	};
	return 0;
}
