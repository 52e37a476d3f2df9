/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/foreground: staying with a container: signals and terminal go through, its end comes back.
 */
#include "host/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/scope.h"
#include "host/relay.h"
#include "sys/await.h"
#include "sys/clone.h"

#define BUFFER 16384

/* How long the reader of our stdout is waited for, once the container has ended. */
#define DRAIN_MS 1000
#define DRAIN_HURRY_MS 200

int host_signals_catch(int *ret_fd, struct err *err)
{
	/* Faults of our own stay fatal; stop signals keep their effect. */
	static const int left[] = { SIGSEGV, SIGBUS, SIGILL,  SIGFPE,  SIGABRT,
				    SIGTRAP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t set;
	int fd;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		sigdelset(&set, left[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
		return err_errno(err, errno, "sigprocmask");
	}
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		return err_errno(err, errno, "signalfd");
	}
	*ret_fd = fd;
	return 0;
}

int host_signals_next(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info)) {
		return 0;
	}
	return (int)info.ssi_signo;
}

void host_foreground_size(int multiplexer)
{
	struct winsize size;

	if (multiplexer >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
		ioctl(multiplexer, TIOCSWINSZ, &size);
	}
}

/* Bytes on their way from one descriptor to another. */
struct flow {
	int from;
	int to;
	char buf[BUFFER];
	size_t start;
	size_t end;
	bool closed; /* nothing more comes from `from` */
	bool hurry;  /* a signal has asked for the end */
};

static bool flow_wants_read(const struct flow *f)
{
	return !f->closed && f->start == f->end;
}

static bool flow_wants_write(const struct flow *f)
{
	return f->start < f->end;
}

static void flow_read(struct flow *f)
{
	ssize_t got = read(f->from, f->buf, sizeof(f->buf));

	if (got > 0) {
		f->start = 0;
		f->end = (size_t)got;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* EIO: the last program closed its side of the terminal. */
		f->closed = true;
	}
}

/*
 * At most PIPE_BUF bytes: that much never blocks on a pipe that polled writable. Our own streams
 * can't be made non-blocking, others share them.
 */
static void flow_write(struct flow *f)
{
	size_t len = f->end - f->start;
	ssize_t put;

	if (len > PIPE_BUF) {
		len = PIPE_BUF;
	}
	put = write(f->to, f->buf + f->start, len);
	if (put > 0) {
		f->start += (size_t)put;
	} else if (put < 0 && errno != EAGAIN && errno != EINTR) {
		/* nobody reads any more: drop it, or the container would hang on a full terminal */
		f->start = f->end;
	}
}

/* Hands every pending signal to init. A resize goes to the terminal. */
static void forward_signals(const struct foreground *fg, struct flow *out)
{
	int sig;

	while ((sig = host_signals_next(fg->signals)) > 0) {
		if (sig == SIGWINCH) {
			host_foreground_size(fg->multiplexer);
		} else if (sig != SIGCHLD && (sig != SIGHUP || sys_signal_asks(sig))) {
			/* nohup: what it runs is to outlive the terminal. */
			out->hurry = out->hurry || sys_signal_ends(sig);
			/* It may be gone already: then its end is what counts. */
			(void)sys_pidfd_kill(fg->pidfd, sig);
		}
	}
}

struct terminal {
	bool raw;
	struct termios before;
};

