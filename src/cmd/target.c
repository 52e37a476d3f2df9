/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/target: from a command's entry and its arguments to the container that it is for. */
#include <errno.h>
#include <regex.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "state/folder.h"

/* On one container. */
static int run_on(struct cmd_context *ctx, const char *root, const char *id, int *ret_status,
		  struct err *err)
{
	struct container c = container_named(root, id);
	int rc;

	if (ctx->cmd->target == CMD_TARGET_THERE) {
		TRY(container_find(root, id, &ctx->cmd->want, &c, err));
	}
	ctx->container = &c;
	rc = ctx->cmd->run(ctx, ret_status, err);
	ctx->container = NULL;
	container_done(&c);
	return rc;
}

static int run_on_matches(struct cmd_context *ctx, const char *root, const regex_t *regex,
			  int *ret_status, struct err *err)
{
	struct strs ids = { .n = 0 };
	struct err one;
	int result = 0;

	TRY(state_list(ctx->arena, root, &ids, err));
	for (size_t i = 0; i < ids.n; i++) {
		if (regexec(regex, ids.v[i], 0, NULL, 0) != 0) {
			continue;
		}
		int rc = run_on(ctx, root, ids.v[i], ret_status, &one);

		if (rc < 0 && result == 0) {
			result = rc;
			*err = one;
		} else if (rc < 0) {
			log_warning("%s", one.msg);
		}
	}
	return result;
}

static int run_on_all(struct cmd_context *ctx, const char *root, const char *pattern,
		      int *ret_status, struct err *err)
{
	char reason[256];
	regex_t regex;
	int rc = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (rc != 0) {
		regerror(rc, &regex, reason, sizeof(reason));
		return err_set(err, EINVAL, "--regex: `%s`: %s", pattern, reason);
	}
	rc = run_on_matches(ctx, root, &regex, ret_status, err);
	regfree(&regex);
	return rc;
}

/* --regex, if the command has it. */
static bool wants_all(const struct cmd_args *args)
{
	for (size_t i = args->n_given; i > 0; i--) {
		if (str_eq(args->given[i - 1].option->name, "regex")) {
			return str_eq(args->given[i - 1].value, "true");
		}
	}
	return false;
}

int cmd_run_on_target(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	bool is_new = ctx->cmd->target == CMD_TARGET_NEW;
	const char *root = NULL;
	const char *id;

	if (ctx->cmd->target == CMD_TARGET_NONE) {
		return ctx->cmd->run(ctx, ret_status, err);
	}
	id = ctx->args.v[ctx->cmd->target_at];
	if (is_new) {
		TRY(state_id_check(id, err));
	}
	TRY(cmd_root(ctx, is_new, &root, err));
	if (wants_all(&ctx->args)) {
		return run_on_all(ctx, root, id, ret_status, err);
	}
	return run_on(ctx, root, id, ret_status, err);
}
