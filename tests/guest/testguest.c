/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testguest: looks at a container from inside by system calls, where busybox has no program for it
 * or hides the kernel's answer behind its own. Static, so that it runs in any root filesystem. The
 * host's side of a test uses it too, as the client that takes a terminal (`receive`) and as the one
 * that answers for system calls (`agent`).
 *
 * Each command prints one line, or one line a fact, and ends with 0; 1 means that the question
 * could not be asked.
 */
#define _GNU_SOURCE
#include "testguest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* errno by its name, "ok" for 0: messages differ between C libraries, names don't. */
int testguest_answer(int rc)
{
	puts(rc < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}

/*
 * try open-read|open-write|remount-rw|umount|mknod PATH, try ptrace PID, or try type FD, which
 * puts a character into the terminal's input: what the kernel says.
 */
static int run_try(char **argv)
{
	const char *what = argv[0] ? argv[0] : "";
	const char *path = argv[0] ? argv[1] : NULL;

	if (!path) {
		return 1;
	}
	if (strcmp(what, "open-read") == 0) {
		return testguest_answer(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
	}
	if (strcmp(what, "open-write") == 0) {
		return testguest_answer(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY));
	}
	if (strcmp(what, "remount-rw") == 0) {
		return testguest_answer(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL));
	}
	if (strcmp(what, "umount") == 0) {
		return testguest_answer(umount2(path, MNT_DETACH));
	}
	if (strcmp(what, "mknod") == 0) {
		return testguest_answer(mknod(path, S_IFCHR | 0600, makedev(1, 3)));
	}
	if (strcmp(what, "type") == 0) {
		return testguest_answer(ioctl(atoi(path), TIOCSTI, "x"));
	}
	if (strcmp(what, "ptrace") == 0) {
		return testguest_answer((int)ptrace(PTRACE_SEIZE, (pid_t)atoi(path), NULL, NULL));
	}
	return 1;
}

/*
 * overwrite FD: in the background, writes to the file that FD is a path of, when nobody executes it
 * any more; to /srv/told goes what the kernel says, at the latest after three seconds.
 */
static int run_overwrite(char **argv)
{
	char path[64];
	int rc = -1;
	int fd;

	if (!argv[0] || fork() != 0) {
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", atoi(argv[0]));
	errno = 0;
	for (int i = 0; i < 3000 && rc < 0; i++) {
		fd = open(path, O_WRONLY | O_TRUNC);
		if (fd >= 0) {
			rc = (int)write(fd, "evil", 4);
			break;
		}
		if (errno != ETXTBSY) {
			break;
		}
		usleep(1000);
	}
	fd = open("/srv/told", O_WRONLY | O_CREAT | O_APPEND, 0666);
	return dprintf(fd, "%s\n", rc < 0 ? strerrorname_np(errno) : "written") < 0;
}

/* fill-keys COMMAND...: runs it when this user's quota of keys is used up. */
static int run_fill_keys(char **argv)
{
	char name[32];

	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "secret");
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "fill-%d", i);
		if (syscall(SYS_add_key, "user", name, "x", 1, KEY_SPEC_SESSION_KEYRING) < 0) {
			break;
		}
	}
	if (errno != EDQUOT) {
		return 1;
	}
	execv(argv[0], argv);
	return 1;
}

/*
 * swap SECONDS A B [A B]...: exchanges the names A and B again and again, as a hostile process
 * beside a container's start would, for at most so long. Says "swapping" once it began.
 */
static int run_swap(char **argv)
{
	struct timespec begin, now;
	long long limit;

	if (!argv[0] || !argv[1] || !argv[2] || clock_gettime(CLOCK_MONOTONIC, &begin) < 0) {
		return 1;
	}
	limit = begin.tv_sec + atoi(argv[0]);
	puts("swapping");
	fflush(stdout);
	do {
		for (char **pair = argv + 1; pair[0] && pair[1]; pair += 2) {
			if (renameat2(AT_FDCWD, pair[0], AT_FDCWD, pair[1], RENAME_EXCHANGE) < 0) {
				return 1;
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < limit);
	return 0;
}

static int has_name(int proc, const char *pid, const char *name)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "%.16s/comm", pid);
	fd = openat(proc, path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0) {
		text[0] = '\0';
	}
	close(fd);
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, name) == 0;
}

