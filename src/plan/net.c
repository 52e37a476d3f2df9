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

#include <assert.h>
#include <errno.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "libnet/accel_filter.h"
#include "libnet/config.h"
#include "libnet/port.h"
#include "libnet/sysctls.h"
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

static int take_ports(struct builder *b, const struct strs *publish, bool by_slirp, struct err *err)
{
	struct plan_net *net = &b->plan->net;
	struct net_ports *ports = arena_alloc(b->arena, sizeof(*ports));

	ports->v = arena_array(b->arena, publish->n, sizeof(*ports->v));
	ports->n = publish->n;
	for (size_t i = 0; i < ports->n; i++) {
		if (net_port_parse(publish->v[i], &ports->v[i], err) < 0) {
			return err_wrap(err, "%s", net->publish_where);
		}
		if (by_slirp && ports->v[i].host.family == AF_INET6) {
			return err_set(err, EINVAL,
				       "%s: %s: port_handler=slirp4netns forwards IPv4 only; leave "
				       "that option out",
				       net->publish_where, publish->v[i]);
		}
	}
	net->ports = ports;
	return 0;
}

static void take_early(struct builder *b)
{
	struct plan_net *net = &b->plan->net;

	while (net_sysctls[net->early_n].path) {
		net->early_n++;
	}
	net->early = arena_array(b->arena, net->early_n, sizeof(*net->early));
	for (size_t i = 0; i < net->early_n; i++) {
		net->early[i] = (struct plan_sysctl){ .key = net_sysctls[i].path,
						      .path = net_sysctls[i].path,
						      .value = net_sysctls[i].value };
	}
}

/* A network of rootlet's own. mode: "slirp4netns:OPTION=VALUE,…". */
static int take_own(struct builder *b, const char *mode, const char *where,
		    const struct strs *publish, struct err *err)
{
	struct net_config *config = arena_alloc(b->arena, sizeof(*config));
	struct plan_net *net = &b->plan->net;

	TRY(make(b, where, err));
	if (net_config_parse(b->arena, mode, config, err) < 0) {
		return err_wrap(err, "%s", net->where);
	}
	net->config = config;
	net->bind_resolv_conf = !has_mount(b, RESOLV_CONF);
	net->bind_hosts = !has_mount(b, HOSTS);
	take_early(b);
	return take_ports(b, publish, config->handler == NET_HANDLER_SLIRP, err);
}

/* of: the folder of the namespaces of a container's process. */
static int share(struct builder *b, const char *of, const char *where, struct err *err)
{
	struct plan_net *net = &b->plan->net;

	net->bind_resolv_conf = b->options->net_names && !has_mount(b, RESOLV_CONF);
	net->bind_hosts = b->options->net_names && !has_mount(b, HOSTS);
	/* That network namespace belongs to that container's user namespace. */
	if (!b->options->net_of_ours) {
		TRY(join(b, CLONE_NEWUSER, "user", arena_printf(b->arena, "%s/user", of), where,
			 err));
	} else if (plan_ns_own(b, CLONE_NEWUSER)) {
		return err_set(err, EINVAL,
			       "%s: that container has no user namespace of its own, and from "
			       "another one its network can't be joined: remove {\"type\": "
			       "\"user\"} from /linux/namespaces",
			       where);
	}
	return join(b, CLONE_NEWNET, "network", arena_printf(b->arena, "%s/net", of), where, err);
}

int plan_net(struct builder *b, struct err *err)
{
	struct strs publish = b->options->publish;
	struct plan_net *net = &b->plan->net;
	const char *where = "--net";
	const char *mode = b->options->net;
	const char *text = plan_annotation(b->spec, PLAN_ANNOTATION_PUBLISH);

	if (!mode) {
		where = plan_annotation_path(PLAN_ANNOTATION_NET);
		mode = plan_annotation(b->spec, PLAN_ANNOTATION_NET);
	}
	net->where = where;
	net->publish_where = "--publish";
	if (publish.n == 0) {
		net->publish_where = plan_annotation_path(PLAN_ANNOTATION_PUBLISH);
		publish = words(b->arena, str_or(text, ""));
	}
	if ((!mode || !*mode) && publish.n > 0) {
		mode = "slirp4netns";
		where = net->publish_where;
	}
	if (!mode || !*mode) {
		return 0;
	}
	if (str_starts(mode, "slirp4netns")) {
		return take_own(b, mode, where, &publish, err);
	}
	if (publish.n > 0) {
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
		return share(b, b->options->net_of, where, err);
	}
	return err_set(err, EINVAL,
		       "%s: the network `%.100s` is not known: slirp4netns[:OPTION=VALUE,...], "
		       "host, none, ns:PATH or container:ID",
		       where, mode);
}

