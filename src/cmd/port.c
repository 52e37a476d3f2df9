/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/port: the published ports of a running container. */
#include <errno.h>
#include <limits.h>

#include "cmd/commands.h"
#include "host/network.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static int list(struct cmd_context *ctx, struct err *err)
{
	struct strs ports = { .n = 0 };
	struct text out;

	TRY(host_ports_list(ctx->container, &ports, err));
	text_init(&out, ctx->arena);
	for (size_t i = 0; i < ports.n; i++) {
		text_add(&out, "%s\n", ports.v[i]);
	}
	return cmd_print(ctx, &out, err);
}

/* One after the other; what was done before the first failure stays. */
static int change(struct cmd_context *ctx,
		  int (*one)(struct container *c, const char *port, struct err *err),
		  struct err *err)
{
	for (size_t i = 2; i < ctx->args.n; i++) {
		TRY(one(ctx->container, ctx->args.v[i], err));
	}
	return 0;
}

static int parse(struct cmd_context *ctx, struct err *err)
{
	const char *what = ctx->args.v[0];
	bool changes = str_eq(what, "add") || str_eq(what, "remove");

	if ((changes && ctx->args.n > 2) || (str_eq(what, "list") && ctx->args.n == 2)) {
		return 0;
	}
	return err_set(err, EINVAL,
		       "\"port %s\": it is `port list CONTAINER`, `port add CONTAINER PORT...` or "
		       "`port remove CONTAINER PORT...`",
		       what);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const char *what = ctx->args.v[0];

	(void)ret_status;
	if (str_eq(what, "list")) {
		return list(ctx, err);
	}
	return change(ctx, str_eq(what, "add") ? host_ports_add : host_ports_remove, err);
}

const struct cmd cmd_port = {
	.name = "port",
	.summary = "List, add or remove published ports",
	.arguments = "list|add|remove CONTAINER [PORT]...",
	.help = "PORT is written [HOST:]PORT[-PORT]:PORT[-PORT][/udp]. Without HOST it is every "
		"address of this host.\n"
		"The container has a network of rootlet's: run it with --net=slirp4netns.\n",
	.options = options,
	.min_args = 2,
	.max_args = UINT_MAX,
	.target = CMD_TARGET_THERE,
	.target_at = 1,
	.want = { .cannot = HOST_NETWORK_OF },
	.parse = parse,
	.run = run,
};