/* What tracing needs, asked for without becoming the tracer: PTRACE_MODE_READ, proc(5). */
static int is_open_to_us(int proc, const char *pid)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "%.16s/exe", pid);
	return readlinkat(proc, path, text, sizeof(text)) > 0;
}

/*
 * stalk NAME FILE: until FILE is there, looks for processes of that name. Prints how often one was
 * met, and how often it could have been traced while it still had the name.
 */
static int run_stalk(char **argv)
{
	DIR *dir = opendir("/proc");
	int met = 0, open = 0;
	struct dirent *entry;

	if (!argv[0] || !argv[1] || !dir) {
		return 1;
	}
	while (access(argv[1], F_OK) < 0) {
		rewinddir(dir);
		while ((entry = readdir(dir))) {
			pid_t pid = (pid_t)atoi(entry->d_name);

			if (pid <= 1 || pid == getpid() ||
			    !has_name(dirfd(dir), entry->d_name, argv[0])) {
				continue;
			}
			met++;
			open += is_open_to_us(dirfd(dir), entry->d_name) &&
				has_name(dirfd(dir), entry->d_name, argv[0]);
		}
	}
	printf("met %d open %d\n", met, open);
	return 0;
}

/* fds: the numbers of all open descriptors, asked one by one, so that looking opens none. */
static int run_fds(char **argv)
{
	(void)argv;
	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0) {
			printf("%d\n", fd);
		}
	}
	return 0;
}

/* session: whose session this is, and whether the standard streams are its terminal. */
static int run_session(char **argv)
{
	struct winsize size = { 0 };

	(void)argv;
	printf("leader %s\n", getsid(0) == getpid() ? "yes" : "no");
	printf("tty %d%d%d\n", isatty(0), isatty(1), isatty(2));
	printf("foreground %s\n", tcgetpgrp(0) == getpgrp() ? "yes" : "no");
	if (ioctl(0, TIOCGWINSZ, &size) == 0) {
		printf("size %u %u\n", size.ws_row, size.ws_col);
	}
	return 0;
}

/* clock monotonic|boottime: whole seconds. */
static int run_clock(char **argv)
{
	struct timespec now;

	if (!argv[0] ||
	    clock_gettime(strcmp(argv[0], "boottime") == 0 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC,
			  &now) < 0) {
		return 1;
	}
	printf("%lld\n", (long long)now.tv_sec);
	return 0;
}

/* keyring: the session keyring's serial number and name. */
static int run_keyring(char **argv)
{
	char text[256] = "";
	long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	const char *name;

	(void)argv;
	if (id < 0 || syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, text, sizeof(text) - 1) < 0) {
		return testguest_answer(-1);
	}
	name = strrchr(text, ';');
	printf("%ld %s\n", id, name ? name + 1 : "");
	return 0;
}

/* with-keyring NAME COMMAND...: the command in a new session keyring that is open to everybody. */
static int run_with_keyring(char **argv)
{
	long id;

	if (!argv[0] || !argv[1]) {
		return 1;
	}
	id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, argv[0]);
	if (id < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, id, 0x3f3f3f3f) < 0) {
		return 1;
	}
	execvp(argv[1], argv + 1);
	return 1;
}

/* getcwd: the kernel's own answer, "(unreachable)" and all. */
static int run_getcwd(char **argv)
{
	char here[PATH_MAX];

	(void)argv;
	if (syscall(SYS_getcwd, here, sizeof(here)) < 0) {
		return testguest_answer(-1);
	}
	puts(here);
	return 0;
}

int testguest_receive_fd(int listener, char *payload, size_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = payload, .iov_len = size - 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int client = accept(listener, NULL, NULL);
	ssize_t len = client < 0 ? -1 : recvmsg(client, &msg, 0);
	struct cmsghdr *cmsg = len < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	int fd;

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(int))) {
		return -1;
	}
	payload[len] = '\0';
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

/* It gets its name when it listens, so that who sees it can connect. */
int testguest_listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s~", path);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path) ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1) < 0 || rename(address.sun_path, path) < 0) {
		return -1;
	}
	return listener;
}

/* hang SOCKET: listens, lets connections come, and never says a word. */
static int run_hang(char **argv)
{
	if (testguest_listen_at(argv[0]) < 0) {
		return 1;
	}
	for (;;) {
		pause();
	}
}

/*
 * receive-pidfd SOCKET: waits there for one descriptor; prints its payload and the pid that it
 * stands for.
 */
