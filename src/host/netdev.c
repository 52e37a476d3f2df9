/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/netdev: linux.netDevices: devices of the runtime's network namespace move into the
 * container's.
 *
 * The kernel keeps a device's link-layer address, MTU and the like on the way, but drops its IP
 * addresses: those are read before and added again after.
 */
#include "host/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/scope.h"
#include "base/str.h"
#include "sys/netlink.h"

/* What may be said of an address when it is made; the kernel computes the other flags. */
#define ADDR_FLAGS                                                                                 \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |            \
	 IFA_F_MCAUTOJOIN)

/* One address, as RTM_GETADDR shows it. */
struct address {
	struct address *next;
	struct ifaddrmsg head;
	uint32_t flags; /* all 32: those of the head are eight */
	uint32_t metric;
	size_t peer_len; /* 0 where it has none, as the next two */
	unsigned char local[16];
	unsigned char peer[16];
	unsigned char broadcast[16];
	size_t local_len;
	size_t broadcast_len;
	char label[IFNAMSIZ];
};

struct move {
	struct arena *arena;
	const struct plan_net_device *device;
	struct sys_nl *here;
	struct sys_nl *there;
	int netns;
	int index; /* of the device, in the namespace that it is in */
	int wish;  /* the index to ask for; 0: its own is free */
	struct address *addresses;
	struct address **end;
};

static int fail(const struct move *m, const struct sys_nl *nl, int rc, const char *what,
		struct err *err)
{
	err_errno(err, -rc, "%s: %s %s", m->device->where, what, m->device->host_name);
	if (nl->said[0]) {
		err_hint(err, "%s", nl->said);
	}
	return -err->code;
}

/* ---- looking ---- */

static int take_index(const struct nlmsghdr *answer, void *data)
{
	const struct ifinfomsg *link = sys_nl_header(answer, sizeof(*link));

	if (link && answer->nlmsg_type == RTM_NEWLINK) {
		*(int *)data = link->ifi_index;
	}
	return 0;
}

/*
 * The index of the device of that name, or (name NULL) whether there is one of that index; -ENODEV
 * when not.
 */
static int find_link(struct sys_nl *nl, const char *name, int index, int *ret_index)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct sys_nl_msg msg;

	if (!name) {
		link.ifi_index = index;
	}
	sys_nl_begin(&msg, RTM_GETLINK, 0, &link, sizeof(link));
	if (name) {
		sys_nl_str(&msg, IFLA_IFNAME, name);
	}
	return sys_nl_call(nl, &msg, take_index, ret_index);
}

/* Copies an attribute of at most 16 bytes; its length, 0 when there is none. */
static size_t copy_attr(const struct nlmsghdr *answer, uint16_t type, unsigned char out[16])
{
	size_t len = 0;
	const void *bytes = sys_nl_find(answer, sizeof(struct ifaddrmsg), type, &len);

	if (!bytes || len > 16) {
		return 0;
	}
	memcpy(out, bytes, len);
	return len;
}

static uint32_t u32_attr(const struct nlmsghdr *answer, uint16_t type, uint32_t otherwise)
{
	size_t len = 0;
	const void *bytes = sys_nl_find(answer, sizeof(struct ifaddrmsg), type, &len);
	uint32_t value = otherwise;

	if (bytes && len == sizeof(value)) {
		memcpy(&value, bytes, sizeof(value));
	}
	return value;
}

/* Those that last (no lease's) and reach beyond the link, of any family. */
static int take_address(const struct nlmsghdr *answer, void *data)
{
	struct move *m = data;
	const struct ifaddrmsg *head = sys_nl_header(answer, sizeof(*head));
	struct address *a;
	const char *label;
	size_t len = 0;

	if (!head || answer->nlmsg_type != RTM_NEWADDR || (int)head->ifa_index != m->index ||
	    head->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(u32_attr(answer, IFA_FLAGS, head->ifa_flags) & IFA_F_PERMANENT)) {
		return 0;
	}
	a = arena_alloc(m->arena, sizeof(*a));
	a->head = *head;
	a->flags = u32_attr(answer, IFA_FLAGS, head->ifa_flags);
	a->metric = u32_attr(answer, IFA_RT_PRIORITY, 0);
	a->peer_len = copy_attr(answer, IFA_ADDRESS, a->peer);
	a->local_len = copy_attr(answer, IFA_LOCAL, a->local);
	a->broadcast_len = copy_attr(answer, IFA_BROADCAST, a->broadcast);
	label = sys_nl_find(answer, sizeof(*head), IFA_LABEL, &len);
	if (label && len > 0 && len <= sizeof(a->label)) {
		snprintf(a->label, sizeof(a->label), "%.*s", (int)strnlen(label, len), label);
	}
	*m->end = a;
	m->end = &a->next;
	return 0;
}

static int read_addresses(struct move *m, struct err *err)
{
	struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
	struct sys_nl_msg msg;
	int rc;

	sys_nl_begin(&msg, RTM_GETADDR, NLM_F_DUMP, &any, sizeof(any));
	rc = sys_nl_call(m->here, &msg, take_address, m);
	if (rc < 0) {
		return fail(m, m->here, rc, "reading the addresses of", err);
	}
	return 0;
}

static bool is_template(const char *name)
{
	return strchr(name, '%') != NULL;
}

/*
 * Before anything is moved: is there such a device, is its name free there, and which index can it
 * have?
 */
