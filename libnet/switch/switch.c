/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/switch: the process that answers for the container's calls of connect and bind. switch.h says
 * what makes that safe.
 *
 * It keeps nothing of a call that it has answered: a connect that takes its time is begun here and
 * waited for by the caller itself, in the kernel, on the socket that it was given. So signals,
 * timeouts and errors are as they are everywhere.
 *
 * When this process ends, so do the listeners, and the kernel answers every further connect and
 * bind with ENOSYS: the container can lose its network by that, not gain another.
 */
#include "libnet/switch/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/confine.h"
#include "libnet/slirp/slirp.h"
#include "sys/caps.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/sock.h"

#define EVENTS 32

/* ---- answers ---- */

static void send_answer(struct switcher *s, const struct switch_call *call, int error,
			uint32_t flags)
{
	memset(s->answer, 0, s->answer_size);
	s->answer->id = call->id;
	s->answer->error = error;
	s->answer->flags = flags;
	/* ENOENT: the caller is gone, or was interrupted and asks anew. */
	(void)ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, s->answer);
}

void switch_answer(struct switcher *s, const struct switch_call *call, int result)
{
	send_answer(s, call, result, 0);
}

void switch_go_on(struct switcher *s, const struct switch_call *call)
{
	send_answer(s, call, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

static bool is_pending(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int switch_hand_over(const struct switch_call *call, int fd)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)fd,
		.newfd = (uint32_t)call->target.number,
		.newfd_flags = switch_target_cloexec(&call->target) ? O_CLOEXEC : 0,
	};

	return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

/* ---- connect ---- */

/* Neither connected nor on the way nor listening. */
static bool is_idle(int socket)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t len = sizeof(info);

	return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_CLOSE;
}

static enum switch_verdict judge(struct switcher *s, int domain, const struct switch_peer *peer,
				 int *ret)
{
	struct switch_route inside, outside;
	struct ifreq tap = { .ifr_name = TAP_NAME };

	if (!switch_may_leave(peer, &s->setup->config->cidr) ||
	    !switch_may_hold(s->setup->config, domain)) {
		return SWITCH_STAY;
	}
	if (ioctl(s->inside.fd, SIOCGIFINDEX, &tap) < 0) {
		return SWITCH_STAY;
	}
	inside = switch_ask_route(&s->inside, &peer->address);
	outside = switch_ask_route(&s->outside, &peer->address);
	return switch_judge(s->setup->config->lan, &inside, tap.ifr_ifindex, &outside, ret);
}

void switch_connected(struct switcher *s, const struct switch_call *call, int fd, int rc)
{
	bool waits = !(fcntl(call->target.socket, F_GETFL) & O_NONBLOCK);
	bool given = (!waits || fcntl(fd, F_SETFL, O_RDWR) == 0) && switch_hand_over(call, fd) == 0;

	/*
	 * Without a socket of the host's all is as it was. With one that is connecting, a caller
	 * that waits does so now; the address that it gives does not count any more.
	 */
	if (!given || (rc == -EINPROGRESS && waits)) {
		switch_go_on(s, call);
	} else {
		switch_answer(s, call, rc);
	}
}

static void leave(struct switcher *s, const struct switch_call *call,
		  const struct switch_peer *peer, int device)
{
	const struct net_config *c = s->setup->config;
	const struct switch_way way = {
		.device = device,
		/* As slirp4netns would. */
		.from = peer->address.family == AF_INET ? c->outbound_addr : c->outbound_addr6,
	};
	scope_fd int fd = -1;
	int rc = switch_connect(s, &call->target, peer, &way, &fd);

	if (fd >= 0) {
		switch_connected(s, call, fd, rc);
	} else if ((rc == -EADDRINUSE || rc == -EADDRNOTAVAIL) &&
		   call->target.place == SWITCH_INSIDE) {
		switch_go_on(s, call); /* by slirp4netns, whose sockets may have any port */
	} else {
		switch_answer(s, call, rc == -EADDRINUSE ? -EADDRNOTAVAIL : rc);
	}
}

