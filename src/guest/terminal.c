/* SPDX-License-Identifier: Apache-2.0 */
/* guest/terminal: the container's pseudo-terminal, /dev/console, and the session that owns them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/fd.h"
#include "sys/mount.h"
#include "sys/signals.h"
#include "wire/wire.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static bool is_multiplexer(int place)
{
	struct stat st;

	return fstat(place, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

static bool is_link(int place)
{
	struct stat st;

	return fstat(place, &st) == 0 && S_ISLNK(st.st_mode);
}

/*
 * Opens the multiplexer of the container's own devpts where it has one, else /dev/ptmx: that of the
 * host, or with exec, which can't see it any more, that of the container. What stands there is
 * looked at first, since opening alone has effects: on who waits at a FIFO, or on a device. Returns
 * the descriptor.
 */
static int open_multiplexer(struct guest *g, struct err *err)
{
	scope_fd int place = sys_open_in_root(g->rootfs, "/dev/pts/ptmx", O_PATH | O_NOFOLLOW, 0);
	const char *what = "/dev/pts/ptmx of the container";
	char path[64];
	int fd;

	if (place < 0 || is_link(place)) {
		fd_drop(&place);
		if (g->plan->enter.present) {
			what = "/dev/ptmx of the container";
			place = sys_open_in_root(g->rootfs, "/dev/ptmx", O_PATH, 0);
		} else {
			what = "/dev/ptmx of the host";
			place = open("/dev/ptmx", O_PATH | O_CLOEXEC);
		}
	}
	/* By number, not by filesystem: the host's /dev/ptmx may be the old node on devtmpfs. */
	if (place < 0 || !is_multiplexer(place)) {
		return err_set(err, ENODEV, "/process/terminal: %s is not a terminal multiplexer",
			       what);
	}
	TRY(guest_keep_proc(g, err));
	assert(g->host_proc >= 0);
	snprintf(path, sizeof(path), "self/fd/%d", place);
	fd = openat(g->host_proc, path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		return err_errno(err, errno, "/process/terminal: opening the terminal multiplexer");
	}
	return fd;
}

/*
 * Binds the terminal itself (by descriptor, CVE-2025-52565) on /dev/console, which is made without
 * following links.
 */
static int bind_console(struct guest *g, struct err *err)
{
	scope_fd int copy = -1;
	scope_fd int target = sys_open_in_root(g->rootfs, "/dev/console", O_PATH | O_NOFOLLOW, 0);
	struct stat st;
	int rc;

	if (target == -ENOENT) {
		target = sys_make_in_root(g->rootfs, "/dev/console", S_IFREG);
	}
	if (target < 0 || fstat(target, &st) < 0) {
		return err_errno(err, target < 0 ? -target : errno, "making /dev/console");
	}
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
		return err_set(err, EEXIST,
			       "/dev/console of the root filesystem is neither a file nor a "
			       "device: remove it there");
	}
	copy = sys_mount_clone(g->pty_peer, "", 0);
	rc = copy;
	if (rc >= 0) {
		rc = sys_mount_attach(copy, target);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "binding the terminal on /dev/console");
	}
	return 0;
}

/* Situation: before the pivot, devices done. Afterwards the host side holds the multiplexer. */
int guest_terminal(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	scope_fd int multiplexer = -1;
	int unlock = 0;
	int rc;

	if (!p->present || !p->terminal) {
		return 0;
	}
	multiplexer = open_multiplexer(g, err);
	TRY(multiplexer);
	if (ioctl(multiplexer, TIOCSPTLCK, &unlock) < 0) {
		return err_errno(err, errno, "/process/terminal: unlocking the terminal");
	}
	g->pty_peer = ioctl(multiplexer, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (g->pty_peer < 0) {
		return err_errno(err, errno,
				 "/process/terminal: opening the terminal's other side");
	}
	if (p->rows || p->columns) {
		struct winsize size = { .ws_row = p->rows, .ws_col = p->columns };

		if (ioctl(g->pty_peer, TIOCSWINSZ, &size) < 0) {
			return err_errno(err, errno, "/process/consoleSize");
		}
	}
	/*
	 * The program's user owns its terminal, as after a login; with a single mapped id there is
	 * nothing to change.
	 */
	(void)!fchown(g->pty_peer, p->uid, (gid_t)-1);
	if (!g->plan->enter.present) {
		TRY(bind_console(g, err)); /* /dev/console is the first process's */
	}
	rc = wire_send(g->wire, WIRE_CONSOLE, NULL, 0, multiplexer);
	if (rc < 0) {
		return err_errno(err, -rc, "handing the terminal to the host side");
	}
	return 0;
}

/*
 * Where the program is another process, that begins a session when it is born. Until then it must
 * have nothing of the caller's: by its terminal the container could type into the caller's shell,
 * by its process group it could signal that. A session for this process would see to both, but
 * costs 0.1 ms where the scheduler groups by session (sched(7), autogroup). So the terminal is let
 * go of, which for a process that leads no session is its own affair (ioctl_tty(2)), and a group
 * begun. A session it is where anything is in the way, and in a container without a user namespace
 * of its own: that may trace the program until then, and change how the caller's session is
 * scheduled (/proc/PID/autogroup).
 */
int guest_apart(struct guest *g, struct err *err)
{
	scope_fd int tty = -1;
	bool gone;

	(void)err;
	if (!guest_has_last(g) || !(g->plan->enter.join & CLONE_NEWUSER)) {
		return 0;
	}
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	/* ENXIO: there is none (tty(4)). */
	gone = tty < 0 ? errno == ENXIO : ioctl(tty, TIOCNOTTY) == 0;
	g->apart = gone && setpgid(0, 0) == 0;
	return 0;
}

int guest_session(struct guest *g, struct err *err)
{
	/*
	 * EPERM: leader of a group already, which a freshly cloned process is not, but a joined one
	 * may be.
	 */
	if (!g->apart && setsid() < 0 && errno != EPERM) {
		return err_errno(err, errno, "starting a session");
	}
	/* Away from the caller's terminal, nothing of its signals is left to be ignored. */
	sys_signals_hear();
	/* Before a filter is loaded, which might forbid it. */
	if (g->gate >= 0) {
		sys_signals_exit();
	}
	if (g->pty_peer < 0) {
		return 0;
	}
	if (!guest_has_last(g) && ioctl(g->pty_peer, TIOCSCTTY, 0) < 0) {
		return err_errno(err, errno,
				 "/process/terminal: making it the controlling terminal");
	}
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(g->pty_peer, fd) < 0) {
			return err_errno(err, errno, "/process/terminal: standard streams");
		}
	}
	fd_drop(&g->pty_peer);
	return 0;
}
