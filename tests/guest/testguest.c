/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testguest: looks at a container from inside by system calls, where busybox has no program for it or hides the
 * kernel's answer behind its own. Static, so that it runs in any root filesystem. The host's side of a test uses it
 * too, as the client that takes a terminal (`receive`).
 *
 * Each command prints one line, or one line a fact, and ends with 0; 1 means that the question could not be asked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* errno by its name, "ok" for 0: messages differ between C libraries, names don't. */
static int answer(int rc)
{
	puts(rc < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}

/* try open-read PATH | open-write PATH | remount-rw PATH | umount PATH | mknod PATH: what the kernel says. */
static int run_try(char **argv)
{
	const char *what = argv[0] ? argv[0] : "";
	const char *path = argv[0] ? argv[1] : NULL;

	if (!path) {
		return 1;
	}
	if (strcmp(what, "open-read") == 0) {
		return answer(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
	}
	if (strcmp(what, "open-write") == 0) {
		return answer(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY));
	}
	if (strcmp(what, "remount-rw") == 0) {
		return answer(mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL));
	}
	if (strcmp(what, "umount") == 0) {
		return answer(umount2(path, MNT_DETACH));
	}
	if (strcmp(what, "mknod") == 0) {
		return answer(mknod(path, S_IFCHR | 0600, makedev(1, 3)));
	}
	return 1;
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

	if (!argv[0] || clock_gettime(strcmp(argv[0], "boottime") == 0 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC, &now) < 0) {
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
		return answer(-1);
	}
	name = strrchr(text, ';');
	printf("%ld %s\n", id, name ? name + 1 : "");
	return 0;
}

/* with-keyring NAME COMMAND...: the command in a new session keyring. */
static int run_with_keyring(char **argv)
{
	if (!argv[0] || !argv[1] || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, argv[0]) < 0) {
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
		return answer(-1);
	}
	puts(here);
	return 0;
}

static int receive_fd(int listener, char *payload, size_t size)
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

/*
 * receive SOCKET TEXT: a client of --console-socket. Listens, takes one terminal, prints the payload, types TEXT and
 * a newline into it, prints what comes out until the container closes its side.
 */
static int run_receive(char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char payload[PATH_MAX], buf[4096];
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ssize_t len;
	int fd;

	if (!argv[0] || !argv[1] || strlen(argv[0]) >= sizeof(address.sun_path)) {
		return 1;
	}
	strcpy(address.sun_path, argv[0]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1) < 0) {
		return 1;
	}
	fd = receive_fd(listener, payload, sizeof(payload));
	if (fd < 0) {
		return 1;
	}
	printf("payload %s\n", payload);
	if (dprintf(fd, "%s\n", argv[1]) < 0) {
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

static const struct {
	const char *name;
	int (*run)(char **argv);
} commands[] = {
	{ "clock", run_clock },	    { "fds", run_fds },
	{ "getcwd", run_getcwd },   { "keyring", run_keyring },
	{ "receive", run_receive }, { "session", run_session },
	{ "try", run_try },	    { "with-keyring", run_with_keyring },
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