static int look(struct move *m, struct err *err)
{
	const char *name = m->device->name;
	int other;
	int rc = find_link(m->here, m->device->host_name, 0, &m->index);

	if (rc == -ENODEV) {
		return err_set(err, ENODEV,
			       "%s: there is no network device %s in the network namespace that "
			       "rootlet runs in",
			       m->device->where, m->device->host_name);
	}
	if (rc < 0) {
		return fail(m, m->here, rc, "looking for", err);
	}
	rc = -ENODEV;
	if (!is_template(name)) {
		rc = find_link(m->there, name, 0, &other);
	}
	if (rc == 0) {
		return err_set(err, EEXIST,
			       "%s: the container's network namespace has a device %s already; "
			       "give another /name, or a template such as \"eth%%d\"",
			       m->device->where, name);
	}
	if (rc != -ENODEV) {
		return fail(m, m->there, rc, "looking into the container's network namespace for",
			    err);
	}
	/*
	 * The kernel lets a device keep its index where that is free, and would choose one that it
	 * does not tell. Asking for one is possible since Linux 5.13; before, send_over does not
	 * find it.
	 */
	for (int index = m->index; (rc = find_link(m->there, NULL, index, &other)) == 0; index++) {
		m->wish = index + 1;
	}
	if (rc == -ENODEV) {
		return 0;
	}
	return fail(m, m->there, rc, "looking into the container's network namespace for", err);
}

/* ---- moving ---- */

static int send_over(struct move *m, struct err *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = m->index };
	struct sys_nl_msg msg;
	int rc;

	sys_nl_begin(&msg, RTM_SETLINK, 0, &link, sizeof(link));
	sys_nl_u32(&msg, IFLA_NET_NS_FD, (uint32_t)m->netns);
	sys_nl_str(&msg, IFLA_IFNAME, m->device->name);
	if (m->wish) {
		sys_nl_u32(&msg, IFLA_NEW_IFINDEX, (uint32_t)m->wish);
	}
	rc = sys_nl_call(m->here, &msg, NULL, NULL);
	if (rc < 0) {
		fail(m, m->here, rc, "moving the network device", err);
		if (rc == -EPERM) {
			err_hint(err, "CAP_NET_ADMIN is needed over the network namespace that the "
				      "device is in");
		} else if (rc == -EINVAL && !m->here->said[0]) {
			err_hint(err, "devices of some kinds (a loopback, a bridge) stay in the "
				      "namespace they were made in");
		}
		return -err->code;
	}
	if (m->wish) {
		m->index = m->wish;
	}
	rc = find_link(m->there, NULL, m->index, &m->index);
	if (rc < 0) {
		return fail(m, m->there, rc,
			    "finding in the container's network namespace the device", err);
	}
	return 0;
}

static int add_address(struct move *m, const struct address *a, struct err *err)
{
	struct ifaddrmsg head = a->head;
	struct sys_nl_msg msg;
	int rc;

	head.ifa_index = (uint32_t)m->index;
	head.ifa_flags = 0;
	sys_nl_begin(&msg, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	sys_nl_put(&msg, IFA_ADDRESS, a->peer, a->peer_len);
	if (a->local_len > 0) {
		sys_nl_put(&msg, IFA_LOCAL, a->local, a->local_len);
	}
	if (a->broadcast_len > 0) {
		sys_nl_put(&msg, IFA_BROADCAST, a->broadcast, a->broadcast_len);
	}
	/* A label begins with the name of its device, by convention of ip(8) and ifconfig(8). */
	if (a->label[0] && str_eq(m->device->name, m->device->host_name)) {
		sys_nl_str(&msg, IFA_LABEL, a->label);
	}
	sys_nl_u32(&msg, IFA_FLAGS, a->flags & ADDR_FLAGS);
	if (a->metric) {
		sys_nl_u32(&msg, IFA_RT_PRIORITY, a->metric);
	}
	rc = sys_nl_call(m->there, &msg, NULL, NULL);
	if (rc < 0) {
		return fail(m, m->there, rc, "giving back the addresses of", err);
	}
	return 0;
}

static int bring_up(struct move *m, struct err *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC,
				  .ifi_index = m->index,
				  .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct sys_nl_msg msg;
	int rc;

	sys_nl_begin(&msg, RTM_NEWLINK, 0, &link, sizeof(link));
	rc = sys_nl_call(m->there, &msg, NULL, NULL);
	if (rc < 0) {
		return fail(m, m->there, rc, "bringing up", err);
	}
	return 0;
}

static int move_one(struct move *m, struct err *err)
{
	TRY(look(m, err));
	TRY(read_addresses(m, err));
	TRY(send_over(m, err));
	for (const struct address *a = m->addresses; a; a = a->next) {
		TRY(add_address(m, a, err));
	}
	return bring_up(m, err);
}

static int move_all(const struct plan *plan, int netns, struct sys_nl *here, struct sys_nl *there,
		    struct err *err)
{
	for (size_t i = 0; i < plan->net_device_n; i++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct move m = {
			.arena = &arena,
			.device = &plan->net_devices[i],
			.here = here,
			.there = there,
			.netns = netns,
			.end = &m.addresses,
		};

		TRY(move_one(&m, err));
	}
	return 0;
}

int host_netdev_move(const struct plan *plan, pid_t pid, struct err *err)
{
	struct sys_nl here = { .fd = -1 }, there = { .fd = -1 };
	scope_fd int netns = -1;
	char path[64];
	int rc;

	if (plan->net_device_n == 0) {
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0) {
		return err_errno(err, errno,
				 "/linux/netDevices: the container's network namespace, %s", path);
	}
	rc = sys_nl_open(&here);
	if (rc == 0) {
		rc = sys_nl_open_in(-1, netns, &there);
	}
	if (rc < 0) {
		err_errno(err, -rc, "/linux/netDevices: a netlink socket");
	} else {
		rc = move_all(plan, netns, &here, &there, err);
	}
	fd_drop(&here.fd);
	fd_drop(&there.fd);
	return rc;
}
