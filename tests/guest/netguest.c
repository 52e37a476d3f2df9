/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netguest: servers for a container in the network tests, where busybox has none. Static.
 *
 *	netguest tcp:PORT peer:PORT port:PORT udp:PORT udp-peer:PORT …
 *
 * tcp and udp send back what comes; peer and udp-peer say who the client is, ADDRESS PORT, peer4
 * and udp-peer4 on IPv4 alone; port says which port was reached. last says hello, ends its own side
 * and prints what came afterwards: its length and FNV-1a hash; after waits for the client's end and
 * then sends as many bytes as that had written, in decimal; end prints how the client ended; reset
 * answers the first byte with a reset. Listens on every address of both families, prints "ready"
 * and serves until it is killed. `netguest ping ADDRESS` sends one ping.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVERS 64

static const struct kind {
	const char *name;
	int type;
} kinds[] = {
	{ "tcp", SOCK_STREAM },	  { "peer", SOCK_STREAM },     { "peer4", SOCK_STREAM },
	{ "port", SOCK_STREAM },  { "udp", SOCK_DGRAM },       { "udp-peer", SOCK_DGRAM },
	{ "last", SOCK_STREAM },  { "after", SOCK_STREAM },    { "end", SOCK_STREAM },
	{ "reset", SOCK_STREAM }, { "udp-peer4", SOCK_DGRAM },
};

static struct pollfd fds[SERVERS];
static struct {
	const struct kind *kind;
	int port;
} servers[SERVERS];
static char buffer[65536];

static void say_peer(const struct sockaddr_in6 *peer, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr)) {
		inet_ntop(AF_INET, &peer->sin6_addr.s6_addr[12], address, sizeof(address));
	} else {
		inet_ntop(AF_INET6, &peer->sin6_addr, address, sizeof(address));
	}
	snprintf(text, size, "%s %d\n", address, ntohs(peer->sin6_port));
}

static void put(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n <= 0) {
			_exit(1);
		}
		bytes += n;
		len -= (size_t)n;
	}
}

static void serve_last(int fd)
{
	uint64_t hash = 14695981039346656037u, length = 0;
	ssize_t n;

	put(fd, "hello", 5);
	shutdown(fd, SHUT_WR);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		length += (uint64_t)n;
		for (ssize_t k = 0; k < n; k++) {
			hash = (hash ^ (unsigned char)buffer[k]) * 1099511628211u;
		}
	}
	printf("last: %llu bytes %016llx\n", (unsigned long long)length, (unsigned long long)hash);
	fflush(stdout);
}

static void serve_after(int fd)
{
	char text[32] = "";
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(text) - 1 &&
	       (n = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		used += (size_t)n;
	}
	for (size_t left = (size_t)atol(text), some; left > 0; left -= some) {
		some = left < sizeof(buffer) ? left : sizeof(buffer);
		for (size_t k = 0; k < some; k++) {
			buffer[k] = (char)(left - k);
		}
		put(fd, buffer, some);
	}
}

static void serve_end(int fd)
{
	struct pollfd p = { fd, 0, 0 };
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
	}
	if (n == 0) {
		printf("end: closed\n");
		fflush(stdout);
		/* Of a stream that has ended, only an error is still to come. */
		poll(&p, 1, 10000);
		n = p.revents & POLLERR ? -1 : 0;
	}
	if (n < 0) {
		printf("end: reset\n");
		fflush(stdout);
	}
}

static void serve_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)!read(fd, buffer, 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void serve_connection(int i, int fd, const struct sockaddr_in6 *peer)
{
	const char *what = servers[i].kind->name;
	char text[128];
	ssize_t n;

	if (strncmp(what, "peer", 4) == 0) {
		say_peer(peer, text, sizeof(text));
		put(fd, text, strlen(text));
	} else if (strcmp(what, "port") == 0) {
		snprintf(text, sizeof(text), "%d\n", servers[i].port);
		put(fd, text, strlen(text));
	} else if (strcmp(what, "last") == 0) {
		serve_last(fd);
	} else if (strcmp(what, "after") == 0) {
		serve_after(fd);
	} else if (strcmp(what, "end") == 0) {
		serve_end(fd);
	} else if (strcmp(what, "reset") == 0) {
		serve_reset(fd);
	} else {
		while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
			put(fd, buffer, (size_t)n);
		}
	}
	_exit(0);
}

static void take(int i)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);

	if (servers[i].kind->type == SOCK_STREAM) {
		int fd = accept(fds[i].fd, (struct sockaddr *)&peer, &len);

		if (fd >= 0 && fork() == 0) {
			serve_connection(i, fd, &peer);
		}
		close(fd);
		return;
	}
	ssize_t n = recvfrom(fds[i].fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&peer, &len);

	if (n >= 0 && strncmp(servers[i].kind->name, "udp-peer", 8) == 0) {
		say_peer(&peer, buffer, sizeof(buffer));
		n = (ssize_t)strlen(buffer);
	}
	if (n >= 0) {
		sendto(fds[i].fd, buffer, (size_t)n, 0, (struct sockaddr *)&peer, len);
	}
}

static int open_server(int i, char *spec)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_any };
	char *colon = strchr(spec, ':');
	int one = 1;

	if (!colon) {
		return -1;
	}
	*colon = '\0';
	servers[i].port = atoi(colon + 1);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (strcmp(kinds[k].name, spec) == 0) {
			servers[i].kind = &kinds[k];
		}
	}
	if (!servers[i].kind) {
		return -1;
	}
	address.sin6_port = htons((unsigned short)servers[i].port);
	if (servers[i].kind->name[strlen(servers[i].kind->name) - 1] == '4') {
		address.sin6_addr.s6_addr[10] = address.sin6_addr.s6_addr[11] = 0xff;
	}
	fds[i].events = POLLIN;
	fds[i].fd = socket(AF_INET6, servers[i].kind->type, 0);
	setsockopt(fds[i].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fds[i].fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("bind");
		return -1;
	}
	return servers[i].kind->type == SOCK_STREAM ? listen(fds[i].fd, 1024) : 0;
}

/*
 * As ping does it for an ordinary user: the kernel lets the group in by net.ipv4.ping_group_range.
 */
static int ping(const char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval limit = { .tv_sec = 5 };
	char echo[8] = { 8 };
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	if (fd < 0) {
		perror("socket");
		return 1;
	}
	inet_pton(AF_INET, text, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (sendto(fd, echo, sizeof(echo), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    recv(fd, buffer, sizeof(buffer), 0) < 1 || buffer[0] != 0) {
		perror("ping");
		return 1;
	}
	printf("%s answers\n", text);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "ping") == 0) {
		return ping(argv[2]);
	}
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	for (int i = 0; i < argc - 1 && i < SERVERS; i++) {
		if (open_server(i, argv[1 + i]) < 0) {
			fprintf(stderr, "netguest: %s\n", argv[1 + i]);
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(fds, (nfds_t)(argc - 1), -1) < 0 && errno != EINTR) {
			return 1;
		}
		for (int i = 0; i < argc - 1; i++) {
			if (fds[i].revents) {
				take(i);
			}
		}
	}
}
