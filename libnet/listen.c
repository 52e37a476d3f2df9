/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/listen: binding published ports on the host, all or none, and saying what stands in the way.
 */
#include "libnet/listen.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/fd.h"

#define BACKLOG 4096

/* ---- who has a port ---- */

/*
 * The inode of the socket that is bound to the port, from /proc/net/tcp and its like; 0: none seen.
 */
static uint64_t inode_of(const char *table, uint16_t port, bool listening)
{
	scope_file FILE *file = fopen(table, "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned local, state;
		uint64_t inode;

		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %" SCNu64,
			   &local, &state, &inode) == 3 &&
		    local == port && (!listening || state == 10)) {
			return inode;
		}
	}
	return 0;
}

static bool has_socket(const char *pid, const char *wanted)
{
	char path[64], link[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (n > 0) {
			link[n] = '\0';
			found = str_eq(link, wanted);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* "NAME (pid N)" in the arena; NULL where the owner is not ours to see. */
static const char *owner_of(struct arena *arena, uint64_t inode)
{
	char wanted[40];
	const char *owner = NULL;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inode);
	while (proc && !owner && (entry = readdir(proc))) {
		const char *name = "?";
		uint32_t pid;

		if (str_u32(entry->d_name, &pid) < 0 || !has_socket(entry->d_name, wanted)) {
			continue;
		}
		if (sys_read_file(arena, AT_FDCWD, arena_printf(arena, "/proc/%u/comm", pid), 64,
				  &name) > 0) {
			name = arena_strndup(arena, name, strcspn(name, "\n"));
		}
		owner = arena_printf(arena, "%s (pid %u)", name, pid);
	}
	if (proc) {
		closedir(proc);
	}
	return owner;
}

static uint64_t inode_in(const char *table4, const char *table6, uint16_t port, bool listening)
{
	uint64_t inode = inode_of(table4, port, listening);

	return inode ? inode : inode_of(table6, port, listening);
}

static int explain_in_use(const struct net_port *port, uint16_t number, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *owner = NULL;
	uint64_t inode;

	if (port->protocol == IPPROTO_TCP) {
		inode = inode_in("/proc/net/tcp", "/proc/net/tcp6", number, true);
	} else {
		inode = inode_in("/proc/net/udp", "/proc/net/udp6", number, false);
	}
	if (inode) {
		owner = owner_of(&arena, inode);
	}
	if (!owner) {
		return err_hint(err, "it is taken by a process of another user");
	}
	return err_hint(err, "it is taken by %s", owner);
}

static int explain_privileged(struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *start = "1024";

	(void)sys_read_file(&arena, AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", 16,
			    &start);
	return err_hint(err,
			"on this host only root may bind ports below %.*s: choose a higher one, "
			"have systemd pass the socket, or lower the limit: sudo sysctl "
			"net.ipv4.ip_unprivileged_port_start=80",
			(int)strcspn(start, "\n"), start);
}

static int explain(const struct net_port *port, uint16_t number, int code, struct err *err)
{
	char text[NET_PORT_TEXT_MAX];

	net_port_print(port, text);
	err_errno(err, code, "publishing %s: binding %s port %u on the host", text,
		  port->protocol == IPPROTO_TCP ? "TCP" : "UDP", number);
	switch (code) {
	case EADDRINUSE:
		return explain_in_use(port, number, err);
	case EACCES:
		return explain_privileged(err);
	case EADDRNOTAVAIL:
		return err_hint(err, "no interface of this host has that address");
	default:
		return -code;
	}
}

/* ---- binding ---- */

static socklen_t socket_address(const struct net_port *port, sa_family_t family, uint16_t number,
				struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (void *)ret;
	struct sockaddr_in6 *v6 = (void *)ret;

	/* Every address of that family: INADDR_ANY and in6addr_any are 0. */
	memset(ret, 0, sizeof(*ret));
	ret->ss_family = family;
	if (family == AF_INET) {
		v4->sin_port = htons(number);
		if (port->host.family == AF_INET) {
			v4->sin_addr = port->host.v4;
		}
		return sizeof(*v4);
	}
	v6->sin6_port = htons(number);
	if (port->host.family == AF_INET6) {
		v6->sin6_addr = port->host.v6;
	}
	return sizeof(*v6);
}

/* Is this the socket that binding would give? */
static bool stands_for(int fd, int type, const struct sockaddr_storage *wanted, socklen_t len)
{
	struct sockaddr_storage is = { 0 };
	socklen_t is_len = sizeof(is);
	int is_type = 0;
	socklen_t type_len = sizeof(is_type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &is_type, &type_len) == 0 && is_type == type &&
	       getsockname(fd, (struct sockaddr *)&is, &is_len) == 0 && is_len == len &&
	       memcmp(&is, wanted, len) == 0;
}

static int set_option(int fd, int level, int name)
{
	const int one = 1;

	return setsockopt(fd, level, name, &one, sizeof(one)) < 0 ? -errno : 0;
}

static int prepare(int fd, int type, sa_family_t family)
{
	if (family == AF_INET6) {
		TRY(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	}
	if (type == SOCK_STREAM) {
		return set_option(fd, SOL_SOCKET, SO_REUSEADDR);
	}
	/* So that an answer can leave from the address that was asked. */
	if (family == AF_INET) {
		return set_option(fd, IPPROTO_IP, IP_PKTINFO);
	}
	return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

/* Returns a descriptor or -errno. */
static int bind_one(const struct net_port *port, sa_family_t family, uint16_t number,
		    const int *inherited, size_t n, bool *ret_inherited)
{
	int type = port->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	struct sockaddr_storage address;
	socklen_t len = socket_address(port, family, number, &address);
	scope_fd int fd = -1;

	for (size_t i = 0; i < n; i++) {
		if (stands_for(inherited[i], type, &address, len)) {
			fd = fcntl(inherited[i], F_DUPFD_CLOEXEC, 3);
			if (fd < 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
				return -errno;
			}
			*ret_inherited = true;
			return fd_take(&fd);
		}
	}
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	TRY(prepare(fd, type, family));
	if (bind(fd, (struct sockaddr *)&address, len) < 0) {
		return -errno;
	}
	if (type == SOCK_STREAM && listen(fd, BACKLOG) < 0) {
		return -errno;
	}
	return fd_take(&fd);
}

static bool without_ipv6(int rc)
{
	return rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL;
}

static int bind_range(const struct net_ports *ports, size_t index, const int *inherited,
		      size_t inherited_n, struct net_listeners *out, struct err *err)
{
	static const sa_family_t families[] = { AF_INET, AF_INET6 };
	const struct net_port *port = &ports->v[index];

	for (unsigned offset = 0; offset < port->count; offset++) {
		for (size_t i = 0; i < 2; i++) {
			uint16_t number = (uint16_t)(port->host_port + offset);
			bool taken_over = false;
			int fd;

			if (port->host.family != AF_UNSPEC && port->host.family != families[i]) {
				continue;
			}
			fd = bind_one(port, families[i], number, inherited, inherited_n,
				      &taken_over);
			if (fd < 0 && port->host.family == AF_UNSPEC && families[i] == AF_INET6 &&
			    without_ipv6(fd)) {
				continue;
			}
			if (fd < 0) {
				return explain(port, number, -fd, err);
			}
			out->v[out->n++] = (struct net_listener){ .fd = fd,
								  .port = index,
								  .inherited = taken_over };
		}
	}
	return 0;
}

void net_listeners_close(struct net_listeners *listeners)
{
	for (size_t i = 0; i < listeners->n; i++) {
		close(listeners->v[i].fd);
	}
	listeners->n = 0;
}

/* A mistake in the list itself should not read as "taken by ourselves". */
static int check_overlap(const struct net_ports *ports, struct err *err)
{
	for (size_t i = 0; i < ports->n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (net_port_overlaps(&ports->v[i], &ports->v[j])) {
				char a[NET_PORT_TEXT_MAX], b[NET_PORT_TEXT_MAX];

				net_port_print(&ports->v[j], a);
				net_port_print(&ports->v[i], b);
				return err_set(err, EINVAL,
					       "the published ports %s and %s want the same port "
					       "of the host",
					       a, b);
			}
		}
	}
	return 0;
}

int net_ports_bind(struct arena *arena, const struct net_ports *ports, const int *inherited,
		   size_t inherited_n, struct net_listeners *ret, struct err *err)
{
	struct net_listeners out = { .n = 0 };
	size_t sockets = 0;
	int rc = check_overlap(ports, err);

	for (size_t i = 0; i < ports->n; i++) {
		sockets += 2 * (size_t)ports->v[i].count;
	}
	out.v = arena_array(arena, sockets, sizeof(*out.v));
	for (size_t i = 0; rc == 0 && i < ports->n; i++) {
		rc = bind_range(ports, i, inherited, inherited_n, &out, err);
	}
	if (rc < 0) {
		net_listeners_close(&out);
		return rc;
	}
	*ret = out;
	return 0;
}