static void terminal_raw(struct terminal *t, int multiplexer)
{
	struct termios raw;

	t->raw = false;
	if (multiplexer < 0 || tcgetattr(STDIN_FILENO, &t->before) < 0) {
		return;
	}
	raw = t->before;
	cfmakeraw(&raw);
	t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void terminal_restore(const struct terminal *t)
{
	if (t->raw) {
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
	}
}

enum { P_SIGNALS, P_INIT, P_STDIN, P_TTY, P_STDOUT, P_NOTIFY, P_RELAY, P_COUNT = P_RELAY + 2 };

/* What is waited for. What has no descriptor now is -1, which poll(2) passes over. */
static void watch(const struct foreground *fg, const struct flow *in, const struct flow *out,
		  struct pollfd *ret)
{
	for (int i = 0; i < P_COUNT; i++) {
		ret[i] = (struct pollfd){ .fd = -1 };
	}
	ret[P_SIGNALS] = (struct pollfd){ fg->signals, POLLIN, 0 };
	ret[P_INIT] = (struct pollfd){ fg->pidfd, POLLIN, 0 };
	if (flow_wants_read(in)) {
		ret[P_STDIN] = (struct pollfd){ in->from, POLLIN, 0 };
	}
	if (flow_wants_write(in)) {
		ret[P_TTY].events |= POLLOUT;
	}
	if (flow_wants_read(out)) {
		ret[P_TTY].events |= POLLIN;
	}
	if (ret[P_TTY].events) {
		/* Only then: else a hang-up of the other side would be reported for ever. */
		ret[P_TTY].fd = in->to;
	}
	if (flow_wants_write(out)) {
		ret[P_STDOUT] = (struct pollfd){ out->to, POLLOUT, 0 };
	}
	if (fg->notify) {
		ret[P_NOTIFY] = (struct pollfd){ fg->notify->from, POLLIN, 0 };
	}
	for (int i = 0; fg->relay && i < 2; i++) {
		ret[P_RELAY + i] = (struct pollfd){ fg->relay->v[i].from, POLLIN, 0 };
	}
}

/* One round of poll and what it found. Returns true when init has ended. */
static bool carry(const struct foreground *fg, struct flow *in, struct flow *out)
{
	struct pollfd fds[P_COUNT];

	watch(fg, in, out, fds);
	if (poll(fds, P_COUNT, -1) < 0) {
		return false;
	}
	if (fds[P_SIGNALS].revents) {
		forward_signals(fg, out);
	}
	if (fds[P_STDIN].revents) {
		flow_read(in);
		if (in->closed && !isatty(STDIN_FILENO)) {
			in->buf[0] = 4; /* a pipe ended: the terminal's way to say so is Ctrl-D */
			in->start = 0;
			in->end = 1;
		}
	}
	if (fds[P_TTY].revents & POLLOUT) {
		flow_write(in);
	}
	if (fds[P_TTY].revents & (POLLIN | POLLHUP | POLLERR) && flow_wants_read(out)) {
		flow_read(out);
	}
	if (fds[P_STDOUT].revents) {
		flow_write(out);
	}
	if (fds[P_NOTIFY].revents) {
		(void)host_notify_forward(fg->notify);
	}
	for (int i = 0; fg->relay && i < 2; i++) {
		if (fds[P_RELAY + i].revents) {
			host_relay_carry(&fg->relay->v[i]);
		}
	}
	return fds[P_INIT].revents != 0;
}

/*
 * What the container wrote before its end is still in the terminal. Nobody may be reading any more.
 */
static void drain(struct flow *out)
{
	for (;;) {
		struct pollfd tty = { out->from, POLLIN, 0 };

		while (out->start < out->end) {
			int ms = out->hurry ? DRAIN_HURRY_MS : DRAIN_MS;

			if (sys_await_fd(out->to, POLLOUT, ms) != 0) {
				return;
			}
			flow_write(out);
		}
		if (out->closed || poll(&tty, 1, 0) <= 0) {
			return;
		}
		flow_read(out);
	}
}

/*
 * Our stdout, where it is a terminal, by a description of our own that does not block: a terminal
 * that polled writable may still take less than is written, and nobody may read it. -1: as it is.
 */
static int own_stdout(void)
{
	if (!isatty(STDOUT_FILENO)) {
		return -1;
	}
	return open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Everything that became our child because init was not the end of its own pid namespace. */
static void kill_orphans(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (int round = 0; round < 100; round++) {
		scope_file FILE *file = fopen(path, "re");
		int found = 0;
		int pid;

		while (file && fscanf(file, "%d", &pid) == 1) {
			found++;
			kill(pid, SIGKILL);
		}
		if (!found) {
			return;
		}
		while (waitpid(-1, NULL, 0) > 0) {
		}
	}
}

int host_foreground_wait(const struct foreground *fg, int *ret_status, bool *ret_hurry,
			 struct err *err)
{
	struct flow in = { .from = STDIN_FILENO,
			   .to = fg->multiplexer,
			   .closed = fg->multiplexer < 0 };
	struct flow out = { .from = fg->multiplexer,
			    .to = STDOUT_FILENO,
			    .closed = fg->multiplexer < 0 };
	scope_fd int own = -1;
	struct terminal terminal;
	int status = 0;

	if (fg->multiplexer >= 0) {
		own = own_stdout();
		if (own >= 0) {
			out.to = own;
		}
		/*
		 * A container that writes much and reads nothing: a blocked write to it would keep
		 * us from reading.
		 */
		fcntl(fg->multiplexer, F_SETFL, O_RDWR | O_NONBLOCK);
	}
	terminal_raw(&terminal, fg->multiplexer);
	while (!carry(fg, &in, &out)) {
	}
	if (fg->multiplexer >= 0) {
		drain(&out);
	}
	terminal_restore(&terminal);
	if (fg->relay) {
		host_relay_end(fg->relay);
	}
	if (fg->notify) {
		host_notify_drain(fg->notify);
	}
	while (waitpid(fg->pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return err_errno(err, errno, "waiting for the container's process");
		}
	}
	if (fg->reap_orphans) {
		kill_orphans();
	}
	*ret_status = status;
	if (ret_hurry) {
		*ret_hurry = out.hurry;
	}
	return 0;
}
