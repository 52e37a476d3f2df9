/* SPDX-License-Identifier: Apache-2.0 */
/* sys/spawn: running another program to its end, with text on its stdin and a limit on its time. */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/await.h"
#include "sys/clock.h"
#include "sys/clone.h"
#include "sys/fd.h"
#include "sys/process_tree.h"
#include "sys/signals.h"

#define KEEP_AT_ONCE 512
#define PIPE_CAPACITY 65536

static int input_file(const char *text)
{
	size_t len = strlen(text);
	scope_fd int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0) {
		return -errno;
	}
	return fd_take(&fd);
}

/* What the child leaves in our memory when it could not execute the program. */
struct failure {
	int code;
	bool streams; /* at dup2, not at the program */
};

/* Returns the child's pid. */
static pid_t start(const struct sys_spawn *s, int in, int out, int error,
		   volatile struct failure *ret_failure)
{
	pid_t self = getpid();
	pid_t pid = vfork();

	if (pid == 0) {
		/* 0: we make children in another pid namespace. */
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() != self && getppid() != 0) {
			_exit(127);
		}
		if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0) {
			ret_failure->streams = true;
		} else if (!s->cwd || chdir(s->cwd) == 0) {
			sys_signals_reset_work();
			/* Of the caller's: a pipe would stay open as long as what is left of it. */
			if (!s->inherits) {
				(void)sys_cloexec_from(3);
			}
			execve(s->path, (char *const *)(uintptr_t)s->argv,
			       (char *const *)(uintptr_t)s->env);
		}
		ret_failure->code = errno;
		_exit(127);
	}
	return pid;
}

/* Keeps the last bytes of a stream. */
static void keep(struct sys_spawn_end *end, int fd)
{
	char buf[KEEP_AT_ONCE];
	size_t used = strlen(end->said);
	ssize_t got = read(fd, buf, sizeof(buf));

	for (ssize_t i = 0; i < got; i++) {
		if (used == sizeof(end->said) - 1) {
			memmove(end->said, end->said + used / 2, used - used / 2);
			used -= used / 2;
		}
		end->said[used] = buf[i];
		if (buf[i] == '\n' || buf[i] == '\0') {
			end->said[used] = ' ';
		}
		used++;
		end->said[used] = '\0';
	}
}

/*
 * What it said before it ended. A daemon that it left may go on talking: no more than a pipe holds
 * (pipe(7)).
 */
static void keep_rest(struct sys_spawn_end *end, int fd)
{
	struct pollfd said = { fd, POLLIN, 0 };

	for (size_t taken = 0;
	     taken < PIPE_CAPACITY && poll(&said, 1, 0) > 0 && (said.revents & POLLIN);
	     taken += KEEP_AT_ONCE) {
		keep(end, fd);
	}
}

/*
 * Until the child has ended or its time is up, however much it says and whoever else holds its
 * stderr by then.
 */
static int watch(const struct sys_spawn *s, pid_t pid, int pidfd, int said,
		 struct sys_spawn_end *end)
{
	int64_t begin = sys_now_ms();
	int64_t deadline = s->timeout > 0 ? begin + s->timeout * INT64_C(1000) : INT64_MAX;

	if (s->hurry_ms > 0 && begin + s->hurry_ms < deadline) {
		deadline = begin + s->hurry_ms;
	}
	for (;;) {
		struct pollfd fds[] = { { pidfd, POLLIN, 0 }, { said, POLLIN, 0 } };
		int64_t left = deadline == INT64_MAX ? -1 : deadline - sys_now_ms();
		int rc;

		if (deadline != INT64_MAX && left <= 0) {
			end->timed_out = true;
			sys_kill_tree(pidfd, pid);
			return 0;
		}
		rc = sys_await(fds, 2, left > INT_MAX ? INT_MAX : (int)left);
		if (rc > 0) {
			end->signal = rc;
			sys_kill_tree(pidfd, pid);
			return -EINTR;
		}
		if (rc < 0 && rc != -ETIMEDOUT) {
			return rc;
		}
		if (rc < 0) {
			continue;
		}
		if (fds[0].revents) {
			keep_rest(end, said);
			return 0;
		}
		if (fds[1].revents & POLLIN) {
			keep(end, said);
		} else if (fds[1].revents) {
			said = -1; /* closed: only the end is left to wait for */
		}
	}
}

