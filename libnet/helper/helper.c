/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/helper: the one process that a network needs alive.
 *
 * It is the parent of slirp4netns and of the forwarder, holds the pipe whose end is slirp4netns'
 * end, and watches the container by pidfd. Every way to die is covered from outside: when the
 * container ends, the helper ends the other two; when the helper is killed, the pipe closes
 * (slirp4netns) and the control socket does (forwarder); when one of the two is killed, the helper
 * starts it again.
 */
#include "libnet/helper/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clock.h"
#include "sys/clone.h"
#include "sys/environ.h"
#include "sys/signals.h"
#include "sys/sock.h"

/* A slirp4netns that keeps dying is started again this often at the most. */
#define RESTART_PAUSE_MS 500

/* ---- slirp4netns ---- */

static int link_is_up(struct helper *h, struct err *err)
{
	TRY(link_configure(&h->request->config, &h->link, h->tap >= 0, err));
	helper_link_is_up(h);
	return 0;
}

/* Where slirp4netns can't be given a device it makes and configures one itself, later. */
static int make_link(struct helper *h, struct err *err)
{
	int rc;

	fd_drop(&h->tap);
	fd_drop(&h->link.fd);
	rc = link_make(h->request, &h->tap, &h->link, err);
	return rc < 0 || h->tap < 0 ? rc : link_is_up(h, err);
}

static int run_slirp(struct helper *h, struct err *err)
{
	int rc;

	TRY(slirp_start(h->request, h->tap, h->exit_read, &h->slirp, err));
	rc = slirp_ready(h->request, h->tap, &h->slirp, err);
	if (rc == -ENODEV && h->tap >= 0) {
		fd_drop(&h->tap);
		*err = (struct err){ .code = 0 };
		return run_slirp(h, err);
	}
	return rc < 0 || h->tap >= 0 ? rc : link_is_up(h, err);
}

static int restart_slirp(struct helper *h, struct err *err)
{
	slirp_end(&h->slirp);
	/* The namespace's root may have taken the device away. */
	if (h->link.fd < 0 || (h->tap >= 0 && !link_there(&h->link))) {
		TRY(make_link(h, err));
	}
	TRY(run_slirp(h, err));
	if (h->request->config.handler == NET_HANDLER_SLIRP) {
		for (size_t i = 0; i < h->port_n; i++) {
			TRY(helper_publish_slirp(h, h->ports[i], err));
		}
	}
	return 0;
}

void helper_child_end(pid_t *pid, int *pidfd, int *control)
{
	if (*pid > 0) {
		(void)sys_pidfd_kill(*pidfd, SIGKILL);
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	*pid = -1;
	fd_drop(pidfd);
	fd_drop(control);
}

/* ---- who is watched ---- */

int helper_watch(struct helper *h, pid_t pid, int pidfd)
{
	struct watched *grown = reallocarray(h->watched, h->watched_n + 1, sizeof(*grown));

	if (!grown) {
		close(pidfd);
		return -ENOMEM;
	}
	h->watched = grown;
	h->watched[h->watched_n++] = (struct watched){ .pid = pid, .pidfd = pidfd };
	return 0;
}

static void forget_ended(struct helper *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->watched_n; i++) {
		struct pollfd p = { h->watched[i].pidfd, POLLIN, 0 };

		if (poll(&p, 1, 0) > 0) {
			close(h->watched[i].pidfd);
		} else {
			h->watched[kept++] = h->watched[i];
		}
	}
	h->watched_n = kept;
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

/* The program in the namespace need not wait for slirp4netns where the device is there. */
static int bring_up(struct helper *h, int ready, struct err *err)
{
	static const struct err well = { .code = 0 };
	bool linked = h->tap >= 0;

	if (linked) {
		helper_link_is_up(h);
		say(ready, &well);
	}
	TRY(run_slirp(h, err));
	if (!linked) {
		say(ready, &well);
	}
	return 0;
}

static int set_up(struct helper *h, int ready, int mapped, struct err *err)
{
	const struct net_request *r = h->request;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	h->exit_read = ends[0];
	h->exit_write = ends[1];
	TRY(make_link(h, err));
	TRY(wait_mapped(mapped, err));
	TRY(lan_prohibit(r, err));
	if (r->config.accel) {
		TRY(helper_switch_start(h, err));
	}
	if (r->config.handler == NET_HANDLER_OWN) {
		TRY(helper_publish_all(h, err));
	}
	TRY(bring_up(h, ready, err));
	return r->config.handler == NET_HANDLER_SLIRP ? helper_publish_all(h, err) : 0;
}

static _Noreturn void end(struct helper *h)
{
	/* The forwarder first: the ports are free at once. */
	helper_forwarder_end(h);
	helper_switch_end(h);
	slirp_end(&h->slirp);
	if (h->request->api_socket) {
		unlink(h->request->api_socket);
	}
	_exit(0);
}

enum {
	P_CONTROL,
	P_SLIRP,
	P_FORWARDER,
	P_SWITCH,
	P_CLIENTS,
	P_WATCHED = P_CLIENTS + CONTROL_CLIENTS_MAX
};

static struct pollfd *poll_list(const struct helper *h, bool slirp_up)
{
	struct pollfd *fds = calloc(P_WATCHED + h->watched_n, sizeof(*fds));

	if (!fds) {
		return NULL;
	}
	fds[P_CONTROL] = (struct pollfd){ h->request->control, POLLIN, 0 };
	fds[P_SLIRP] = (struct pollfd){ slirp_up ? h->slirp.pidfd : -1, POLLIN, 0 };
	fds[P_FORWARDER] = (struct pollfd){ h->forwarder > 0 ? h->forwarder_pidfd : -1, POLLIN, 0 };
	fds[P_SWITCH] = (struct pollfd){ h->switch_control, POLLIN, 0 };
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fds[P_CLIENTS + i] = (struct pollfd){ h->clients[i].fd, POLLIN, 0 };
	}
	for (size_t i = 0; i < h->watched_n; i++) {
		fds[P_WATCHED + i] = (struct pollfd){ h->watched[i].pidfd, POLLIN, 0 };
	}
	return fds;
}

