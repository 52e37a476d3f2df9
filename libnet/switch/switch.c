/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch/switch: sockets of the host in place of the container's own (accel=seccomp).
 *
 * Theory of operation. A seccomp filter around the container's processes (libnet/accel_filter.c)
 * tells this process of every connect(2) and bind(2). It stays in the host's network. Another
 * process, which may be held up, reads what the caller's socket and the address are like (reader.c,
 * target.c), and this one judges the address (judge.c). Then
 * it makes a socket in the host's network with the same options, connects or binds that (socket.c),
 * and puts it under the caller's number (SECCOMP_IOCTL_NOTIF_ADDFD; call.c). What is sent from then
 * on passes neither slirp4netns nor the forwarder.
 *
 * Who may leave. A socket may leave only where slirp4netns would have taken it: the container's
 * route must lead to slirp4netns' device, and the host's route to a device that is not its
 * loopback. The address must be neither the host's own, the namespace's, loopback, link-local nor
 * multicast. All else stays as it was.
 *
 * What holds it. That judgement can be raced: between our look at a call and the kernel's doing it,
 * another thread may change the address in memory or put another socket under the number. So an
 * answer "go on" can't be trusted to go on with what was seen, and the judgement is not what the
 * container is held by. Each socket that is handed over carries, from before it has a peer, what
 * its holder can't take off:
 *
 *  - A connected one is bound to a device. Undoing that takes CAP_NET_RAW over the host's network,
 *    socket(7), which is why the container needs a user namespace of its own.
 *  - It has a locked socket filter that drops whatever does not come from the peer that was judged,
 *    and whoever wants to connect to it. Connected again, wherever to, it never hears an answer;
 *    listening, it never hears a caller. Device or filter, either of the two is enough.
 *  - It has its port for good: such a port is kept even when the socket is disconnected, so that
 *    its holder can't take another one of the host's (bind_for_good in socket.c).
 *  - A listening one has a locked filter that drops every answer to a connect, and what comes to
 *    another port. It is bound to no device, since callers come by all of them. What it accepts
 *    inherits the filter, so neither can become a client or serve elsewhere.
 *
 * With that, going on is always safe: with a socket of the container's it reaches what slirp4netns
 * lets it reach anyway. It is done for everything that is not TCP, for UNIX sockets, and for what
 * stays inside: credentials, paths and waiting are then the caller's own.
 *
 * Without filters. Kernels that keep socket filters of TCP for CAP_NET_ADMIN over its network (of
 * 2026: seen on 6.18, and on Debian 12's 6.1.0-56) leave the others with the device alone
 * (net_config.accel_out_only). Connections outward need no more: the device leads neither to
 * loopback nor anywhere that slirp4netns would not have led to. But allow_lan=false is a matter of
 * the peer, so it is refused there. Where IPv6 is off or an outbound address is set, sockets that
 * are good for both families stay on slirp4netns. There are no servers of this kind: a listener
 * that is bound to no device must not be made a client. A program that races gets this much: it may
 * choose the device's other neighbours, by their link-local IPv6 addresses too, past a routing rule
 * by which the host would have taken another device; and it may listen to callers of that device,
 * at the port that its socket has and, by what it accepts there, at others above
 * ip_unprivileged_port_start.
 *
 * When this process ends, so do the listeners, and the kernel answers every further connect and
 * bind with ENOSYS: the container can lose its network by that, not gain another. It is not started
 * again, as nobody could get the listeners back.
 *
 * What it costs. The container sees the host's addresses on such sockets. What looks at sockets by
 * cgroup (IPAddressDeny= of a scope) or by the caller's Landlock domain does not see them as the
 * container's. A socket stays on slirp4netns when it was bound before, when it has a second
 * descriptor, when it is in an epoll set already (as with programs that register first), and in a
 * process with more than 1024 descriptors. To see that of all users of the container this process
 * enters the container's user namespace, unless it has capabilities over the host to lose by that.
 * Where SO_SNDTIMEO ends a connect it says EALREADY and not EINPROGRESS. Beyond some thousand
 * connections to one and the same peer, sockets stay on slirp4netns for want of a port. It needs
 * Linux 5.14.
 */
#include "libnet/switch/switch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/confine.h"
#include "libnet/messages.h"
#include "libnet/switch/bind.h"
#include "libnet/switch/call.h"
#include "libnet/switch/connect.h"
#include "libnet/switch/reader.h"
#include "libnet/switch/server.h"
#include "libnet/switch/state.h"
#include "sys/caps.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/netlink.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define EVENTS 32

static void take_call(struct switcher *s, int listener)
{
	struct switch_call call = { .listener = listener };

	memset(s->call, 0, s->call_size);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, s->call) < 0) {
		return; /* ENOENT: it is gone already */
	}
	call.id = s->call->id;
	if (switch_reader_take(s, s->call, &call.target) < 0) {
		switch_go_on(s, &call);
		return;
	}
	/* What was read by its pid is the caller's only if it still waits. */
	if (!switch_is_pending(&call)) {
		return;
	}
	if (call.target.place == SWITCH_ELSEWHERE) {
		switch_go_on(s, &call);
	} else if (s->call->data.nr == SYS_connect) {
		switch_take_connect(s, &call);
	} else {
		switch_take_bind(s, &call);
	}
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
	struct net_message m = { .kind = 0 };
	scope_fd int fd = -1;
	int rc = net_message_receive(s->setup->control, &m, &fd);

	if (rc == 0) {
		_exit(0);
	}
	if (rc < 0) {
		return;
	}
	if (m.kind == NET_MESSAGE_LISTENER && fd >= 0) {
		add_listener(s, fd_take(&fd));
	} else if (m.kind == NET_MESSAGE_ADD && fd >= 0) {
		switch_add_port(s, &m, fd_take(&fd));
	} else if (m.kind == NET_MESSAGE_REMOVE) {
		switch_remove_port(s, m.id);
	}
}

