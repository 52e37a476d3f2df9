/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_net_control: requests to a network's helper. The input is a row of datagrams of one client,
 * each a byte of how many descriptors go with it (bits 0-2), a byte of length and so many bytes.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "libnet/helper/control.h"
#include "libnet/helper/state.h"
#include "libnet/messages.h"

#define FDS_MAX 7

/* As net_control_send, but any bytes. */
static void put(int socket, const uint8_t *bytes, size_t len, size_t n, int fd)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (size_t i = 0; i < n; i++) {
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(fd));
		}
	}
	(void)sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "ok", or "error N TEXT". */
static void take_answers(int socket)
{
	char text[NET_CONTROL_REPLY_MAX + 1];
	ssize_t n;

	while ((n = recv(socket, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		if (strncmp(text, "error ", 6) == 0) {
			const char *space = strchr(text + 6, ' ');

			FUZZ_CHECK(space && space[1] && strtol(text + 6, NULL, 10) > 0);
		} else {
			FUZZ_CHECK(strncmp(text, "ok", 2) == 0);
		}
	}
}

/* How many are open; more than the helper and this need are not looked at. */
static size_t descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++) {
		n += fcntl(fd, F_GETFD) >= 0;
	}
	return n;
}

/* What it keeps for itself. */
static void forget(struct helper *h)
{
	for (size_t i = 0; i < h->watched_n; i++) {
		close(h->watched[i].pidfd);
	}
	free(h->watched);
	for (size_t i = 0; i < h->port_n; i++) {
		for (size_t k = 0; k < h->ports[i]->fd_n; k++) {
			close(h->ports[i]->fds[k]);
		}
		free(h->ports[i]->fds);
		free(h->ports[i]);
	}
	free(h->ports);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct net_request request = { .config.handler = NET_HANDLER_OWN };
	struct helper h = { .request = &request };
	struct helper_client *client = &h.clients[0];
	size_t before = descriptors();
	int pair[2], forwarder[2], given;

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) ==
		   0);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, forwarder) == 0);
	h.forwarder = h.switcher = (struct helper_child){ .pid = -1, .pidfd = -1, .control = -1 };
	h.forwarder.control = forwarder[0];
	for (size_t i = 0; i < HELPER_CLIENTS_MAX; i++) {
		h.clients[i].fd = -1;
	}
	client->fd = pair[0];
	given = dup(pair[1]);
	while (len >= 2 && client->fd >= 0) {
		size_t have = bytes[1] < len - 2 ? bytes[1] : len - 2;

		put(pair[1], bytes + 2, have, bytes[0] & FDS_MAX, given);
		helper_control_serve(&h, client);
		bytes += 2 + have;
		len -= 2 + have;
	}
	take_answers(pair[1]);
	/* The client goes. */
	shutdown(pair[1], SHUT_RDWR);
	for (int i = 0; i < 4 && client->fd >= 0; i++) {
		helper_control_serve(&h, client);
	}
	FUZZ_CHECK(client->fd < 0);
	forget(&h);
	close(given);
	close(pair[1]);
	close(forwarder[0]);
	close(forwarder[1]);
	/* No descriptor of its is left. */
	FUZZ_CHECK(descriptors() == before);
	return 0;
}
