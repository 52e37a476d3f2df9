/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/net: which network the container is on, where the command line or an annotation asks for
 * one.
 *
 * A bundle that asks for nothing is left alone: engines bring their own network.
 *
 * Containers that share a network share the control socket of its helper, by a hard link in each
 * state folder. Each of them can manage the ports, and whoever is left keeps the network.
 */
#include "plan/net.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "plan/annotations.h"
#include "plan/builder.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS "/etc/hosts"

static void leave(struct plan_namespaces *ns, int type)
{
	size_t kept = 0;

	ns->new &= ~(uint64_t)type;
	for (size_t i = 0; i < ns->join_n; i++) {
		if (ns->join[i].type != type) {
			ns->join[kept++] = ns->join[i];
		}
	}
	ns->join_n = kept;
}

static int join(struct builder *b, int type, const char *name, const char *path, const char *where,
		struct err *err)
{
	struct plan_namespaces *ns = &b->plan->ns;

	if (path[0] != '/') {
		return err_set(err, EINVAL, "%s: the namespace's path must be absolute: `%s`",
			       where, path);
	}
	leave(ns, type);
	if (ns->join_n == PLAN_NS_MAX) {
		return err_set(err, EINVAL, "%s: too many namespaces to join", where);
	}
	ns->join[ns->join_n++] =
		(struct plan_join){ .type = type, .name = name, .path = path, .where = where };
	return 0;
}

static int make(struct builder *b, const char *where, struct err *err)
{
	if (plan_joins(&b->plan->ns, CLONE_NEWNET)) {
		return err_set(err, EINVAL,
			       "%s: the bundle joins a network namespace by its path, so whoever "
			       "made that one gives it its network; remove the path from "
			       "/linux/namespaces, or use ns:PATH",
			       where);
	}
	b->plan->ns.new |= CLONE_NEWNET;
	return 0;
}

/* "8080:80, 53:53/udp" of an annotation. */
static struct strs words(struct arena *arena, const char *text)
{
	struct strs list = { .v = arena_array(arena, strlen(text) / 2 + 2, sizeof(*list.v)) };

	while (*(text += strspn(text, ", ")) != '\0') {
		size_t len = strcspn(text, ", ");

		list.v[list.n++] = arena_strndup(arena, text, len);
		text += len;
	}
	return list;
}

static bool has_mount(const struct builder *b, const char *destination)
{
	for (size_t i = 0; i < b->spec->mounts.n; i++) {
		if (str_eq(b->spec->mounts.v[i].destination, destination)) {
			return true;
		}
	}
	return false;
}

int plan_net(struct builder *b, struct err *err)
{
	struct plan_net *net = &b->plan->net;
	const char *where = b->options->net ? "--net" : plan_annotation_path(PLAN_ANNOTATION_NET);
	const char *mode =
		b->options->net ? b->options->net : plan_annotation(b->spec, PLAN_ANNOTATION_NET);
	const char *publish = plan_annotation(b->spec, PLAN_ANNOTATION_PUBLISH);

	net->where = where;
	net->publish_where = b->options->publish.n > 0 ?
				     "--publish" :
				     plan_annotation_path(PLAN_ANNOTATION_PUBLISH);
	net->publish = b->options->publish.n > 0 ? b->options->publish :
						   words(b->arena, publish ? publish : "");
	if ((!mode || !*mode) && net->publish.n > 0) {
		mode = "slirp4netns";
		where = net->publish_where;
	}
	if (!mode || !*mode) {
		return 0;
	}
	if (str_starts(mode, "slirp4netns")) {
		net->config = mode;
		net->bind_resolv_conf = !has_mount(b, RESOLV_CONF);
		net->bind_hosts = !has_mount(b, HOSTS);
		return make(b, where, err);
	}
	if (net->publish.n > 0) {
		return err_set(err, EINVAL,
			       "%s: ports are published only on a network of rootlet's: use "
			       "slirp4netns in place of `%s`",
			       net->publish_where, mode);
	}
	if (str_eq(mode, "none")) {
		return make(b, where, err);
	}
	if (str_eq(mode, "host")) {
		leave(&b->plan->ns, CLONE_NEWNET);
		return 0;
	}
	if (str_starts(mode, "ns:")) {
		return join(b, CLONE_NEWNET, "network", mode + 3, where, err);
	}
	if (str_starts(mode, "container:") && b->options->net_of) {
		const char *of = b->options->net_of;

		net->bind_resolv_conf = b->options->net_names && !has_mount(b, RESOLV_CONF);
		net->bind_hosts = b->options->net_names && !has_mount(b, HOSTS);
		/* That network namespace belongs to that container's user namespace. */
		TRY(join(b, CLONE_NEWUSER, "user", arena_printf(b->arena, "%s/user", of), where,
			 err));
		return join(b, CLONE_NEWNET, "network", arena_printf(b->arena, "%s/net", of), where,
			    err);
	}
	return err_set(err, EINVAL,
		       "%s: the network `%.100s` is not known: slirp4netns[:OPTION=VALUE,...], "
		       "host, none, ns:PATH or container:ID",
		       where, mode);
}

static struct plan_mount bind_file(struct builder *b, const char *name, const char *target)
{
	return (struct plan_mount){
		.kind = PLAN_MOUNT_BIND,
		.where = b->plan->net.where,
		.target = target,
		.source = arena_printf(b->arena, "%s/%s", b->options->state, name),
		.clear = 0,
	};
}

/* Room for them is the caller's. */
size_t plan_net_mounts(struct builder *b, struct plan_mount *out)
{
	const struct plan_net *net = &b->plan->net;
	size_t n = 0;

	if (net->bind_resolv_conf) {
		out[n++] = bind_file(b, "resolv.conf", RESOLV_CONF);
	}
	if (net->bind_hosts) {
		out[n++] = bind_file(b, "hosts", HOSTS);
	}
	return n;
}

/*
 * Who may ping: every gid from the first mapped to the last. The range is one of the kernel's ids,
 * in their order: where the own gid lies above the subordinate ones it would be empty if it began
 * with 0.
 */
static const char *ping_range(struct builder *b)
{
	const struct plan_extents *gids = &b->plan->ids.gid;
	const struct plan_extent *last = gids->n > 0 ? &gids->v[gids->n - 1] : NULL;
	uint32_t highest;

	if (!last) {
		return b->plan->ids.how == PLAN_IDS_NONE && !b->user_namespace ? "0 2147483647" :
										 "0 0";
	}
	highest = last->inside + last->count - 1;
	if (highest == 0 || last->outside + last->count - 1 >= gids->v[0].outside) {
		return arena_printf(b->arena, "0 %u", highest);
	}
	return arena_printf(b->arena, "%u %u", last->inside, highest);
}

size_t plan_net_sysctls(struct builder *b, struct plan_sysctl *out)
{
	if (!b->plan->net.config) {
		return 0;
	}
	out[0] = (struct plan_sysctl){ .key = "net.ipv4.ip_unprivileged_port_start",
				       .path = "net/ipv4/ip_unprivileged_port_start",
				       .value = "0" };
	out[1] = (struct plan_sysctl){ .key = "net.ipv4.ping_group_range",
				       .path = "net/ipv4/ping_group_range",
				       .value = ping_range(b) };
	return 2;
}