static int cookie_of(int fd, uint64_t *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &len) < 0 ? -errno : 0;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static int set_up(struct switcher *s)
{
	struct seccomp_notif_sizes sizes;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
		return -EIO;
	}
	s->call_size = larger(sizes.seccomp_notif, sizeof(*s->call));
	s->answer_size = larger(sizes.seccomp_notif_resp, sizeof(*s->answer));
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
		high[i] = -1;
		if (*kept[i] >= 0 && (high[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC, 16)) < 0) {
			return -errno;
		}
	}
	for (int i = 0; i < 3; i++) {
		*kept[i] = -1;
		if (high[i] >= 0 && (*kept[i] = dup3(high[i], 3 + i, O_CLOEXEC)) < 0) {
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
 *
 * Of files it needs /proc alone, so that becomes its root: paths here begin with a pid. (So they
 * do in the one case where it can't.) By
 * /PID/root it reaches only what it may trace: of its user's processes those in the container's
 * user namespace, or with no capability that it lacks. (Landlock would be simpler, but who is in a
 * domain may not take descriptors of processes outside of it.)
 */
static int give_up_rights(struct switch_setup *setup)
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
	if (chdir("/proc") < 0) {
		return -errno;
	}
	/* Who has CAP_NET_ADMIN over the host and no right to change the root keeps this one. */
	if (chroot(".") < 0 && (errno != EPERM || (kept & CAP(NET_ADMIN)) == 0)) {
		return -errno;
	}
	return sys_caps_set(kept, kept, 0);
}

_Noreturn void switch_main(const struct switch_setup *given)
{
	struct switch_setup setup = *given;
	struct switcher s = { .setup = &setup, .epoll = -1 };
	struct epoll_event events[EVENTS];

	switch_reader_init(&s);
	/* First, as it is soon in the user namespace of the container. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "rootlet-switch", 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (keep_only(&setup) < 0) {
		_exit(1);
	}
	switch_server_homes(&s);
	if (give_up_rights(&setup) < 0) {
		_exit(1);
	}
	/*
	 * After the change of rights, which clears it. Should the parent be gone by now, the
	 * control socket says so.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (set_up(&s) < 0 || net_confine(setup.confinement) < 0 ||
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
