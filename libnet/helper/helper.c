/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helper/helper: the one process that a network needs alive.
 *
 * Theory of operation. The guest hands its network namespace out as soon as that is there, and the
 * helper is started at once, beside the programs that map the ids. In this order it
 *  - makes and configures the tap device in the namespace (link.c): slirp4netns can do that too,
 *    but needs some milliseconds until it comes to it;
 *  - waits until the ids are mapped;
 *  - prohibits what allow_lan=false prohibits (lan.c);
 *  - starts the switch, if connections are accelerated (switch.c), and the forwarder, with the
 *    ports, which the command has bound already (ports.c, forwarder.c);
 *  - says that the namespace's program may run: what that sends waits in the device;
 *  - starts slirp4netns (libnet/slirp/slirp.c), and says how that went.
 *
 * Then it is the parent of slirp4netns, of the forwarder and of the switch, holds the pipe whose
 * end is slirp4netns' end, and watches the container by pidfd. Every way to die is covered from
 * outside: when the container ends, the helper ends the others; when the helper is killed, the pipe
 * closes (slirp4netns) and the control sockets do (forwarder, switch). When slirp4netns is killed,
 * it is started again on the same device, which the helper holds too. Published ports don't notice,
 * since the container's address is on its loopback as well. Where the device is deleted or moved
 * away from inside, slirp4netns is ended for good. When the forwarder is killed, it is started
 * again with the listeners, which the helper holds too. When the switch is killed, it stays so
 * (libnet/switch/switch.c). `events` tells of it.
 *
 * Containers that share a network share the control socket (control.c), by a hard link in each
 * state folder: each of them can manage the ports, and whoever is left keeps the network.
 *
 * The helper itself has no seccomp filter: it has to start slirp4netns, and no byte of the
 * container's reaches it.
 */
#include "libnet/helper/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/control.h"
#include "libnet/helper/children.h"
#include "libnet/helper/control.h"
#include "libnet/helper/forwarder.h"
#include "libnet/helper/lan.h"
#include "libnet/helper/link.h"
#include "libnet/helper/ports.h"
#include "libnet/helper/state.h"
#include "libnet/helper/switch.h"
#include "libnet/helper/watched.h"
#include "libnet/slirp/slirp.h"
#include "sys/clock.h"
#include "sys/environ.h"
#include "sys/fd.h"
#include "sys/signals.h"

/* A slirp4netns that keeps dying is started again this often at the most. */
#define RESTART_PAUSE_MS 500

/* ---- slirp4netns ---- */

static int make_link(struct helper *h, struct err *err)
{
	fd_drop(&h->tap);
	fd_drop(&h->link.fd);
	fd_drop(&h->bell);
	TRY(helper_link_make(h->request, &h->tap, &h->link, &h->bell, err));
	TRY(helper_link_configure(&h->request->config, &h->link, err));
	helper_forwarder_link_up(h);
	return 0;
}

static int run_slirp(struct helper *h, struct err *err)
{
	TRY(slirp_start(h->request, &h->slirp_ids, h->tap, h->exit_read, &h->slirp, err));
	return slirp_ready(h->request, &h->slirp, err);
}

static int restart_slirp(struct helper *h, struct err *err)
{
	slirp_end(&h->slirp);
	/* The namespace's root may have taken its addresses or its routes away. */
	if (h->link.fd < 0 || h->tap < 0 || !helper_link_there(&h->link)) {
		TRY(make_link(h, err));
	}
	TRY(run_slirp(h, err));
	return helper_publish_again(h, err);
}

/* ---- the process ---- */

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void close_between(int first, int last)
{
	if (first > last) {
		return;
	}
	if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0) {
		return;
	}
	for (int fd = first; fd <= last && fd < 65536; fd++) {
		close(fd);
	}
}

/* A copy of every descriptor of the caller's would keep pipes open that others wait on. */
static void close_others(const struct net_request *r, int ready, int mapped)
{
	size_t n = r->listeners.n + 6;
	int *keep = calloc(n, sizeof(*keep));
	int next = 3;

	if (!keep) {
		_exit(1);
	}
	keep[0] = ready;
	keep[1] = r->pidfd;
	keep[2] = r->control;
	keep[3] = r->netns;
	keep[4] = r->userns;
	keep[5] = mapped;
	for (size_t i = 0; i < r->listeners.n; i++) {
		keep[6 + i] = r->listeners.v[i].fd;
	}
	qsort(keep, n, sizeof(*keep), by_number);
	for (size_t i = 0; i < n; i++) {
		if (keep[i] >= next) {
			close_between(next, keep[i] - 1);
			next = keep[i] + 1;
		}
	}
	close_between(next, INT32_MAX);
	free(keep);
}

