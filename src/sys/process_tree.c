/* SPDX-License-Identifier: Apache-2.0 */
/* sys/process_tree: the end of a process and of all that it has started. */
#include "sys/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clone.h"

#define PROCESSES_MAX 512

struct tree {
	size_t n;
	pid_t pids[PROCESSES_MAX];
	int fds[PROCESSES_MAX]; /* pidfds; the first is the caller's */
};

/* The children of one thread, from /proc/PID/task/TID/children. */
static void add_children(struct tree *tree, int task, const char *tid)
{
	char path[64];
	scope_file FILE *file = NULL;
	int fd, pid;

	snprintf(path, sizeof(path), "%.32s/children", tid);
	fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	while (file && tree->n < PROCESSES_MAX && fscanf(file, "%d", &pid) == 1) {
		tree->fds[tree->n] = sys_pidfd_open(pid);
		if (tree->fds[tree->n] >= 0) {
			tree->pids[tree->n++] = pid;
		}
	}
}

static void add_children_of(struct tree *tree, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.') {
			add_children(tree, dirfd(dir), entry->d_name);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

void sys_kill_tree(int pidfd, pid_t pid)
{
	struct tree tree = { .n = 1, .pids = { pid }, .fds = { pidfd } };

	/*
	 * All are found before the first dies: the children of a dead one are no longer its. As
	 * they are stopped, they make no more meanwhile.
	 */
	for (size_t i = 0; i < tree.n; i++) {
		(void)sys_pidfd_kill(tree.fds[i], SIGSTOP);
		add_children_of(&tree, tree.pids[i]);
	}
	for (size_t i = 0; i < tree.n; i++) {
		(void)sys_pidfd_kill(tree.fds[i], SIGKILL);
	}
	for (size_t i = 1; i < tree.n; i++) {
		close(tree.fds[i]);
	}
}
