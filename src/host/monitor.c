/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/monitor: the one small process that a detached run leaves, to learn how its container ends.
 */
#include "host/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "state/exit.h"
#include "sys/await.h"
#include "sys/clone.h"
#include "sys/environ.h"
#include "sys/exit.h"
#include "sys/fd.h"

/* As ps(1) shows it; 15 bytes at most. */
#define MONITOR_NAME "rootlet-monitor"

/* Moves n descriptors, where there are any, to 3, 4, …, and closes everything behind them. */
static void keep_only(int *const *fds, int n)
{
	for (int i = 0; i < n; i++) {
		/* Out of the way of the others' places first. */
		if (*fds[i] >= 0) {
			*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1 + n);
		}
	}
	for (int i = 0; i < n; i++) {
		if (*fds[i] >= 0) {
			*fds[i] = dup3(*fds[i], STDERR_FILENO + 1 + i, O_CLOEXEC);
		} else {
			close(STDERR_FILENO + 1 + i);
		}
	}
	sys_close_except(STDERR_FILENO + 1 + n, -1, -1);
}

static void let_go_of_caller(struct monitor *m)
{
	int *const fds[] = { &m->pidfd, &m->record, &m->notify.from, &m->notify.to, &m->report };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all;

	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++) {
		(void)dup2(null, fd);
	}
	keep_only(fds, sizeof(fds) / sizeof(fds[0]));
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	(void)setsid();
	/* A failure leaves it where it is. */
	(void)!chdir("/");
	/* It runs no hook and asks nobody. */
	sys_environ_forget();
	prctl(PR_SET_NAME, MONITOR_NAME, 0, 0, 0);
}

static void report(struct monitor *m)
{
	const struct err good = { .code = 0 };

	if (m->report >= 0) {
		(void)!write(m->report, &good, sizeof(good));
		fd_drop(&m->report);
	}
}

/* As long as the container runs. */
static void pass_notifications(struct monitor *m)
{
	host_notify_until_ready(&m->notify, m->pidfd);
	report(m);
	for (;;) {
		struct pollfd fds[] = { { m->notify.from, POLLIN, 0 }, { m->pidfd, POLLIN, 0 } };

		if (poll(fds, 2, -1) < 0) {
			continue;
		}
		if (fds[1].revents) {
			host_notify_drain(&m->notify);
			return;
		}
		(void)host_notify_forward(&m->notify);
	}
}

/* Every child that ends until that one has. */
static int reap(pid_t pid, int *ret_status)
{
	pid_t ended;

	do {
		ended = waitpid(-1, ret_status, 0);
		if (ended < 0 && errno != EINTR) {
			return -errno;
		}
	} while (ended != pid);
	return 0;
}

_Noreturn void host_monitor_become(const struct monitor *monitor)
{
	struct monitor m = *monitor;
	int status = 0;
	int rc;

	let_go_of_caller(&m);
	/* What the launch needed is freed: a monitor may stay for months. */
	(void)malloc_trim(0);
	if (m.notify.from >= 0) {
		pass_notifications(&m);
	}
	report(&m);
	if (m.parent) {
		/*
		 * The launch was done in this process: what else it left, a network's helper say,
		 * is reaped with it.
		 */
		rc = reap(m.pid, &status);
	} else {
		rc = sys_exit_wait(m.pidfd, m.pid, &status);
	}
	if (rc == 0) {
		struct exit_record record = state_exit_of(status);

		/*
		 * On failure (a full disk) the file stays empty, which a waiter reports: there is
		 * nobody to tell here.
		 */
		(void)state_exit_write(m.record, &record);
	}
	_exit(0);
}

int host_monitor_begin(const struct monitor *monitor, struct err *err)
{
	pid_t pid = sys_clone(0, NULL);

	if (pid == 0) {
		host_monitor_become(monitor);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "making the container's monitor");
	}
	return 0;
}

static _Noreturn void behind(int (*work)(void *data, int report, struct err *err), void *data,
			     int report, pid_t parent, const sigset_t *mask)
{
	struct err err = { .code = 0 };

	sigprocmask(SIG_SETMASK, mask, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* Dead already? */
	if (getppid() != parent) {
		_exit(1);
	}
	if (work(data, report, &err) < 0) {
		/* PIPE_BUF is more than this: it arrives whole. */
		(void)!write(report, &err, sizeof(err));
	}
	_exit(1);
}

/*
 * What the process behind us says. A signal that asks us to end is for it: it undoes what it has
 * made.
 */
static ssize_t hear(int in, pid_t pid, struct err *ret, int *ret_signal)
{
	ssize_t got;
	int rc;

	*ret_signal = 0;
	while ((rc = sys_await_fd(in, POLLIN, -1)) > 0) {
		*ret_signal = rc;
		kill(pid, rc);
	}
	do {
		got = read(in, ret, sizeof(*ret));
	} while (got < 0 && errno == EINTR);
	return got;
}

int host_monitor_behind(int (*work)(void *data, int report, struct err *err), void *data,
			struct err *err)
{
	pid_t self = getpid();
	scope_fd int in = -1;
	scope_fd int out = -1;
	sigset_t ending, before;
	struct err said;
	int fds[2];
	ssize_t got;
	pid_t pid;
	int sig;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	in = fds[0];
	out = fds[1];
	sys_signals_ending(&ending);
	sigprocmask(SIG_BLOCK, &ending, &before);
	pid = sys_clone(0, NULL);
	if (pid == 0) {
		fd_drop(&in);
		behind(work, data, out, self, &before);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "making the container's monitor");
	}
	fd_drop(&out);
	got = hear(in, pid, &said, &sig);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (got != sizeof(said) && sig) {
		return sys_interrupted(sig, "while the container was made", err);
	}
	if (got != sizeof(said)) {
		return err_set(err, ECHILD,
			       "the process that makes the container ended before it was done");
	}
	if (said.code == 0) {
		return 0;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	said.msg[sizeof(said.msg) - 1] = '\0';
	*err = said;
	return -err->code;
}
