/* SPDX-License-Identifier: Apache-2.0 */
/* slirp/api: requests to slirp4netns, and reading its answers with suspicion. */
#include "libnet/slirp/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clock.h"
#include "json/encode.h"
#include "json/tree.h"

/* Waits for the descriptor until the deadline. Returns 0, or -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - sys_now_ms();
		struct pollfd p = { fd, events, 0 };
		int n;

		if (left <= 0) {
			return -ETIMEDOUT;
		}
		n = poll(&p, 1, (int)left);
		if (n > 0) {
			return 0;
		}
		if (n == 0) {
			return -ETIMEDOUT;
		}
		if (errno != EINTR) {
			return -errno;
		}
	}
}

static int connect_to(const char *path, int64_t deadline, int *ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* EAGAIN: its backlog, which is 1, is full. */
	while (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EAGAIN || sys_now_ms() >= deadline) {
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	if (fd < 0) {
		return -errno;
	}
	*ret = fd_take(&fd);
	return 0;
}

/* The whole exchange. Returns the answer's length, or -errno. */
static ssize_t exchange(const char *path, const char *request, char *answer)
{
	int64_t deadline = sys_now_ms() + SLIRP_API_TIMEOUT_MS;
	size_t len = strlen(request), used = 0;
	scope_fd int fd = -1;

	TRY(connect_to(path, deadline, &fd));
	TRY(wait_for(fd, POLLOUT, deadline));
	/* One write: it reads once, and takes what came for the whole. */
	if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len || shutdown(fd, SHUT_WR) < 0) {
		return -errno;
	}
	for (;;) {
		ssize_t n;

		TRY(wait_for(fd, POLLIN, deadline));
		if (used == SLIRP_API_ANSWER_MAX) {
			return -E2BIG;
		}
		n = recv(fd, answer + used, SLIRP_API_ANSWER_MAX - used, 0);
		if (n == 0) {
			return (ssize_t)used;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
		if (n > 0) {
			used += (size_t)n;
		}
	}
}

const struct json *slirp_api_parse(struct arena *arena, const char *text, size_t len,
				   struct err *err)
{
	const struct json *tree = NULL, *error, *desc, *result;

	if (json_parse(arena, text, len, &tree, err) < 0) {
		err->code = EPROTO;
		err_wrap(err, "slirp4netns' answer");
		return NULL;
	}
	if (tree->type != JSON_OBJECT) {
		err_set(err, EPROTO, "slirp4netns' answer is no object");
		return NULL;
	}
	error = json_member(tree, "error");
	if (error) {
		err_set(err, EIO, "slirp4netns: an error that it doesn't name");
		if (error->type == JSON_OBJECT) {
			desc = json_member(error, "desc");
			if (desc && desc->type == JSON_STRING) {
				err_set(err, EIO, "slirp4netns: %s", json_show(desc->text).s);
			}
		}
		return NULL;
	}
	/* A list comes without "return", whatever the manual says. */
	if (json_member(tree, "entries")) {
		return tree;
	}
	result = json_member(tree, "return");
	if (!result || result->type != JSON_OBJECT) {
		err_set(err, EPROTO, "slirp4netns' answer has neither \"return\" nor \"error\"");
		return NULL;
	}
	return result;
}

static const struct json *ask(struct arena *arena, const char *path, const char *request,
			      struct err *err)
{
	char *answer = arena_alloc(arena, SLIRP_API_ANSWER_MAX);
	ssize_t len = exchange(path, request, answer);

	if (len < 0) {
		err_errno(err, (int)-len, "asking slirp4netns at %s", path);
		return NULL;
	}
	return slirp_api_parse(arena, answer, (size_t)len, err);
}

static const char *name_of(const struct net_port *port)
{
	return port->protocol == IPPROTO_UDP ? "udp" : "tcp";
}

int slirp_api_add(const char *socket, const struct net_port *port, struct in_addr inside,
		  struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	char host[INET_ADDRSTRLEN] = "0.0.0.0", guest[INET_ADDRSTRLEN];
	struct json_writer w;
	struct text out;

	if (port->host.family == AF_INET) {
		inet_ntop(AF_INET, &port->host.v4, host, sizeof(host));
	}
	inet_ntop(AF_INET, &inside, guest, sizeof(guest));
	text_init(&out, &arena);
	json_writer_init(&w, &out, true);
	json_object_begin(&w, NULL);
	json_string(&w, "execute", "add_hostfwd");
	json_object_begin(&w, "arguments");
	json_string(&w, "proto", name_of(port));
	json_string(&w, "host_addr", host);
	json_int(&w, "host_port", port->host_port);
	json_string(&w, "guest_addr", guest);
	json_int(&w, "guest_port", port->inside_port);
	json_object_end(&w);
	json_object_end(&w);
	if (!ask(&arena, socket, out.s, err)) {
		char text[NET_PORT_TEXT_MAX];

		net_port_print(port, text);
		return err_wrap(err, "publishing %s", text);
	}
	return 0;
}

static bool number(const struct json *entry, const char *key, int64_t *ret)
{
	const struct json *v = json_member(entry, key);

	return v && v->type == JSON_NUMBER && str_i64(v->text, 0, INT32_MAX, ret) == 0;
}

static bool is_of(const struct json *entry, const struct net_port *port)
{
	const struct json *proto = json_member(entry, "proto");
	int64_t host_port;

	return proto && proto->type == JSON_STRING && str_eq(proto->text, name_of(port)) &&
	       number(entry, "host_port", &host_port) && host_port >= port->host_port &&
	       host_port - port->host_port < port->count;
}

const struct json *slirp_api_next(const struct json *list, const struct json *after,
				  const struct net_port *port, int64_t *ret_id)
{
	const struct json *entries = json_member(list, "entries");
	const struct json *e = NULL;

	if (after) {
		e = after->next;
	} else if (entries && entries->type == JSON_ARRAY) {
		e = entries->first;
	}
	for (; e; e = e->next) {
		if (e->type == JSON_OBJECT && is_of(e, port) && number(e, "id", ret_id)) {
			return e;
		}
	}
	return NULL;
}

int slirp_api_remove(const char *socket, const struct net_port *port, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *list = ask(&arena, socket, "{\"execute\":\"list_hostfwd\"}", err);
	const struct json *entries, *e = NULL;
	int64_t id;

	if (!list) {
		return -err->code;
	}
	entries = json_member(list, "entries");
	if (!entries || entries->type != JSON_ARRAY) {
		return err_set(err, EPROTO, "slirp4netns' list of ports has no \"entries\"");
	}
	while ((e = slirp_api_next(list, e, port, &id))) {
		const char *request = arena_printf(
			&arena, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":%d}}",
			(int)id);

		if (!ask(&arena, socket, request, err)) {
			return -err->code;
		}
	}
	return 0;
}
