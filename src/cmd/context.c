/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/context: what several commands do in the same way: the state folder, stdout, --format.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "state/root.h"

int cmd_root(struct cmd_context *ctx, bool create, const char **ret, struct err *err)
{
	return state_root(ctx->arena, cmd_value(&ctx->globals, "root"), create, ret, err);
}

int cmd_print(const struct cmd_context *ctx, const struct text *out, struct err *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	size_t done = 0;
	int failed = ctx->no_stdout && out->len > 0 ? EBADF : 0;

	/* Only here: an ignored SIGPIPE is inherited by what we execute. */
	sigaction(SIGPIPE, &ignore, &before);
	while (done < out->len && !failed) {
		ssize_t n = write(STDOUT_FILENO, out->s + done, out->len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			failed = errno;
		}
	}
	sigaction(SIGPIPE, &before, NULL);
	return failed ? err_errno(err, failed, "cannot write to standard output") : 0;
}

int cmd_format(const struct cmd_context *ctx, bool *ret_json, struct err *err)
{
	const char *format = cmd_value(&ctx->args, "format");

	if (format && !str_eq(format, "table") && !str_eq(format, "json")) {
		return err_set(err, EINVAL, "%s: invalid format `%s`: table or json",
			       ctx->cmd->name, format);
	}
	*ret_json = format && str_eq(format, "json");
	return 0;
}
