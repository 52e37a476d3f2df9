/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testguest/calls: system calls without a C library's ideas, one or a whole list; who answers for
 * them; and kernels that lack some.
 */
#define _GNU_SOURCE
#include "testguest.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * All that the kernel's headers know: made by make. On x86_64 those of the two other kinds of
 * programs have "x32:" and "i386:" before their names.
 */
static const struct {
	const char *name;
	long number;
} calls[] = {
#include "calls.h"
};

/* By its name or its number; -1: no such name. */
static long call_number(const char *name)
{
	char *end;
	long number;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0) {
			return calls[i].number;
		}
	}
	number = strtol(name, &end, 0);
	return *end || end == name ? -1 : number;
}

/* The way of 32-bit programs, with three arguments. Sets errno, as syscall(2) does. */
static long call_i386(long number, const unsigned long long *v)
{
#if defined(__x86_64__)
	int rc = (int)number;

	__asm__ volatile("int $0x80"
			 : "+a"(rc)
			 : "b"((unsigned)v[0]), "c"((unsigned)v[1]), "d"((unsigned)v[2]), "S"(0),
			   "D"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	if (rc < 0) {
		errno = -rc;
		return -1;
	}
	return rc;
#else
	(void)number;
	(void)v;
	errno = ENOSYS;
	return -1;
#endif
}

/*
 * The call NAME with ARGV, of which what is no number is passed as a string. As syscall(2) returns.
 */
static long call(const char *name, char **argv)
{
	unsigned long long v[6] = { 0 };

	for (int i = 0; i < 6 && argv[i]; i++) {
		char *end;

		v[i] = strtoull(argv[i], &end, 0);
		if (*end || end == argv[i]) {
			v[i] = (unsigned long long)(uintptr_t)argv[i];
		}
	}
	if (strncmp(name, "i386:", 5) == 0) {
		return call_i386(call_number(name), v);
	}
	return syscall(call_number(name), v[0], v[1], v[2], v[3], v[4], v[5]);
}

/* calls: the names of all that `syscall` knows. */
int testguest_calls(char **argv)
{
	(void)argv;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		puts(calls[i].name);
	}
	return 0;
}

/* syscall NAME|NUMBER [ARGUMENT...]: the call. Prints what it returned, or its errno's name. */
int testguest_syscall(char **argv)
{
	long rc;

	if (!argv[0] || call_number(argv[0]) < 0) {
		return 1;
	}
	rc = call(argv[0], argv + 1);
	if (rc < 0) {
		return testguest_answer(-1);
	}
	printf("%ld\n", rc);
	return 0;
}

/*
 * One line of `syscalls`, in a process of its own: what one call changes is not there for the next.
 * 0, or 1.
 */
static int one_call(char *line)
{
	char copy[256], *words[8] = { NULL };
	int n = 0, status;
	pid_t pid;
	long rc;

	line[strcspn(line, "\n")] = '\0';
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word && n < 7; word = strtok(NULL, " ")) {
		words[n++] = word;
	}
	if (n == 0 || call_number(words[0]) < 0) {
		fprintf(stderr, "%s: no such call\n", line);
		return 1;
	}
	pid = fork();
	if (pid == 0) {
		rc = call(words[0], words + 1);
		n = snprintf(copy, sizeof(copy), "%.200s: %ld\n", line, rc < 0 ? -(long)errno : rc);
		/* Not dprintf(3), which makes more calls than this one. */
		_exit(write(1, copy, (size_t)n) == n ? 0 : 1);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

/*
 * syscalls FILE: each line of it is the arguments of a `syscall`. Prints the line, ": " and what
 * the kernel returned, an error as the negative number that it is. 1 at the first call that is
 * unknown or ends its process.
 */
int testguest_syscalls(char **argv)
{
	FILE *file = argv[0] ? fopen(argv[0], "re") : NULL;
	char line[256];
	int status = 0;

	while (file && status == 0 && fgets(line, sizeof(line), file)) {
		status = one_call(line);
	}
	return !file || status;
}

/* call32: getpid by the way of a 32-bit program; "none" where this machine has no such way. */
int testguest_call32(char **argv)
{
	static const unsigned long long none[3];
	long rc;

	(void)argv;
	if (call_number("i386:getpid") < 0) {
		puts("none");
		return 0;
	}
	rc = call_i386(call_number("i386:getpid"), none);
	if (rc >= 0 && rc != getpid()) {
		puts("wrong");
		return 0;
	}
	return testguest_answer((int)rc);
}

/* The structures may be longer in a kernel that is younger than our headers. */
union padded_notif {
	struct seccomp_notif notif;
	char pad[4096];
};

union padded_resp {
	struct seccomp_notif_resp resp;
	char pad[4096];
};

/*
 * Answers until the last process under the filter is gone; a negative code lets the calls happen.
 * 0, or 1.
 */
static int answer_all(int fd, int code)
{
	for (;;) {
		struct pollfd pfd = { fd, POLLIN, 0 };
		union padded_notif n = { .pad = { 0 } };
		union padded_resp r = { .pad = { 0 } };

		if (poll(&pfd, 1, -1) < 0) {
			return 1;
		}
		if (pfd.revents & POLLHUP) {
			return 0;
		}
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0) {
			if (errno == ENOENT || errno == EINTR) {
				continue;
			}
			return 1;
		}
		printf("call %d pid %u\n", n.notif.data.nr, n.notif.pid);
		fflush(stdout);
		r.resp.id = n.notif.id;
		r.resp.error = code > 0 ? -code : 0;
		r.resp.flags = code < 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0 && errno != ENOENT) {
			return 1;
		}
	}
}

/*
 * agent SOCKET FILE CODE: takes one seccomp listener from SOCKET, writes the JSON that came with it
 * into FILE, and answers every notification with the errno CODE, or with a 0 that nothing was done
 * for, or by letting the call happen (-1). One line each.
 */
int testguest_agent(char **argv)
{
	char payload[65536];
	FILE *file;
	int listener, fd;

	if (!argv[0] || !argv[1] || !argv[2]) {
		return 1;
	}
	listener = testguest_listen_at(argv[0]);
	fd = listener < 0 ? -1 : testguest_receive_fd(listener, payload, sizeof(payload));
	file = fd < 0 ? NULL : fopen(argv[1], "w");
	if (!file || fputs(payload, file) < 0 || fclose(file) != 0) {
		return 1;
	}
	return answer_all(fd, atoi(argv[2]));
}

static int run_with_filter(struct sock_filter *code, unsigned short len, char **argv)
{
	struct sock_fprog program = { .len = len, .filter = code };

	if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return 1;
	}
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
		return 1;
	}
	execvp(argv[0], argv);
	return 1;
}

/*
 * as-6.14 PROGRAM [ARGUMENT...]: runs it as on a kernel whose pidfds do not tell how a process
 * ended (ioctl 0xff0b). Without privilege no_new_privs comes with it, as below.
 */
int testguest_as_6_14(char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xff0b, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return run_with_filter(code, sizeof(code) / sizeof(code[0]), argv);
}

/*
 * as-5.7 PROGRAM [ARGUMENT...]: as on a kernel whose setns(2) takes no pidfd, and so no more than
 * one kind at once.
 */
int testguest_as_5_7(char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 6),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return run_with_filter(code, sizeof(code) / sizeof(code[0]), argv);
}