int plan_net_accel(struct builder *b, struct err *err)
{
	struct plan_net *net = &b->plan->net;
	bool own = net->config && net->config->accel;
	struct sock_filter *code;

	if (own && b->plan->filter.notify) {
		return err_set(err, EINVAL,
			       "%s: accel=seccomp and a listener of the bundle's own "
			       "(/linux/seccomp/listenerPath) exclude each other: the kernel gives "
			       "a process one; leave one of them out",
			       net->where);
	}
	/*
	 * With capabilities over the host's network a container could undo what keeps the host's
	 * sockets to their purpose.
	 */
	if (own && !b->user_namespace) {
		return err_set(
			err, EINVAL,
			"%s: accel=seccomp needs a user namespace: add one to /linux/namespaces",
			net->where);
	}
	/* Who shares it is accelerated with it, unless there is a listener of the bundle's own. */
	if (!own && (!b->options->net_accel || b->plan->filter.notify)) {
		return 0;
	}
	if (!net->where) {
		net->where = "the accelerated network";
	}
	code = arena_array(b->arena, NET_ACCEL_FILTER_MAX, sizeof(*code));
	net->accel_n = net_accel_filter(code);
	net->accel = code;
	return 0;
}

static struct plan_mount bind_file(struct builder *b, const char *name, const char *target)
{
	uint64_t readonly = b->plan->fs.readonly ? MOUNT_ATTR_RDONLY : 0;

	return (struct plan_mount){
		.kind = PLAN_MOUNT_BIND,
		.where = b->plan->net.where,
		.target = target,
		.source = arena_printf(b->arena, "%s/%s", b->options->state, name),
		.own = true,
		/* The container whose network is shared may have brought a file of its own. */
		.optional = !b->plan->net.config,
		.set = readonly | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
}

static bool has_outside(const struct plan_extents *map, uint32_t id)
{
	for (size_t i = 0; i < map->n; i++) {
		if (id >= map->v[i].outside && id - map->v[i].outside < map->v[i].count) {
			return true;
		}
	}
	return false;
}

/* The state folder is the caller's alone, whose ids may be none of the container's. */
static bool shuts_caller_out(const struct builder *b)
{
	const struct plan_ids *ids = &b->plan->ids;

	return b->user_namespace &&
	       !(has_outside(&ids->uid, b->facts->uid) && has_outside(&ids->gid, b->facts->gid));
}

/* Room for them is the caller's. */
size_t plan_net_mounts(struct builder *b, struct plan_mount *out)
{
	struct plan_net *net = &b->plan->net;
	size_t n = 0;

	net->names_first = (net->bind_resolv_conf || net->bind_hosts) && shuts_caller_out(b);

	if (net->bind_resolv_conf) {
		out[n++] = bind_file(b, "resolv.conf", RESOLV_CONF);
	}
	if (net->bind_hosts) {
		out[n++] = bind_file(b, "hosts", HOSTS);
	}
	assert(n <= PLAN_NET_EXTRA);
	return n;
}

/* "FIRST LAST", two gids. */
static bool gid_range(struct arena *arena, const char *value, uint32_t *ret_first,
		      uint32_t *ret_last)
{
	static const char space[] = " \t\n";
	const char *first = value + strspn(value, space);
	size_t first_len = strcspn(first, space);
	const char *last = first + first_len + strspn(first + first_len, space);
	size_t last_len = strcspn(last, space);

	return str_u32(arena_strndup(arena, first, first_len), ret_first) == 0 &&
	       str_u32(arena_strndup(arena, last, last_len), ret_last) == 0;
}

/*
 * The part of the range from *first to *last that a user namespace takes, which is of gids that it
 * has. The kernel holds it in its own ids, in their order: where that of the first is above that
 * of the last, nobody could ping. false: there is none.
 */
static bool fit_range(const struct plan_extents *gids, uint32_t *first, uint32_t *last)
{
	const struct plan_extent *low = NULL, *high = NULL;

	for (size_t i = 0; i < gids->n; i++) {
		const struct plan_extent *e = &gids->v[i];

		if (e->inside > *last || e->inside + (e->count - 1) < *first) {
			continue;
		}
		if (!low || e->inside < low->inside) {
			low = e;
		}
		if (!high || e->inside > high->inside) {
			high = e;
		}
	}
	if (!low) {
		return false;
	}
	if (low->outside > high->outside) {
		low = high;
	}
	if (*first < low->inside) {
		*first = low->inside;
	}
	if (*last > high->inside + (high->count - 1)) {
		*last = high->inside + (high->count - 1);
	}
	return true;
}

const char *plan_net_ping_range(struct builder *b, const char *asked)
{
	const char *fitting;
	uint32_t first, last;

	if (!gid_range(b->arena, asked, &first, &last) || first > last ||
	    (plan_gid_mapped(b, first) && plan_gid_mapped(b, last)) ||
	    !fit_range(&b->plan->ids.gid, &first, &last)) {
		return asked;
	}
	fitting = arena_printf(b->arena, "%u %u", first, last);
	plan_note(b, "/linux/sysctl",
		  arena_printf(b->arena, "net.ipv4.ping_group_range is \"%s\", not \"%s\"", fitting,
			       asked),
		  "the user namespace has no other gids", "write the gids that are mapped");
	return fitting;
}

/* Who may ping on a network of rootlet's: everybody. */
static const char *ping_range(struct builder *b)
{
	const struct plan_extents *gids = &b->plan->ids.gid;
	uint32_t first = 0, last = INT32_MAX;

	if (gids->n == 0 && (b->user_namespace || b->plan->ids.how != PLAN_IDS_NONE)) {
		last = 0;
	}
	(void)fit_range(gids, &first, &last);
	return arena_printf(b->arena, "%u %u", first, last);
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
