/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/context: what several commands do in the same way: the state folder, stdout, --regex,
 * --format.
 */
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "state/folder.h"
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

static int each_match(struct cmd_context *ctx, const char *root, const regex_t *regex,
		      int (*each)(const char *root, const char *id, void *data, struct err *err),
		      void *data, struct err *err)
{
	struct strs ids = { .n = 0 };
	struct err one;
	int result = 0;

	TRY(state_list(ctx->arena, root, &ids, err));
	for (size_t i = 0; i < ids.n; i++) {
		if (regexec(regex, ids.v[i], 0, NULL, 0) != 0) {
			continue;
		}
		int rc = each(root, ids.v[i], data, &one);

		if (rc < 0 && result == 0) {
			result = rc;
			*err = one;
		} else if (rc < 0) {
			log_warning("%s", one.msg);
		}
	}
	return result;
}

int cmd_each(struct cmd_context *ctx,
	     int (*each)(const char *root, const char *id, void *data, struct err *err), void *data,
	     struct err *err)
{
	const char *name = ctx->args.v[0];
	const char *root = NULL;
	char reason[256];
	regex_t regex;
	int rc;

	TRY(cmd_root(ctx, false, &root, err));
	if (!cmd_flag(&ctx->args, "regex")) {
		return each(root, name, data, err);
	}
	rc = regcomp(&regex, name, REG_EXTENDED | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, &regex, reason, sizeof(reason));
		return err_set(err, EINVAL, "--regex: `%s`: %s", name, reason);
	}
	rc = each_match(ctx, root, &regex, each, data, err);
	regfree(&regex);
	return rc;
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
