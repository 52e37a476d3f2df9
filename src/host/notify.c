/* SPDX-License-Identifier: Apache-2.0 */
/* host/notify: what a container tells its service manager (sd_notify(3)), passed on. */
#include "host/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/await.h"

/* systemd takes no more either (NOTIFY_BUFFER_MAX). */
#define DATAGRAM_MAX 4096

/* How many datagrams that came before the end are passed on after it. */
#define DRAIN_MAX 64

/* How long READY=1 may wait for a manager whose queue is full. */
#define READY_TIMEOUT_MS 5000

/*
 * Whole lines, and beginnings of lines. Not MAINPID, FDSTORE, BARRIER and what else acts on more
 * than the service's state.
 */
static const char *const lines[] = { "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1" };
static const char *const beginnings[] = {
	"STATUS=", "ERRNO=", "BUSERROR=", "EXIT_STATUS=", "MONOTONIC_USEC=", "EXTEND_TIMEOUT_USEC=",
};

void host_notify_close(struct notify *notify)
{
	fd_drop(&notify->from);
	fd_drop(&notify->to);
}

int host_notify_bind(const struct state_dir *dir, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before;
	int rc = 0;

	if (fd < 0) {
		return err_errno(err, errno, "socket");
	}
	/* By descriptor: a path of the state folder may be longer than sun_path's 108 bytes. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" NOTIFY_FILE,
		 dir->fd);
	/*
	 * Writing to it is for all users inside; who may come to it is decided by the folder
	 * outside.
	 */
	before = umask(0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		rc = -errno;
	}
	umask(before);
	if (rc < 0) {
		return err_errno(err, -rc, "making %s/%s/" NOTIFY_FILE, dir->root, dir->id);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int host_notify_connect(const char *text, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(text);
	socklen_t size;
	scope_fd int fd = -1;

	if ((text[0] != '/' && text[0] != '@') || len < 2) {
		return err_set(err, EINVAL,
			       "NOTIFY_SOCKET=%s: neither an absolute path nor an abstract address",
			       text);
	}
	if (len >= sizeof(address.sun_path)) {
		return err_set(err, ENAMETOOLONG,
			       "NOTIFY_SOCKET=%s: longer than a socket's address may be", text);
	}
	memcpy(address.sun_path, text, len);
	/* unix(7): an abstract name begins with a NUL and has no other end than its length. */
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '/'));
	if (text[0] == '@') {
		address.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0) {
		return err_errno(err, errno, "NOTIFY_SOCKET=%s", text);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int host_notify_check(int fd, struct err *err)
{
	int type = 0, domain = 0;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || type != SOCK_DGRAM ||
	    domain != AF_UNIX) {
		return err_set(err, EPROTO,
			       "what the container sent as its notification socket is none");
	}
	return 0;
}

static bool passes(const char *line)
{
	const char *end = line + strlen(line);

	for (const char *p = line; p < end;) {
		size_t n = str_utf8(p, (size_t)(end - p));

		if (n == 0 || str_is_control(str_code_point(p, n))) {
			return false;
		}
		p += n;
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (str_eq(line, lines[i])) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (str_starts(line, beginnings[i])) {
			return true;
		}
	}
	return false;
}

/* The lines of text that may go on, each with its newline. *ret_ready: READY=1 is among them. */
static size_t filter(char *text, char *out, bool *ret_ready)
{
	char *rest = text;
	char *line;
	size_t len = 0;

	*ret_ready = false;
	while ((line = strsep(&rest, "\n"))) {
		if (passes(line)) {
			size_t n = strlen(line);

			*ret_ready = *ret_ready || str_eq(line, "READY=1");
			line[n] = '\n';
			memcpy(out + len, line, n + 1);
			len += n + 1;
		}
	}
	return len;
}

/*
 * A manager that does not read keeps nobody waiting, but for the one message that a start depends
 * on.
 */
static void pass_on(const struct notify *notify, const char *bytes, size_t len, bool must_arrive)
{
	while (send(notify->to, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		int rc;

		if (errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN || !must_arrive) {
			return;
		}
		rc = sys_await_fd(notify->to, POLLOUT, READY_TIMEOUT_MS);
		if (rc > 0) {
			/* It is for the container, and whoever waits next hands it on. */
			(void)raise(rc);
		}
		if (rc != 0) {
			return;
		}
	}
}

bool host_notify_forward(struct notify *notify)
{
	char text[DATAGRAM_MAX + 1];
	/* A line without its newline gets one; and there may be a last one of ours. */
	char out[DATAGRAM_MAX + 1 + 32];
	bool ready, first;
	size_t len;
	/*
	 * MSG_TRUNC: the true length. No room is given for descriptors: the kernel drops them
	 * (unix(7)).
	 */
	ssize_t got = recv(notify->from, text, DATAGRAM_MAX, MSG_DONTWAIT | MSG_TRUNC);

	if (got < 0) {
		return errno == EINTR;
	}
	if (got > DATAGRAM_MAX) {
		return true;
	}
	text[got] = '\0';
	if (strlen(text) != (size_t)got) {
		return true;
	}
	len = filter(text, out, &ready);
	first = ready && !notify->ready;
	if (first) {
		len += (size_t)snprintf(out + len, sizeof(out) - len, "MAINPID=%d\n",
					(int)notify->main_pid);
		notify->ready = true;
	}
	if (len > 0) {
		pass_on(notify, out, len, first);
	}
	return true;
}

void host_notify_drain(struct notify *notify)
{
	for (int i = 0; notify->from >= 0 && i < DRAIN_MAX && host_notify_forward(notify); i++) {
	}
}

void host_notify_until_ready(struct notify *notify, int pidfd)
{
	while (!notify->ready) {
		struct pollfd fds[] = { { notify->from, POLLIN, 0 }, { pidfd, POLLIN, 0 } };

		if (poll(fds, 2, -1) < 0) {
			continue;
		}
		if (fds[0].revents) {
			(void)host_notify_forward(notify);
		}
		if (fds[1].revents) {
			host_notify_drain(notify);
			return;
		}
	}
}
