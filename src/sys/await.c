/* SPDX-License-Identifier: Apache-2.0 */
/* sys/await: waiting, while a signal may ask this process to end. */
#include "sys/await.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "sys/clock.h"

static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

/* How long the signal that has ended a child may take to reach us, too. */
#define OURS_MS 100

#define ENDING (sizeof(ending) / sizeof(ending[0]))

bool sys_signal_ends(int sig)
{
	for (size_t i = 0; i < ENDING; i++) {
		if (ending[i] == sig) {
			return true;
		}
	}
	return false;
}

bool sys_signal_asks(int sig)
{
	struct sigaction action;

	return sys_signal_ends(sig) &&
	       (sigaction(sig, NULL, &action) < 0 || action.sa_handler != SIG_IGN);
}

void sys_signals_ending(sigset_t *ret)
{
	sigemptyset(ret);
	for (size_t i = 0; i < ENDING; i++) {
		sigaddset(ret, ending[i]);
	}
}

/* The next one that counts; 0: none. */
static int take(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (sys_signal_asks((int)info.ssi_signo)) {
			return (int)info.ssi_signo;
		}
	}
	return 0;
}

int sys_await(struct pollfd *fds, size_t n, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? INT64_MAX : sys_now_ms() + timeout_ms;
	struct pollfd all[SYS_AWAIT_MAX + 1];
	scope_fd int signals = -1;
	sigset_t set;

	assert(n <= SYS_AWAIT_MAX);
	sys_signals_ending(&set);
	/* Without one, for want of descriptors, it is a wait that hears no signal. */
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (n > 0) {
		memcpy(all, fds, n * sizeof(*fds));
	}
	all[n] = (struct pollfd){ signals, POLLIN, 0 };
	for (;;) {
		int64_t left = deadline == INT64_MAX ? -1 : deadline - sys_now_ms();
		int ready, sig;

		if (deadline != INT64_MAX && left < 0) {
			left = 0;
		}
		ready = poll(all, n + 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready < 0 && errno != EINTR) {
			return -errno;
		}
		sig = ready > 0 && all[n].revents ? take(signals) : 0;
		if (sig > 0) {
			return sig;
		}
		if (ready > (all[n].revents != 0)) {
			memcpy(fds, all, n * sizeof(*fds));
			return 0;
		}
		if (ready == 0 && left >= 0) {
			return -ETIMEDOUT;
		}
	}
}

int sys_await_fd(int fd, short events, int timeout_ms)
{
	struct pollfd one = { fd, events, 0 };

	return sys_await(&one, 1, timeout_ms);
}

int sys_signal_of_child(int status)
{
	int rc = 0;

	if (WIFSIGNALED(status) && sys_signal_ends(WTERMSIG(status))) {
		rc = sys_await(NULL, 0, OURS_MS);
	}
	return rc > 0 ? rc : 0;
}

int sys_await_by(int signals, int fd)
{
	struct pollfd fds[] = { { fd, POLLIN, 0 }, { signals, POLLIN, 0 } };

	if (signals < 0) {
		return sys_await_fd(fd, POLLIN, -1);
	}
	for (;;) {
		int sig = 0;

		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR) {
				return -errno;
			}
			continue;
		}
		/* First, for it may be why the other side has ended. */
		if (fds[1].revents) {
			sig = take(signals);
		}
		if (sig > 0) {
			return sig;
		}
		if (fds[0].revents) {
			return 0;
		}
	}
}

int sys_interrupted(int sig, const char *when, struct err *err)
{
	log_hurry();
	err_set(err, EINTR, "interrupted by signal %d %s", sig, when);
	err->signal = sig;
	return -EINTR;
}

int sys_await_failed(int rc, struct err *err, const char *fmt, ...)
{
	char what[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (rc < 0) {
		return err_errno(err, -rc, "%s", what);
	}
	log_hurry();
	err_set(err, EINTR, "%s: interrupted by signal %d", what, rc);
	err->signal = rc;
	return -EINTR;
}