static int run(const struct sys_spawn *spawn, struct sys_spawn_end *ret)
{
	scope_fd int in = input_file(spawn->input ? spawn->input : "");
	scope_fd int null = -1;
	scope_fd int pidfd = -1;
	scope_fd int said = -1;
	scope_fd int saying = -1;
	volatile struct failure failure = { 0 };
	int pipe_fds[2];
	int out = spawn->out;
	int errors = spawn->err;
	pid_t pid;
	int rc;

	*ret = (struct sys_spawn_end){ .call = "memfd_create" };
	if (in < 0) {
		return in;
	}
	ret->call = "openat of /dev/null";
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0) {
		return -errno;
	}
	ret->call = "pipe2";
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		return -errno;
	}
	said = pipe_fds[0];
	saying = pipe_fds[1];
	if (out < 0) {
		out = null;
	}
	if (errors < 0) {
		errors = saying;
	}
	ret->call = "vfork";
	pid = start(spawn, in, out, errors, &failure);
	if (pid < 0) {
		return -errno;
	}
	fd_drop(&saying);
	ret->call = "pidfd_open";
	pidfd = sys_pidfd_open(pid);
	rc = pidfd;
	if (rc >= 0) {
		ret->call = "poll";
		rc = watch(spawn, pid, pidfd, said, ret);
	}
	if (rc < 0) {
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &ret->status, 0) < 0 && errno == EINTR) {
	}
	if (failure.code) {
		ret->call = failure.streams ? "dup2" : NULL;
		return -failure.code;
	}
	return rc;
}

int sys_spawn_wait(const struct sys_spawn *spawn, struct sys_spawn_end *ret)
{
	sigset_t ending, before;
	int rc;

	/* Also where they would end us at once: the program is ended first. */
	sys_signals_ending(&ending);
	sigprocmask(SIG_BLOCK, &ending, &before);
	rc = run(spawn, ret);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int sys_spawn_checked(const struct sys_spawn *spawn, struct err *err)
{
	struct sys_spawn_end end;
	const char *colon;
	int rc = sys_spawn_wait(spawn, &end);

	if (rc == 0 && end.signal == 0) {
		end.signal = sys_signal_of_child(end.status);
	}
	if (end.signal) {
		sys_interrupted(end.signal, "while it ran", err);
		return err_wrap(err, "%s", spawn->path);
	}
	if (rc < 0 && end.call) {
		return err_errno(err, -rc, "%s: %s", spawn->path, end.call);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s", spawn->path);
	}
	colon = end.said[0] ? ": " : "";
	if (end.timed_out && spawn->hurry_ms > 0) {
		return err_set(err, ETIMEDOUT,
			       "%s was killed: rootlet was asked to end, and it took more than "
			       "%d ms%s%s",
			       spawn->path, spawn->hurry_ms, colon, end.said);
	}
	if (end.timed_out) {
		return err_set(err, ETIMEDOUT, "%s was killed after %d seconds%s%s", spawn->path,
			       spawn->timeout, colon, end.said);
	}
	if (WIFSIGNALED(end.status)) {
		return err_set(err, EIO, "%s was killed by signal %d%s%s", spawn->path,
			       WTERMSIG(end.status), colon, end.said);
	}
	if (WEXITSTATUS(end.status) != 0) {
		return err_set(err, EIO, "%s exited with status %d%s%s", spawn->path,
			       WEXITSTATUS(end.status), colon, end.said);
	}
	return 0;
}

int sys_spawn_output(const char *path, int *ret_fd, struct err *err)
{
	*ret_fd = -1;
	if (path && *path) {
		/* Without O_NONBLOCK a FIFO that nobody reads would keep us waiting. */
		int fd = open(path,
			      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			      0600);

		if (fd < 0) {
			err_errno(err, errno, "output file %s", path);
			return err->code == ENXIO ? err_hint(err, "nobody reads it") : -err->code;
		}
		(void)fcntl(fd, F_SETFL, O_WRONLY | O_APPEND);
		*ret_fd = fd;
	}
	return 0;
}