/*
 * A socket of the host's, left by a connect that failed, whose next peer is the container's own
 * affair.
 */
static void come_back(struct switcher *s, const struct switch_call *call)
{
	const struct switch_target *t = &call->target;
	struct switch_fresh fresh = { .known = false };
	scope_fd int fd = sys_socket_in(s->setup->userns, s->setup->netns, t->domain,
					SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd >= 0) {
		switch_copy_options(t->socket, fd, &fresh);
		(void)fcntl(fd, F_SETFL, fcntl(t->socket, F_GETFL));
		(void)switch_hand_over(call, fd);
	}
	/* If that failed: the old one hears nobody but its old peer. */
	switch_go_on(s, call);
}

/* Has the program chosen an address or a port of the container's? Those are not the host's. */
static bool is_bound(const struct switch_target *t)
{
	struct switch_peer is;
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(t->socket, (struct sockaddr *)&address, &len) < 0 ||
	    !switch_parse(&address, len, t->domain, &is)) {
		return true;
	}
	return is.port != 0 || !switch_is_any(&is);
}

static void take_connect(struct switcher *s, const struct switch_call *call)
{
	const struct switch_target *t = &call->target;
	struct switch_peer peer;
	int what = 0;

	if (!switch_parse(&t->address, t->len, t->domain, &peer) || !is_idle(t->socket)) {
		switch_go_on(s, call);
		return;
	}
	switch (judge(s, t->domain, &peer, &what)) {
	case SWITCH_STAY:
		if (t->place == SWITCH_OUTSIDE) {
			come_back(s, call);
		} else if (is_bound(t) || switch_target_is_shared(t) ||
			   !switch_connect_own(s, call, &peer)) {
			switch_go_on(s, call);
		}
		return;
	case SWITCH_FAIL:
		switch_answer(s, call, -what);
		return;
	case SWITCH_LEAVE:
		if (t->place == SWITCH_INSIDE && (is_bound(t) || switch_target_is_shared(t))) {
			switch_go_on(s, call);
		} else {
			leave(s, call, &peer, what);
		}
		return;
	}
}

/* ---- the process ---- */

static void take_call(struct switcher *s, int listener)
{
	struct switch_call call = { .listener = listener };

	memset(s->call, 0, s->call_size);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, s->call) < 0) {
		return; /* ENOENT: it is gone already */
	}
	call.id = s->call->id;
	if (switch_target_take(s, s->call, &call.target) < 0) {
		switch_go_on(s, &call);
		return;
	}
	/* What was read by its pid is the caller's only if it still waits. */
	if (!is_pending(listener, call.id)) {
		close(call.target.socket);
		return;
	}
	if (call.target.place == SWITCH_ELSEWHERE) {
		switch_go_on(s, &call);
	} else if (s->call->data.nr == SYS_connect) {
		take_connect(s, &call);
	} else {
		switch_take_bind(s, &call);
	}
	close(call.target.socket);
}

static int watch(const struct switcher *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void add_listener(const struct switcher *s, int fd)
{
	/* Woken on the same processor, the caller and this process take turns faster. */
	(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	if (watch(s, fd) < 0) {
		close(fd);
	}
}

/* One message of the helper, whose end is ours. */
static void take_message(struct switcher *s)
{
	struct forward_message m = { .op = 0 };
	int fd = -1;
	int rc = forward_receive(s->setup->control, &m, &fd);

	if (rc == 0) {
		_exit(0);
	}
	if (rc > 0 && m.op == SWITCH_LISTEN && fd >= 0) {
		add_listener(s, fd_take(&fd));
	} else if (rc > 0 && m.op == FORWARD_ADD && fd >= 0) {
		switch_add_port(s, &m, fd_take(&fd));
	} else if (rc > 0 && m.op == FORWARD_REMOVE) {
		switch_remove_port(s, m.id);
	}
	scope_close_(&fd);
}

static int cookie_of(int fd, uint64_t *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &len) < 0 ? -errno : 0;
}

static int set_up(struct switcher *s)
{
	struct seccomp_notif_sizes sizes;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
		return -EIO;
	}
	s->call_size =
		sizes.seccomp_notif > sizeof(*s->call) ? sizes.seccomp_notif : sizeof(*s->call);
	s->answer_size = sizes.seccomp_notif_resp > sizeof(*s->answer) ? sizes.seccomp_notif_resp :
									 sizeof(*s->answer);
	s->call = malloc(s->call_size);
	s->answer = malloc(s->answer_size);
	if (!s->call || !s->answer) {
		return -ENOMEM;
	}
	TRY(sys_nl_open(&s->outside));
	TRY(sys_nl_open_in(s->setup->userns, s->setup->netns, &s->inside));
	TRY(cookie_of(s->outside.fd, &s->outside_cookie));
	TRY(cookie_of(s->inside.fd, &s->inside_cookie));
	return watch(s, s->setup->control);
}

