/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/server: ending the container's servers that have a socket of the host.
 *
 * Nothing is kept of the sockets that were handed over: a number that was remembered may be another
 * socket's by now. They are known by what they are instead: a process of the container has them,
 * they belong to the host's network, have the address that was published, and no peer. The
 * container has no such socket but from here. What a server has accepted has a peer, and goes on.
 *
 * A program could listen again on a socket that was shut down. So it is bound to a device that
 * nobody has: to undo that takes CAP_NET_RAW over the host's network, socket(7).
 */
#include "libnet/switch/server.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "libnet/switch/target.h"
#include "sys/clone.h"
#include "sys/compat.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

static struct switch_home home_of(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return (struct switch_home){ .inode = 0 };
	}
	return (struct switch_home){ .device = st.st_dev, .inode = st.st_ino };
}

void switch_server_homes(struct switcher *s)
{
	s->userns = home_of(s->setup->userns);
	s->netns = home_of(s->setup->netns);
}

static bool is_in(const char *pid, const char *kind, const struct switch_home *home)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/ns/%s", pid, kind);
	return home->inode != 0 && stat(path, &st) == 0 && st.st_dev == home->device &&
	       st.st_ino == home->inode;
}

/* One that has made itself another namespace of one kind is found by the other. */
static bool is_containers(const struct switcher *s, const char *pid)
{
	return is_in(pid, "user", &s->userns) || is_in(pid, "net", &s->netns);
}

static bool has_no_peer(int socket)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t len = sizeof(info);

	return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       (info.tcpi_state == TCP_LISTEN || info.tcpi_state == TCP_CLOSE);
}

static bool is_server(const struct switcher *s, int socket, const struct switch_peer *at)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	struct switch_peer bound;
	int domain = 0;

	if (switch_target_place(s, socket, &domain) != SWITCH_OUTSIDE || !has_no_peer(socket) ||
	    getsockname(socket, (struct sockaddr *)&address, &len) < 0 ||
	    !switch_parse(&address, len, domain, &bound) || bound.port != at->port ||
	    bound.address.family != at->address.family) {
		return false;
	}
	if (bound.address.family == AF_INET) {
		return bound.address.v4.s_addr == at->address.v4.s_addr;
	}
	return IN6_ARE_ADDR_EQUAL(&bound.address.v6, &at->address.v6);
}

static void end_if_server(const struct switcher *s, int pidfd, int number,
			  const struct switch_peer *at)
{
	scope_fd int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	const int nowhere = INT32_MAX;

	if (fd >= 0 && is_server(s, fd, at)) {
		(void)setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof(nowhere));
		(void)shutdown(fd, SHUT_RDWR);
	}
}

static void end_servers_of(const struct switcher *s, pid_t pid, const struct switch_peer *at)
{
	static const char socket[] = "socket:[";
	scope_fd int pidfd = sys_pidfd_open(pid);
	char path[64], link[64];
	struct dirent *entry;
	DIR *dir = NULL;

	snprintf(path, sizeof(path), "%d/fd", (int)pid);
	if (pidfd >= 0) {
		dir = opendir(path);
	}
	while (dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		uint32_t number;

		if (n > 0 && str_u32(entry->d_name, &number) == 0 &&
		    strncmp(link, socket, sizeof(socket) - 1) == 0) {
			end_if_server(s, pidfd, (int)number, at);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

void switch_server_end(const struct switcher *s, const struct switch_peer *at)
{
	DIR *proc = opendir(".");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		uint32_t pid;

		if (str_u32(entry->d_name, &pid) == 0 && is_containers(s, entry->d_name)) {
			end_servers_of(s, (pid_t)pid, at);
		}
	}
	if (proc) {
		closedir(proc);
	}
}