static _Noreturn void supervise(struct helper *h)
{
	int64_t last_start = 0;
	bool slirp_up = true;
	struct err ignored;

	for (;;) {
		struct pollfd *fds = poll_list(h, slirp_up);
		int n = fds ? poll(fds, P_WATCHED + h->watched_n,
				   slirp_up ? -1 : RESTART_PAUSE_MS) :
			      -1;

		if (!fds || (n < 0 && errno != EINTR)) {
			end(h);
		}
		forget_ended(h);
		if (h->watched_n == 0) {
			end(h);
		}
		if (!slirp_up || fds[P_SLIRP].revents) {
			bool soon = sys_now_ms() - last_start < RESTART_PAUSE_MS;

			slirp_up = !soon && restart_slirp(h, &ignored) == 0;
			if (slirp_up) {
				control_tell(h, NET_EVENT_SLIRP);
			}
			last_start = slirp_up || !soon ? sys_now_ms() : last_start;
		}
		if (n > 0 && fds[P_FORWARDER].revents) {
			helper_forwarder_restart(h);
			control_tell(h, NET_EVENT_FORWARDER);
		}
		if (n > 0 && fds[P_SWITCH].revents) {
			helper_switch_serve(h);
		}
		for (size_t i = 0; n > 0 && i < CONTROL_CLIENTS_MAX; i++) {
			if (fds[P_CLIENTS + i].fd >= 0 && fds[P_CLIENTS + i].revents) {
				control_serve(h, &h->clients[i]);
			}
		}
		if (n > 0 && fds[P_CONTROL].revents) {
			control_accept(h);
		}
		free(fds);
	}
}

static _Noreturn void helper_main(const struct net_request *request, int ready, int mapped)
{
	struct helper h = {
		.request = request,
		.slirp = SLIRP_INIT,
		.tap = -1,
		.link = { .fd = -1 },
		.exit_read = -1,
		.exit_write = -1,
		.forwarder = -1,
		.forwarder_pidfd = -1,
		.forward = -1,
		.switcher = -1,
		.switcher_pidfd = -1,
		.switch_control = -1,
	};
	struct err err = { .code = 0 };

	close_others(request, ready, mapped);
	detach();
	sys_environ_forget();
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
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

/* ---- the caller's side ---- */

int net_start(const struct net_request *request, struct net_helper *ret, struct err *err)
{
	scope_fd int ready = -1, ready_write = -1, mapped = -1, mapped_write = -1;
	int ends[2], more[2] = { -1, -1 };
	int pidfd = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	ready = ends[0];
	ready_write = ends[1];
	if (request->unmapped && pipe2(more, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	mapped = more[0];
	mapped_write = more[1];
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		helper_main(request, ready_write, mapped);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "starting the network's helper");
	}
	*ret = (struct net_helper){ .pid = pid,
				    .pidfd = pidfd,
				    .ready = fd_take(&ready),
				    .mapped = fd_take(&mapped_write) };
	return 0;
}

void net_mapped(struct net_helper *helper)
{
	/* A helper that is gone says so when it is asked whether it is ready. */
	(void)!write(helper->mapped, "", 1);
	fd_drop(&helper->mapped);
}

/* One of the two things that a helper says; an error is the last. */
static int hear(const struct net_helper *helper, int timeout_ms, struct err *err)
{
	struct pollfd p = { helper->ready, POLLIN, 0 };
	struct err said;
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n == 0) {
		err_set(err, ETIMEDOUT, "the network was not ready after %d seconds",
			timeout_ms / 1000);
		return err_hint(err, "slirp4netns may be waiting for a host that is overloaded");
	}
	/* One write of less than PIPE_BUF bytes is one read. */
	if (read(helper->ready, &said, sizeof(said)) != (ssize_t)sizeof(said)) {
		return err_set(err, ECHILD,
			       "the network's helper ended before the network was ready");
	}
	if (said.code) {
		*err = said;
		return -said.code;
	}
	return 0;
}

int net_linked(struct net_helper *helper, int timeout_ms, struct err *err)
{
	if (!helper->linked) {
		TRY(hear(helper, timeout_ms, err));
		helper->linked = true;
	}
	return 0;
}

int net_ready(struct net_helper *helper, int timeout_ms, struct err *err)
{
	TRY(net_linked(helper, timeout_ms, err));
	return hear(helper, timeout_ms, err);
}

void net_helper_close(struct net_helper *helper)
{
	fd_drop(&helper->mapped);
	fd_drop(&helper->pidfd);
	fd_drop(&helper->ready);
}
