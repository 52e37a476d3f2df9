/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/reader: the processes that look at what the container can hold up.
 *
 * The switch is one thread, and answers for all processes of the container. To look at one of them
 * may take as long as that likes (target.c). So a child of the switch does it, which is asked and
 * answers by plain data: the switch itself has no descriptor of the container's and reads none of
 * its memory. Who does not answer in time is left alone, and the call goes on in the kernel, as by
 * slirp4netns. It is asked again when its late answer has come; until then another one is. There
 * are few: when all are held up, every call goes on.
 *
 * Nobody else can end a process that waits for the container's file system. It has no descriptor
 * but its end of a socket, so nothing is held that anybody waits for, and it ends with the
 * container.
 */
#include "libnet/switch/reader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "libnet/switch/server.h"
#include "sys/fd.h"

/* Long for a look, which takes 0.1 ms, even where the machine is busy. */
#define TAKE_MS 250

/* All descriptors of all processes. Less than the helper waits for. */
#define END_MS 4000

/* A reader that was killed is replaced once for each question. */
#define TRIES 2

struct request {
	uint64_t number;
	bool ends;
	struct switch_question question;
	struct switch_peer at;
};

struct answer {
	uint64_t number;
	int rc;
	struct switch_target target;
};

/* ---- the reader ---- */

static _Noreturn void serve(const struct switcher *s, int fd)
{
	struct request r;

	while (recv(fd, &r, sizeof(r), 0) == sizeof(r)) {
		struct answer a = { .number = r.number };

		if (r.ends) {
			switch_server_end(s, &r.at);
		} else {
			a.rc = switch_target_read(s, &r.question, &a.target);
		}
		if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a)) {
			break;
		}
	}
	_exit(0);
}

/*
 * The listeners above all: a call that nobody will answer fails when the last of their descriptors
 * is closed.
 */
static _Noreturn void reader_main(const struct switcher *s, int fd)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || sys_close_except(0, fd, -1) < 0) {
		_exit(1);
	}
	(void)prctl(PR_SET_NAME, "rootlet-reader", 0, 0, 0);
	serve(s, fd);
}

/* ---- the switch ---- */

void switch_reader_init(struct switcher *s)
{
	for (int i = 0; i < SWITCH_READERS; i++) {
		s->readers[i] = (struct switch_reader){ .fd = -1 };
	}
}

static void drop(struct switch_reader *reader)
{
	fd_drop(&reader->fd);
	reader->stuck = false;
}

static int start(const struct switcher *s, struct switch_reader *reader)
{
	scope_fd int theirs = -1;
	int pair[2];
	pid_t pid;

	while (waitpid(-1, NULL, WNOHANG) > 0) { /* those that have ended */
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return -errno;
	}
	theirs = pair[1];
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		reader_main(s, theirs);
	}
	if (pid < 0) {
		int rc = -errno;

		close(pair[0]);
		return rc;
	}
	*reader = (struct switch_reader){ .fd = pair[0] };
	return 0;
}

/* Has it answered at last? */
static void look_after(struct switch_reader *reader)
{
	struct answer late;
	ssize_t n = recv(reader->fd, &late, sizeof(late), MSG_DONTWAIT);

	if (n > 0) {
		reader->stuck = false;
	} else if (n == 0 || errno != EAGAIN) {
		drop(reader);
	}
}

/* One of n that can be asked, or NULL. */
static struct switch_reader *choose(const struct switcher *s, struct switch_reader *readers, int n)
{
	for (int i = 0; i < n; i++) {
		struct switch_reader *reader = &readers[i];

		if (reader->stuck) {
			look_after(reader);
		}
		if (!reader->stuck && (reader->fd >= 0 || start(s, reader) == 0)) {
			return reader;
		}
	}
	return NULL;
}

/* -EPIPE: it has ended. */
static int exchange(struct switch_reader *reader, const struct request *r, int ms,
		    struct answer *ret)
{
	struct pollfd p = { reader->fd, POLLIN, 0 };

	if (send(reader->fd, r, sizeof(*r), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(*r)) {
		return -EPIPE;
	}
	if (poll(&p, 1, ms) == 0) {
		reader->stuck = true;
		return -ETIMEDOUT;
	}
	if (recv(reader->fd, ret, sizeof(*ret), MSG_DONTWAIT) != sizeof(*ret) ||
	    ret->number != r->number) {
		return -EPIPE;
	}
	return ret->rc;
}

static int ask(struct switcher *s, struct request *r, struct answer *ret)
{
	int rc = -EPIPE;

	for (int i = 0; i < TRIES && rc == -EPIPE; i++) {
		struct switch_reader *reader;

		if (r->ends) {
			reader = choose(s, &s->readers[SWITCH_READERS - 1], 1);
		} else {
			reader = choose(s, s->readers, SWITCH_READERS - 1);
		}
		if (!reader) {
			return -EBUSY;
		}
		r->number = ++s->asked;
		rc = exchange(reader, r, r->ends ? END_MS : TAKE_MS, ret);
		if (rc == -EPIPE) {
			drop(reader);
		}
	}
	return rc;
}

int switch_reader_take(struct switcher *s, const struct seccomp_notif *call,
		       struct switch_target *ret)
{
	/* connect(fd, address, length), and bind's arguments are the same. */
	struct request r = { .question = { .tid = (pid_t)call->pid,
					   .number = (int)call->data.args[0],
					   .address = call->data.args[1],
					   .len = (uint32_t)call->data.args[2],
					   .connects = call->data.nr == SYS_connect,
					   .published = s->ports != NULL } };
	struct answer a;

	TRY(ask(s, &r, &a));
	*ret = a.target;
	return 0;
}

int switch_reader_end(struct switcher *s, const struct switch_peer *at)
{
	struct request r = { .ends = true, .at = *at };
	struct answer a;

	return ask(s, &r, &a);
}
