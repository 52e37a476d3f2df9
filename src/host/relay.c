/* SPDX-License-Identifier: Apache-2.0 */
/* host/relay: output that is a file of the caller's, for a program that is another user. */
#include "host/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "sys/fd.h"

#define BUFFER 16384

bool host_relay_wanted(const struct plan *plan, int fd)
{
	const struct plan_process *p = &plan->process;
	uint32_t uid = p->uid;
	struct stat st;

	if (!p->present || p->terminal || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid()) {
		return false;
	}
	if (plan->ids.uid.n > 0 && !plan_map_outside(&plan->ids.uid, p->uid, &uid)) {
		return false;
	}
	return uid != st.st_uid && !(st.st_mode & S_IWOTH);
}

static int make_pipe(struct relay_stream *stream, struct err *err)
{
	int fds[2];

	/* Only our end does not block. */
	if (pipe2(fds, O_CLOEXEC) < 0 || fcntl(fds[0], F_SETFL, O_RDONLY | O_NONBLOCK) < 0) {
		return err_errno(err, errno, "a pipe for the program's output");
	}
	stream->from = fds[0];
	stream->to = fds[1];
	return 0;
}

static bool same_file(int a, int b)
{
	struct stat one, two;

	return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

int host_relay_make(const struct plan *plan, struct relay *ret, struct err *err)
{
	bool out = host_relay_wanted(plan, STDOUT_FILENO);
	bool errors = host_relay_wanted(plan, STDERR_FILENO);

	if (out) {
		TRY(make_pipe(&ret->v[0], err));
	}
	if (out && errors && same_file(STDOUT_FILENO, STDERR_FILENO)) {
		ret->together = true;
	} else if (errors) {
		TRY(make_pipe(&ret->v[1], err));
	}
	return 0;
}

void host_relay_take(const struct relay *relay)
{
	for (size_t i = 0; i < 2; i++) {
		if (relay->v[i].to >= 0) {
			(void)dup2(relay->v[i].to, relay->v[i].fd);
		}
	}
	if (relay->together) {
		(void)dup2(relay->v[0].to, STDERR_FILENO);
	}
}

void host_relay_given(struct relay *relay)
{
	for (size_t i = 0; i < 2; i++) {
		fd_drop(&relay->v[i].to);
	}
}

static void put(struct relay_stream *stream, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(stream->fd, bytes, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			/* A full disk: the program goes on, as with a pipe of anybody's. */
			stream->failed = true;
			return;
		}
		bytes += n;
		len -= (size_t)n;
	}
}

/* Returns false when nothing is there, or nothing comes any more (then it is closed). */
static bool carry(struct relay_stream *stream)
{
	char buf[BUFFER];
	ssize_t n;

	if (stream->from < 0) {
		return false;
	}
	n = read(stream->from, buf, sizeof(buf));
	if (n > 0) {
		put(stream, buf, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		fd_drop(&stream->from);
	}
	return false;
}

void host_relay_carry(struct relay_stream *stream)
{
	(void)carry(stream);
}

void host_relay_end(struct relay *relay)
{
	for (size_t i = 0; i < 2; i++) {
		struct relay_stream *stream = &relay->v[i];

		while (carry(stream)) {
		}
		fd_drop(&stream->from);
		fd_drop(&stream->to);
		if (stream->failed) {
			log_warning("%s: not all of what the program wrote is in its file",
				    stream->fd == STDOUT_FILENO ? "standard output" :
								  "standard error");
		}
	}
}
