/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/control: the helper's side of the control socket.
 *
 * The socket lies in a folder that only its user may enter, so a client is no enemy; but it may be
 * slow, killed half-way or of another version. Nothing here waits: a client is served when it has
 * sent something, and forgotten at its end.
 */
#include "libnet/helper/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "libnet/helper/ports.h"
#include "libnet/helper/switch.h"
#include "libnet/helper/watched.h"
#include "libnet/messages.h"

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		close(fds[i]);
	}
}

static void forget(struct helper_client *client)
{
	close_all(client->fds, client->fd_n);
	free(client->fds);
	fd_drop(&client->fd);
	*client = (struct helper_client){ .fd = -1 };
}

void helper_control_accept(struct helper *h)
{
	int fd = accept4(h->request->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (size_t i = 0; fd >= 0 && i < HELPER_CLIENTS_MAX; i++) {
		if (h->clients[i].fd < 0) {
			h->clients[i].fd = fd;
			return;
		}
	}
	/* All places taken, by clients that say nothing: the first of them goes. */
	if (fd >= 0) {
		forget(&h->clients[0]);
		h->clients[0].fd = fd;
	}
}

/* rc and err as helper_publish and its like return them. */
static void reply(const struct helper_client *client, int rc, const struct err *err)
{
	char text[ERR_MSG_MAX + 32] = "ok";

	if (rc < 0) {
		snprintf(text, sizeof(text), "error %d %s", -rc, err->msg);
	}
	(void)net_control_send(client->fd, text, NULL, 0);
}

static void list(const struct helper *h, const struct helper_client *client)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct text out;

	text_init(&out, &arena);
	text_add(&out, "ok\n");
	for (size_t i = 0; i < h->port_n && out.len < NET_CONTROL_REPLY_MAX - NET_PORT_TEXT_MAX - 2;
	     i++) {
		char port[NET_PORT_TEXT_MAX];

		net_port_print(&h->ports[i]->port, port);
		text_add(&out, "%s\n", port);
	}
	(void)net_control_send(client->fd, out.s, NULL, 0);
}

static int overlapping(const struct helper *h, const struct net_port *port, struct err *err)
{
	for (size_t i = 0; i < h->port_n; i++) {
		if (net_port_overlaps(&h->ports[i]->port, port)) {
			return err_set(err, EEXIST, "that port of the host is published already");
		}
	}
	return 0;
}

static void publish(struct helper *h, struct helper_client *client)
{
	struct err err = { .code = 0 };
	int rc = overlapping(h, &client->port, &err);

	if (rc == 0) {
		rc = helper_publish(h, &client->port, client->fds, client->fd_n, &err);
		client->fds = NULL;
		client->fd_n = 0;
	}
	reply(client, rc, &err);
	forget(client);
}

/* "add PORT N": N descriptors follow. */
static int begin_add(struct helper *h, struct helper_client *client, char *text, struct err *err)
{
	char *number = strchr(text, ' ');
	uint64_t wanted;

	if (!number) {
		return err_set(err, EPROTO, "a malformed request");
	}
	*number++ = '\0';
	TRY(net_port_parse(text, &client->port, err));
	if (str_u64(number, 2 * (uint64_t)client->port.count, &wanted) < 0) {
		return err_set(err, EPROTO, "a malformed request");
	}
	client->wanted = (size_t)wanted;
	if (wanted == 0) {
		publish(h, client);
		return 0;
	}
	client->fds = calloc(client->wanted, sizeof(*client->fds));
	if (!client->fds) {
		return err_errno(err, ENOMEM, "publishing a port");
	}
	return 0;
}

static void take_descriptors(struct helper *h, struct helper_client *client, const int *fds,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (client->fd_n < client->wanted) {
			client->fds[client->fd_n++] = fds[i];
		} else {
			close(fds[i]);
		}
	}
	if (client->fd_n == client->wanted) {
		publish(h, client);
	}
}

static int watch(struct helper *h, const char *text, const int *fds, size_t n, struct err *err)
{
	uint32_t pid;

	if (n != 1 || str_u32(text, &pid) < 0 || pid == 0 || pid > INT32_MAX) {
		return err_set(err, EPROTO, "a malformed request");
	}
	if (helper_watch(h, (pid_t)pid, fds[0]) < 0) {
		return err_errno(err, ENOMEM, "watching process %u", pid);
	}
	return 0;
}

static int accelerate(const struct helper *h, const int *fds, size_t n, struct err *err)
{
	if (n != 1) {
		return err_set(err, EPROTO, "a malformed request");
	}
	return helper_switch_listen(h, fds[0], err);
}

void helper_control_tell(struct helper *h, const char *event)
{
	for (size_t i = 0; i < HELPER_CLIENTS_MAX; i++) {
		struct helper_client *client = &h->clients[i];

		if (client->fd >= 0 && client->follows &&
		    net_control_send(client->fd, event, NULL, 0) == -EPIPE) {
			forget(client);
		}
	}
}

void helper_control_serve(struct helper *h, struct helper_client *client)
{
	char text[NET_CONTROL_MESSAGE_MAX];
	int fds[NET_CONTROL_FDS_MAX];
	struct err err = { .code = 0 };
	struct net_port port;
	bool more = false; /* comes with the next messages */
	size_t n = 0;
	int rc = 0;
	ssize_t len = net_control_receive(client->fd, text, sizeof(text), fds, &n);

	if (len == -EAGAIN) {
		return;
	}
	if (len <= 0) {
		close_all(fds, n);
		forget(client);
		return;
	}
	if (client->wanted > 0) {
		take_descriptors(h, client, fds, n);
		return;
	}
	if (str_starts(text, "watch ")) {
		rc = watch(h, text + 6, fds, n, &err);
		if (rc != -EPROTO) {
			n = 0; /* it is the helper's */
		}
	} else if (str_eq(text, "accel")) {
		rc = accelerate(h, fds, n, &err);
	} else if (str_eq(text, "watching")) {
		snprintf(text, sizeof(text), "ok\n%zu", h->watched_n);
		(void)net_control_send(client->fd, text, NULL, 0);
		forget(client);
	} else if (str_eq(text, "follow")) {
		client->follows = true;
		(void)net_control_send(client->fd, "ok", NULL, 0);
	} else if (str_eq(text, "list")) {
		list(h, client);
		forget(client);
	} else if (str_starts(text, "add ")) {
		rc = begin_add(h, client, text + 4, &err);
		more = rc == 0;
	} else if (str_starts(text, "remove ")) {
		rc = net_port_parse(text + 7, &port, &err);
		if (rc == 0) {
			rc = helper_unpublish(h, &port, &err);
		}
	} else {
		rc = err_set(&err, EPROTO, "a request that this helper doesn't know");
	}
	close_all(fds, n);
	if (client->fd >= 0 && !client->follows && !more) {
		reply(client, rc, &err);
		forget(client);
	}
}