static void detach(void)
{
	struct rlimit files;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	sys_signals_reset();
	signal(SIGPIPE, SIG_IGN);
	setsid();
	/* Neither a terminal nor a client's pipe nor the caller's folder is held. */
	(void)!chdir("/");
	for (int fd = 0; fd < 3 && null >= 0; fd++) {
		dup2(null, fd);
	}
	if (null > 2) {
		close(null);
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	prctl(PR_SET_NAME, "rootlet-net", 0, 0, 0);
}

/* To the caller. One that is gone does not matter: the container decides. */
static void say(int ready, const struct err *err)
{
	(void)!write(ready, err, sizeof(*err));
}

/* mapped: says that the namespace has its ids; -1: it has them already. */
static int wait_mapped(int mapped, struct err *err)
{
	char byte;

	if (mapped >= 0 && read(mapped, &byte, 1) != 1) {
		return err_set(err, ECANCELED,
			       "the ids of the network's user namespace were not mapped");
	}
	return 0;
}

/* The program in the namespace need not wait for slirp4netns: the device is there. */
static int bring_up(struct helper *h, int ready, struct err *err)
{
	static const struct err well = { .code = 0 };

	helper_forwarder_link_up(h);
	say(ready, &well);
	return run_slirp(h, err);
}

static int set_up(struct helper *h, int ready, int mapped, struct err *err)
{
	const struct net_request *r = h->request;
	int ends[2], rc;

	if (r->config.accel) {
		helper_child_prepare(&h->switcher);
	}
	if (r->config.handler == NET_HANDLER_OWN && r->ports.n > 0) {
		helper_child_prepare(&h->forwarder);
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	h->exit_read = ends[0];
	h->exit_write = ends[1];
	TRY(make_link(h, err));
	TRY(wait_mapped(mapped, err));
	rc = slirp_sandbox_ids(r, &h->slirp_ids);
	if (rc < 0) {
		return err_errno(err, -rc, "the ids of the container's root, for slirp4netns");
	}
	TRY(helper_lan_prohibit(r, err));
	if (r->config.accel) {
		TRY(helper_switch_start(h, err));
	}
	if (r->config.handler == NET_HANDLER_OWN) {
		TRY(helper_publish_all(h, err));
	}
	TRY(bring_up(h, ready, err));
	if (r->config.handler == NET_HANDLER_SLIRP) {
		TRY(helper_publish_all(h, err));
	}
	return 0;
}

static _Noreturn void end(struct helper *h)
{
	/* The forwarder first: the ports are free at once. */
	helper_forwarder_end(h);
	helper_switch_end(h);
	slirp_end(&h->slirp);
	_exit(0);
}

enum {
	P_CONTROL,
	P_SLIRP,
	P_FORWARDER,
	P_SWITCH,
	P_BELL,
	P_CLIENTS,
	P_WATCHED = P_CLIENTS + HELPER_CLIENTS_MAX
};

static struct pollfd *poll_list(const struct helper *h, bool slirp_up)
{
	struct pollfd *fds = calloc(P_WATCHED + h->watched_n, sizeof(*fds));

	if (!fds) {
		return NULL;
	}
	fds[P_CONTROL] = (struct pollfd){ h->request->control, POLLIN, 0 };
	/* poll(2) passes over -1. */
	fds[P_SLIRP] = (struct pollfd){ slirp_up ? h->slirp.pidfd : -1, POLLIN, 0 };
	fds[P_FORWARDER] = (struct pollfd){ h->forwarder.pidfd, POLLIN, 0 };
	fds[P_SWITCH] = (struct pollfd){ h->switcher.control, POLLIN, 0 };
	fds[P_BELL] = (struct pollfd){ h->tap < 0 ? -1 : h->bell, POLLIN, 0 };
	for (size_t i = 0; i < HELPER_CLIENTS_MAX; i++) {
		fds[P_CLIENTS + i] = (struct pollfd){ h->clients[i].fd, POLLIN, 0 };
	}
	for (size_t i = 0; i < h->watched_n; i++) {
		fds[P_WATCHED + i] = (struct pollfd){ h->watched[i].pidfd, POLLIN, 0 };
	}
	return fds;
}

struct supervised {
	bool slirp_up;
	bool device_gone;
	int64_t last_start; /* of sys_now_ms, whatever came of it; 0: never */
};

/*
 * By the namespace's root, who wants no network then. slirp4netns would read a device that is none
 * any more, without a pause.
 */
static void lose_device(struct helper *h, struct supervised *s)
{
	s->device_gone = true;
	s->slirp_up = false;
	slirp_end(&h->slirp);
	fd_drop(&h->tap);
	helper_control_tell(h, NET_EVENT_DEVICE);
}

/* Until it is there again; not more often than every RESTART_PAUSE_MS. */
static void bring_back_slirp(struct helper *h, struct supervised *s)
{
	struct err ignored;

	s->slirp_up = false;
	if (sys_now_ms() - s->last_start < RESTART_PAUSE_MS) {
		return;
	}
	if (restart_slirp(h, &ignored) == 0) {
		s->slirp_up = true;
		helper_control_tell(h, NET_EVENT_SLIRP);
	}
	s->last_start = sys_now_ms();
}

/* What poll has told of, but for slirp4netns and who is watched. */
static void serve(struct helper *h, const struct pollfd *fds)
{
	if (fds[P_FORWARDER].revents) {
		helper_forwarder_restart(h);
		helper_control_tell(h, NET_EVENT_FORWARDER);
	}
	if (fds[P_SWITCH].revents) {
		helper_switch_serve(h);
	}
	for (size_t i = 0; i < HELPER_CLIENTS_MAX; i++) {
		if (fds[P_CLIENTS + i].fd >= 0 && fds[P_CLIENTS + i].revents) {
			helper_control_serve(h, &h->clients[i]);
		}
	}
	if (fds[P_CONTROL].revents) {
		helper_control_accept(h);
	}
}

static _Noreturn void supervise(struct helper *h)
{
	struct supervised s = { .slirp_up = true };

	for (;;) {
		struct pollfd *fds = poll_list(h, s.slirp_up);
		int n;

		if (!fds) {
			end(h);
		}
		n = poll(fds, P_WATCHED + h->watched_n,
			 s.slirp_up || s.device_gone ? -1 : RESTART_PAUSE_MS);
		if (n < 0 && errno != EINTR) {
			end(h);
		}
		helper_forget_ended(h);
		if (h->watched_n == 0) {
			end(h);
		}
		if (fds[P_BELL].revents && helper_link_gone(h->bell, h->tap, h->request->netns)) {
			lose_device(h, &s);
		}
		if (!s.device_gone && (!s.slirp_up || fds[P_SLIRP].revents)) {
			bring_back_slirp(h, &s);
		}
		if (n > 0) {
			serve(h, fds);
		}
		free(fds);
	}
}

_Noreturn void helper_main(const struct net_request *request, int ready, int mapped)
{
	struct helper h = {
		.request = request,
		.slirp = SLIRP_INIT,
		.tap = -1,
		.link = { .fd = -1 },
		.bell = -1,
		.exit_read = -1,
		.exit_write = -1,
		.forwarder = HELPER_CHILD_INIT(NET_CONFINE_FORWARDER),
		.switcher = HELPER_CHILD_INIT(NET_CONFINE_SWITCH),
	};
	struct err err = { .code = 0 };

	close_others(request, ready, mapped);
	detach();
	sys_environ_forget();
	for (size_t i = 0; i < HELPER_CLIENTS_MAX; i++) {
		h.clients[i].fd = -1;
	}
	if (helper_watch(&h, request->pid, request->pidfd) < 0) {
		err_errno(&err, ENOMEM, "the network's helper");
	} else {
		(void)set_up(&h, ready, mapped, &err);
	}
	fd_drop(&mapped);
	/* An err of code 0 says that all is well: once for the device, once for the rest. */
	say(ready, &err);
	close(ready);
	if (err.code) {
		end(&h);
	}
	supervise(&h);
}