/*
 * The published ports' sockets are among what the helper has: a copy of them here would keep the
 * ports.
 */
static int keep_only(struct switch_setup *setup)
{
	int *const kept[] = { &setup->control, &setup->netns, &setup->userns };
	int high[3];

	for (int i = 0; i < 3; i++) {
		high[i] = *kept[i] < 0 ? -1 : fcntl(*kept[i], F_DUPFD_CLOEXEC, 16);
		if (*kept[i] >= 0 && high[i] < 0) {
			return -errno;
		}
	}
	for (int i = 0; i < 3; i++) {
		*kept[i] = high[i] < 0 ? -1 : dup3(high[i], 3 + i, O_CLOEXEC);
		if (high[i] >= 0 && *kept[i] < 0) {
			return -errno;
		}
	}
	sys_close_except(6, -1, -1);
	return 0;
}

#define CAP(name) (UINT64_C(1) << CAP_##name)

/*
 * What it needs over the container comes with being the user that made the container's user
 * namespace (user_namespaces(7)), but for the lists of descriptors of the container's other users:
 * those take CAP_DAC_READ_SEARCH. Root has it, and keeps two more: for ports below 1024, and for
 * socket filters where the kernel asks for CAP_NET_ADMIN (net_accel_check). Whoever has none of
 * them over the host loses nothing there by entering the container's user namespace, and has it
 * over the container then.
 */
static int give_up_capabilities(struct switch_setup *setup)
{
	uint64_t kept = sys_caps_permitted() &
			(CAP(NET_BIND_SERVICE) | CAP(NET_ADMIN) | CAP(DAC_READ_SEARCH));

	if (kept == 0 && setup->userns >= 0) {
		if (setns(setup->userns, CLONE_NEWUSER) < 0) {
			return -errno;
		}
		/*
		 * sys_socket_in then enters nothing but the network, with the right of that
		 * namespace.
		 */
		fd_drop(&setup->userns);
		kept = CAP(DAC_READ_SEARCH) | CAP(SYS_PTRACE) | CAP(SYS_ADMIN);
	}
	return sys_caps_set(kept, kept, 0);
}

_Noreturn void switch_main(const struct switch_setup *given)
{
	struct switch_setup setup = *given;
	struct switcher s = { .setup = &setup, .epoll = -1 };
	struct epoll_event events[EVENTS];

	/* First, as it is soon in the user namespace of the container. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "rootlet-switch", 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (keep_only(&setup) < 0 || give_up_capabilities(&setup) < 0) {
		_exit(1);
	}
	/*
	 * After the change of rights, which clears it. Should the parent be gone by now, the
	 * control socket says so.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (set_up(&s) < 0 || confine(CONFINE_SWITCH) < 0 ||
	    send(setup.control, "", 1, MSG_NOSIGNAL) != 1) {
		_exit(1);
	}
	for (;;) {
		int n = epoll_wait(s.epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == setup.control) {
				take_message(&s);
			} else if (events[i].events & EPOLLIN) {
				take_call(&s, events[i].data.fd);
			} else {
				close(events[i].data.fd); /* nobody is left behind that filter */
			}
		}
	}
}
