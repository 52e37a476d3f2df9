/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/spec: a config.json to start from. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/scope.h"
#include "cmd/commands.h"
#include "libnet/net.h"
#include "spec/spec.h"
#include "spec/template.h"
#include "user/session.h"

static const struct cmd_option options[] = {
	{ "bundle", 'b', "DIR", "the folder to write config.json to (default: .)", CMD_USED },
	{ "file", 'f', "FILE", "another name than config.json", CMD_USED },
	{ "net", 0, "MODE", "slirp4netns[:OPTION=VALUE,...], host, none or ns:PATH", CMD_USED },
	{ "publish", 'p', "PORT", "[HOST:]PORT[-PORT]:PORT[-PORT][/udp] (can be repeated)",
	  CMD_USED },
	{ "rootless", 0, NULL, "for an ordinary user (the default unless you are root)", CMD_USED },
	CMD_OPTIONS_END,
};

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

static int write_new(const char *bundle, const char *name, const char *text, struct err *err)
{
	scope_fd int dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* openat(2) forgets the folder for an absolute name, and so do the messages. */
	const char *before = name[0] == '/' ? "" : bundle;
	const char *slash = name[0] == '/' ? "" : "/";
	int rc;

	if (dir < 0) {
		return err_errno(err, errno, "cannot open the bundle %s", bundle);
	}
	scope_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST) {
		return err_set(err, EEXIST, "%s%s%s already exists; remove it first", before, slash,
			       name);
	}
	if (fd < 0) {
		return err_errno(err, errno, "cannot write %s%s%s", before, slash, name);
	}
	rc = write_all(fd, text);
	if (rc < 0) {
		(void)unlinkat(dir, name, 0);
		return err_errno(err, -rc, "cannot write %s%s%s", before, slash, name);
	}
	return 0;
}

/* Checked now: a mistake is better told to who writes the bundle than to who runs it. */
static int network(struct cmd_context *ctx, const char **ret_net, const char **ret_publish,
		   struct err *err)
{
	struct strs ports = cmd_values(ctx->arena, &ctx->args, "publish");
	const char *net = cmd_value(&ctx->args, "net");
	struct net_config config;
	struct text list;

	if (net && str_starts(net, "slirp4netns")) {
		TRY(net_config_parse(ctx->arena, net, &config, err));
	}
	text_init(&list, ctx->arena);
	for (size_t i = 0; i < ports.n; i++) {
		struct net_port port;

		TRY(net_port_parse(ports.v[i], &port, err));
		text_add(&list, "%s%s", i ? "," : "", ports.v[i]);
	}
	if (ports.n > 0) {
		net = net ? net : "slirp4netns";
		*ret_publish = list.s;
	}
	*ret_net = net;
	return 0;
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const char *bundle = cmd_value_or(&ctx->args, "bundle", ".");
	const char *file = cmd_value_or(&ctx->args, "file", "config.json");
	const char *net = NULL, *publish = NULL;
	bool rootless = cmd_flag_or(&ctx->args, "rootless", !user_is_root());

	(void)ret_status;
	TRY(network(ctx, &net, &publish, err));
	return write_new(bundle, file, spec_template(ctx->arena, rootless, net, publish), err);
}

const struct cmd cmd_spec = {
	.name = "spec",
	.summary = "Write a config.json to start from",
	.arguments = "",
	.help = "A file that exists is never overwritten. --rootless=false writes what root would "
		"use.\n",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
