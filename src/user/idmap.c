/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/idmap: writing a child's id maps, by ourselves or by shadow's helpers.
 *
 * The helpers run side by side: they are what takes longest of a start. Each is cloned with our
 * memory, and we do not wait for its execve. newuidmap takes a bare pid here: the child is ours and
 * not reaped, so its number can't be anyone else's. What they say on stderr becomes part of the
 * error, with our own diagnosis beside it (user/explain.c), as theirs is often empty or misleading.
 */
#include "user/idmap.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scope.h"
#include "base/str.h"
#include "sys/await.h"
#include "sys/fd.h"
#include "sys/process_tree.h"
#include "user/explain.h"

static int write_map(struct arena *arena, pid_t pid, const char *file,
		     const struct plan_extents *map, struct err *err)
{
	const char *path = arena_printf(arena, "/proc/%d/%s", (int)pid, file);
	const char *text = plan_map_text(arena, map);
	int rc = sys_write_file(AT_FDCWD, path, text, strlen(text));

	if (rc < 0) {
		err_errno(err, -rc, "writing the container's %s", file);
		user_explain_userns(err);
		return -err->code;
	}
	return 0;
}

static int write_direct(struct arena *arena, const struct plan_ids *ids, pid_t pid, struct err *err)
{
	if (ids->deny_setgroups) {
		const char *path = arena_printf(arena, "/proc/%d/setgroups", (int)pid);
		int rc = sys_write_file(AT_FDCWD, path, "deny", 4);

		/* before Linux 3.19 there was no such file, and no such rule */
		if (rc < 0 && rc != -ENOENT) {
			return err_errno(err, -rc, "denying setgroups in the container");
		}
	}
	TRY(write_map(arena, pid, "uid_map", &ids->uid, err));
	return write_map(arena, pid, "gid_map", &ids->gid, err);
}

/*
 * What a helper's process needs before it is one: it runs on this stack, in our memory, until its
 * execve.
 */
struct launchpad {
	const char *path;
	char *const *argv;
	int output;
	_Alignas(16) char stack[16384];
};

static int become_helper(void *arg)
{
	/*
	 * Nothing of the caller's: a locale would be loaded first, and what it says is read by us.
	 */
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
						   NULL };
	const struct launchpad *pad = arg;
	sigset_t none;

	dup2(pad->output, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(pad->path, pad->argv, (char *const *)(uintptr_t)environment);
	_exit(127);
}

static int spawn_helper(struct arena *arena, struct idmap_helper *h, pid_t target,
			const struct plan_extents *map, struct err *err)
{
	struct launchpad *pad = arena_alloc(arena, sizeof(*pad));
	char **argv = arena_array(arena, 3 + 3 * map->n, sizeof(*argv));
	size_t n = 0;
	int pipe_fds[2];

	argv[n++] = arena_strdup(arena, h->path);
	argv[n++] = arena_printf(arena, "%d", (int)target);
	for (size_t i = 0; i < map->n; i++) {
		argv[n++] = arena_printf(arena, "%u", map->v[i].inside);
		argv[n++] = arena_printf(arena, "%u", map->v[i].outside);
		argv[n++] = arena_printf(arena, "%u", map->v[i].count);
	}
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	h->output = pipe_fds[0];
	pad->path = h->path;
	pad->argv = argv;
	pad->output = pipe_fds[1];
	/*
	 * Like vfork, but we do not wait for its execve: the second helper's begins while the first
	 * one's is under way. What the child uses lives until user_idmap_finish, and it touches
	 * nothing of ours but that.
	 */
	h->pid = clone(become_helper, pad->stack + sizeof(pad->stack),
		       CLONE_VM | CLONE_PIDFD | SIGCHLD, pad, &h->pidfd);
	close(pipe_fds[1]); /* it has its own table of descriptors */
	if (h->pid < 0) {
		return err_errno(err, errno, "running %s", h->path);
	}
	return 0;
}

/* What it said, up to now: somebody else may hold its output open. */
static size_t read_words(const struct idmap_helper *h, char *words, size_t room)
{
	struct pollfd said = { h->output, POLLIN, 0 };
	size_t len = 0;
	ssize_t got;

	while (len < room && poll(&said, 1, 0) > 0 &&
	       (got = read(h->output, words + len, room - len)) > 0) {
		len += (size_t)got;
	}
	return len;
}

/*
 * Its real uid is ours, so that we may kill it although it is root (kill(2)); no death signal of
 * ours would outlive its execve (prctl(2), PR_SET_PDEATHSIG).
 */
static void end_helper(const struct idmap_helper *h)
{
	if (h->pid > 0) {
		sys_kill_tree(h->pidfd, h->pid);
	}
}

/* Waits for one helper. Failure: its words, cleaned to one line. */
static int collect_helper(struct idmap_helper *h, int signals, struct err *err)
{
	int sig = sys_await_by(signals, h->pidfd);
	char words[400];
	size_t len = 0;
	int status = 0;

	if (sig > 0) {
		end_helper(h);
	}
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (sig == 0) {
		sig = sys_signal_of_child(status);
	}
	if (sig > 0) {
		sys_interrupted(sig, "while it ran", err);
		return err_wrap(err, "%s", h->path);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return 0;
	}
	len = read_words(h, words, sizeof(words) - 1);
	words[len] = '\0';
	while (len > 0 && (words[len - 1] == '\n' || words[len - 1] == ' ')) {
		words[--len] = '\0';
	}
	for (char *p = words; *p; p++) {
		if (*p == '\n') {
			*p = ' ';
		}
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && len == 0) {
		return err_set(err, ENOENT, "%s could not be executed", h->path);
	}
	if (WIFSIGNALED(status)) {
		return err_set(err, EPERM, "%s was killed by signal %d", h->path, WTERMSIG(status));
	}
	if (len == 0) {
		return err_set(err, EPERM, "%s failed: it said nothing", h->path);
	}
	return err_set(err, EPERM, "%s failed: %s", h->path, words);
}

int user_idmap_begin(struct idmap_job *job, const struct plan_ids *ids, pid_t pid, struct err *err)
{
	struct arena *arena = &job->arena;

	assert(pid > 0);
	job->arena = (struct arena)ARENA_INIT;
	job->uid = (struct idmap_helper){
		.path = ids->newuidmap, .pid = -1, .pidfd = -1, .output = -1
	};
	job->gid = (struct idmap_helper){
		.path = ids->newgidmap, .pid = -1, .pidfd = -1, .output = -1
	};
	switch (ids->how) {
	case PLAN_IDS_DIRECT:
		return write_direct(arena, ids, pid, err);
	case PLAN_IDS_HELPERS:
		TRY(spawn_helper(arena, &job->uid, pid, &ids->uid, err));
		return spawn_helper(arena, &job->gid, pid, &ids->gid, err);
	case PLAN_IDS_NONE:
		break;
	}
	return 0;
}

int user_idmap_finish(struct idmap_job *job, const struct plan_ids *ids, int begun, int signals,
		      struct err *err)
{
	struct idmap_helper *both[] = { &job->uid, &job->gid };
	int rc = begun;

	for (size_t i = 0; i < 2; i++) {
		struct err said;

		if (rc < 0) {
			/* The process that they were for is of no use any more. */
			end_helper(both[i]);
		}
		if (both[i]->pid > 0 && collect_helper(both[i], signals, &said) < 0 && rc == 0) {
			*err = said;
			if (!err->signal) {
				user_explain_helper(ids, err);
			}
			rc = -err->code;
		}
		fd_drop(&both[i]->output);
		fd_drop(&both[i]->pidfd);
	}
	arena_done(&job->arena);
	return rc;
}
