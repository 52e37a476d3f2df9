/* SPDX-License-Identifier: Apache-2.0 */
/* net/control: one exchange is a request, its descriptors and the answer. */
#include "libnet/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "libnet/messages.h"
#include "sys/await.h"

#define TIMEOUT_S 5

/* The answer to what was sent; its text after "ok", or the error. */
static int answer(int socket, struct arena *arena, const char **ret, struct err *err)
{
	char *text = arena_alloc(arena, NET_CONTROL_REPLY_MAX);
	int fds[NET_CONTROL_FDS_MAX];
	size_t n = 0;
	ssize_t len = sys_await_fd(socket, POLLIN, TIMEOUT_S * 1000);
	char *rest = NULL;
	long code = 0;

	if (len > 0) {
		return sys_interrupted((int)len, "while the network's helper was asked", err);
	}
	if (len == 0) {
		len = net_control_receive(socket, text, NET_CONTROL_REPLY_MAX, fds, &n);
	} else if (len == -ETIMEDOUT) {
		len = -EAGAIN;
	}
	while (n > 0) {
		close(fds[--n]);
	}
	if (len == 0) {
		return err_set(err, EPIPE, "the network's helper has ended");
	}
	if (len == -EAGAIN) {
		len = -ETIMEDOUT;
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "asking the network's helper");
	}
	if (str_starts(text, "ok")) {
		*ret = text + 2;
		return 0;
	}
	if (str_starts(text, "error ")) {
		code = strtol(text + 6, &rest, 10);
	}
	if (code <= 0 || code > 4095 || *rest != ' ') {
		return err_set(
			err, EPROTO,
			"the network's helper answered in a way that this version doesn't know");
	}
	return err_set(err, (int)code, "%s", rest + 1);
}

static int exchange(int socket, struct arena *arena, const char *text, const int *fds, size_t n,
		    const char **ret, struct err *err)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };
	int rc;

	setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	rc = net_control_send(socket, text, fds, n);
	if (rc < 0) {
		return err_errno(err, -rc, "asking the network's helper");
	}
	return answer(socket, arena, ret, err);
}

int net_control_list(int control, struct arena *arena, struct strs *ret, struct err *err)
{
	const char *text = "";
	struct strs list = { .n = 0 };
	size_t lines = 0;

	TRY(exchange(control, arena, "list", NULL, 0, &text, err));
	for (const char *p = text; *p; p++) {
		lines += *p == '\n';
	}
	list.v = arena_array(arena, lines + 1, sizeof(*list.v));
	for (const char *p = strchr(text, '\n'); p && p[1]; p = strchr(p + 1, '\n')) {
		list.v[list.n++] = arena_strndup(arena, p + 1, strcspn(p + 1, "\n"));
	}
	*ret = list;
	return 0;
}

int net_control_add(int control, const struct net_port *port, const struct net_listeners *listeners,
		    struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	int *fds = arena_array(&arena, listeners->n, sizeof(*fds));
	char name[NET_PORT_TEXT_MAX];
	const char *text;
	int rc;

	for (size_t i = 0; i < listeners->n; i++) {
		fds[i] = listeners->v[i].fd;
	}
	net_port_print(port, name);
	rc = net_control_send(control, arena_printf(&arena, "add %s %zu", name, listeners->n), NULL,
			      0);
	for (size_t done = 0; rc == 0 && done < listeners->n; done += NET_CONTROL_FDS_MAX) {
		size_t n = listeners->n - done;

		if (n > NET_CONTROL_FDS_MAX) {
			n = NET_CONTROL_FDS_MAX;
		}
		rc = net_control_send(control, "+", fds + done, n);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "handing a port to the network's helper");
	}
	return answer(control, &arena, &text, err);
}

int net_control_remove(int control, const struct net_port *port, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	char name[NET_PORT_TEXT_MAX];
	const char *text;

	net_port_print(port, name);
	return exchange(control, &arena, arena_printf(&arena, "remove %s", name), NULL, 0, &text,
			err);
}

int net_control_watching(int control, struct arena *arena, size_t *ret, struct err *err)
{
	const char *text = "";
	uint64_t n;

	TRY(exchange(control, arena, "watching", NULL, 0, &text, err));
	if (*text != '\n' || str_u64(text + 1, INT32_MAX, &n) < 0) {
		return err_set(
			err, EPROTO,
			"the network's helper answered in a way that this version doesn't know");
	}
	*ret = (size_t)n;
	return 0;
}

int net_control_follow(int control, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	return exchange(control, &arena, "follow", NULL, 0, &text, err);
}

ssize_t net_control_event(int control, char *text, size_t size)
{
	ssize_t n = recv(control, text, size - 1, 0);

	if (n < 0) {
		if (errno == EINTR) {
			return -EAGAIN;
		}
		return -errno;
	}
	text[n] = '\0';
	return n;
}

int net_control_accel(int control, int listener, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	return exchange(control, &arena, "accel", &listener, 1, &text, err);
}

int net_control_watch(int control, pid_t pid, int pidfd, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	return exchange(control, &arena, arena_printf(&arena, "watch %d", (int)pid), &pidfd, 1,
			&text, err);
}
