/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchguest: a hostile process of a container that attacks whatever comes into its pid namespace.
 *
 * Usage: watchguest MARKER SECRET STOP [PARENT NAME]
 *
 * Until the file STOP is there it looks for new processes. With PARENT (a process of the host's,
 * whose pid namespace this is) these are that one and its children; each child NAME is killed when
 * it has been attacked, so that another one comes ("ended NAME"). It tries to stop and trace each
 * of them, to come to a folder below which there is the path MARKER (a file of the host's,
 * absolute), to take its descriptors from 3 on, and to find SECRET in its memory or environment. It
 * prints a line for all that it gained, and at the end "seen N traced N".
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* So many numbers are looked at: more than the processes that come in while one looks. */
#define AHEAD 1024

static const char *marker;
static const char *secret;

/* The marker below a link of the process. */
static void try_folder(int pid, const char *link)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/%s%s", pid, link, marker);
	if (access(path, F_OK) == 0) {
		printf("%s: the host's tree\n", link);
	}
	snprintf(path, sizeof(path), "/proc/%d/%s/../../../../../../../..%s", pid, link, marker);
	if (access(path, F_OK) == 0) {
		printf("%s: a way to the host's tree\n", link);
	}
}

/*
 * Programs of the container are known by their file; rootlet's is none of these. One that has ended
 * was the container's: what comes from the host does not end here, and its link is refused, not
 * absent.
 */
static int is_of_container(int pid)
{
	char path[64], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0) {
		return errno == ENOENT || errno == ESRCH;
	}
	target[len] = '\0';
	return strncmp(target, "/bin/", 5) == 0;
}

static void try_descriptors(int pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int fd = 3; fd < 64; fd++) {
		char path[64], target[PATH_MAX];
		ssize_t len;
		int got;

		snprintf(path, sizeof(path), "fd/%d", fd);
		try_folder(pid, path);
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (len > 0 && !is_of_container(pid)) {
			target[len] = '\0';
			printf("descriptor %d: %s\n", fd, target);
		}
		got = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
		if (got >= 0) {
			if (!is_of_container(pid)) {
				printf("took descriptor %d\n", fd);
			}
			close(got);
		}
	}
	if (pidfd >= 0) {
		close(pidfd);
	}
}

static void search(const char *what, const char *text, size_t len)
{
	if (memmem(text, len, secret, strlen(secret))) {
		printf("%s: the secret\n", what);
	}
}

static void try_memory(int pid)
{
	static char text[1 << 20];
	char path[64], line[512];
	FILE *maps;
	int mem;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	mem = open(path, O_RDONLY);
	if (mem >= 0) {
		len = read(mem, text, sizeof(text));
		search("environ", text, len > 0 ? (size_t)len : 0);
		close(mem);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		struct iovec here = { .iov_base = text }, there;

		if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || !strstr(line, " rw-p ")) {
			continue;
		}
		here.iov_len = to - from < sizeof(text) ? to - from : sizeof(text);
		there = (struct iovec){ .iov_base = (void *)from, .iov_len = here.iov_len };
		len = process_vm_readv(pid, &here, 1, &there, 1, 0);
		search("process_vm_readv", text, len > 0 ? (size_t)len : 0);
		len = mem < 0 ? -1 : pread(mem, text, here.iov_len, (off_t)from);
		search("mem", text, len > 0 ? (size_t)len : 0);
	}
	if (maps) {
		fclose(maps);
	}
	if (mem >= 0) {
		close(mem);
	}
}

/* Returns whether it could be traced. */
static int attack(int pid)
{
	int traced = ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;

	if (traced) {
		(void)ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	} else {
		(void)kill(pid, SIGSTOP);
	}
	try_folder(pid, "root");
	try_folder(pid, "cwd");
	try_descriptors(pid);
	try_memory(pid);
	if (traced) {
		(void)waitpid(pid, NULL, __WALL);
		(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	} else {
		(void)kill(pid, SIGCONT);
	}
	return traced;
}

static int is_named(int pid, const char *name)
{
	char path[64], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "r");
	if (file) {
		if (!fgets(text, sizeof(text), file)) {
			text[0] = '\0';
		}
		fclose(file);
	}
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, name) == 0;
}

/* All that are there now. Returns how many could be traced. */
static int attack_children(int parent, const char *name, int *seen)
{
	static int last;
	char path[64];
	int pid, traced = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	file = fopen(path, "r");
	while (file && fscanf(file, "%d", &pid) == 1) {
		traced += attack(pid);
		++*seen;
		if (is_named(pid, name) && kill(pid, SIGKILL) == 0 && pid != last) {
			last = pid;
			printf("ended %s\n", name);
			fflush(stdout);
		}
	}
	if (file) {
		fclose(file);
	}
	return traced;
}

int main(int argc, char **argv)
{
	int seen = 0, traced = 0, last = getpid();

	if (argc != 4 && argc != 6) {
		return 2;
	}
	marker = argv[1];
	secret = argv[2];
	printf("up\n");
	fflush(stdout);
	if (argc == 6) {
		traced = attack(atoi(argv[4]));
	}
	while (argc == 6 && access(argv[3], F_OK) < 0) {
		traced += attack_children(atoi(argv[4]), argv[5], &seen);
	}
	while (access(argv[3], F_OK) < 0) {
		/*
		 * Numbers are given out in order; without a listing each is tried at once. On a
		 * busy machine many come and go before this process has a turn again.
		 */
		for (int pid = last + 1; pid < last + AHEAD; pid++) {
			if (kill(pid, 0) == 0) {
				traced += attack(pid);
				seen++;
				last = pid;
			}
		}
	}
	printf("seen %d traced %d\n", seen, traced);
	return 0;
}