static int run_receive_pidfd(char **argv)
{
	char payload[PATH_MAX], path[64], line[128];
	int listener = argv[0] ? testguest_listen_at(argv[0]) : -1;
	int fd = listener < 0 ? -1 : testguest_receive_fd(listener, payload, sizeof(payload));
	FILE *info;

	if (fd < 0) {
		return 1;
	}
	printf("payload %s\n", payload);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info)) {
		if (strncmp(line, "Pid:", 4) == 0) {
			printf("pid %ld\n", strtol(line + 4, NULL, 10));
			return 0;
		}
	}
	return 1;
}

/*
 * receive SOCKET TEXT: a client of --console-socket. Listens, takes one terminal, prints the
 * payload, types TEXT and a newline into it, prints what comes out until the container closes its
 * side. The terminal's echo is turned off (which the multiplexer's side may do, tty_ioctl(2)): it
 * would come anywhere between what the container writes.
 */
static int run_receive(char **argv)
{
	char payload[PATH_MAX], buf[4096];
	struct termios mode;
	ssize_t len;
	int listener, fd;

	if (!argv[0] || !argv[1]) {
		return 1;
	}
	listener = testguest_listen_at(argv[0]);
	if (listener < 0) {
		return 1;
	}
	fd = testguest_receive_fd(listener, payload, sizeof(payload));
	if (fd < 0) {
		return 1;
	}
	printf("payload %s\n", payload);
	if (tcgetattr(fd, &mode) < 0) {
		return 1;
	}
	mode.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSANOW, &mode) < 0 || dprintf(fd, "%s\n", argv[1]) < 0) {
		return 1;
	}
	fflush(stdout);
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		if (write(1, buf, (size_t)len) != len) {
			return 1;
		}
	}
	return 0;
}

/* answer FD TEXT: takes one connection of a listening socket and says TEXT to it. */
static int run_answer(char **argv)
{
	int client;

	if (!argv[0] || !argv[1]) {
		return 1;
	}
	client = accept(atoi(argv[0]), NULL, NULL);
	return client < 0 || write(client, argv[1], strlen(argv[1])) < 0;
}

/*
 * notify TEXT...: each as a datagram to $NOTIFY_SOCKET; with "fd:" in front of it, a descriptor
 * goes with it, and this waits until its last copy is closed.
 */
static int run_notify(char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (!path || fd < 0) {
		return 1;
	}
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror(path);
		return 1;
	}
	for (; *argv; argv++) {
		bool with_fd = strncmp(*argv, "fd:", 3) == 0;
		const char *text = with_fd ? *argv + 3 : *argv;
		struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
		char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		int ends[2] = { -1, -1 };
		char byte;

		if (with_fd) {
			struct cmsghdr *cmsg;

			if (pipe(ends) < 0) {
				return 1;
			}
			msg.msg_control = control;
			msg.msg_controllen = sizeof(control);
			cmsg = CMSG_FIRSTHDR(&msg);
			cmsg->cmsg_level = SOL_SOCKET;
			cmsg->cmsg_type = SCM_RIGHTS;
			cmsg->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(cmsg), &ends[1], sizeof(int));
		}
		if (sendmsg(fd, &msg, 0) < 0) {
			perror(path);
			return 1;
		}
		if (with_fd) {
			close(ends[1]);
			if (read(ends[0], &byte, 1) != 0) {
				return 1;
			}
		}
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **argv);
} commands[] = {
	{ "agent", testguest_agent },
	{ "answer", run_answer },
	{ "as-5.7", testguest_as_5_7 },
	{ "as-6.14", testguest_as_6_14 },
	{ "call32", testguest_call32 },
	{ "calls", testguest_calls },
	{ "clock", run_clock },
	{ "fds", run_fds },
	{ "fill-keys", run_fill_keys },
	{ "getcwd", run_getcwd },
	{ "hang", run_hang },
	{ "keyring", run_keyring },
	{ "notify", run_notify },
	{ "overwrite", run_overwrite },
	{ "receive", run_receive },
	{ "receive-pidfd", run_receive_pidfd },
	{ "session", run_session },
	{ "stalk", run_stalk },
	{ "swap", run_swap },
	{ "syscall", testguest_syscall },
	{ "syscalls", testguest_syscalls },
	{ "try", run_try },
	{ "with-keyring", run_with_keyring },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0) {
			return commands[i].run(argv + 2);
		}
	}
	fputs("testguest: unknown command\n", stderr);
	return 1;
}
