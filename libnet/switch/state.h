/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/switch: sockets of the host in place of the container's own. Private to libnet.
 *
 * A seccomp filter around the container's processes tells of connect(2) and bind(2). This process,
 * which stays in the host's network, makes a socket there, connects or binds it, and puts it under
 * the container's number: what is sent from then on passes neither slirp4netns nor the forwarder.
 *
 * What keeps the container from the rest of the host is the socket itself, not the moment of the
 * call. Between our look at a call and the kernel's doing it, another thread may have changed the
 * address in memory or put another socket under the number; so an answer "go on" can't be trusted
 * to go on with what was seen. Therefore every socket that is handed over carries, from before it
 * has a peer, what its holder can't take off:
 *
 *  - a connected one is bound to a device (without CAP_NET_RAW over the host's network it stays so,
 *    socket(7)) and has a locked socket filter that drops whatever does not come from the peer that
 *    was judged, and whoever wants to connect to it. Connected again, wherever to, it never hears
 *    an answer; listening, it never hears a caller.
 *  - that one has its port for good, so that its holder can't take another one of the host's.
 *  - a listening one has a locked filter that drops every answer to a connect, and what comes to
 *    another port. What it accepts inherits that.
 *
 * Kernels that keep socket filters of TCP for CAP_NET_ADMIN leave others with the device alone
 * (net_config.accel_out_only). That is enough for the first kind: the device keeps it from
 * loopback, and all that it leads to slirp4netns leads to as well (allow_lan=false is refused
 * then); made to listen, it hears callers of that device, at the port that it has. There are no
 * servers of that kind.
 *
 * With that, going on is always safe: with a socket of the container's it reaches what slirp4netns
 * lets it reach anyway. It is done for everything that is not TCP, and for what stays: credentials,
 * paths and waiting are then the caller's own.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "libnet/forward/loop.h"
#include "libnet/net.h"
#include "sys/netlink.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

/* ---- switch_judge.c: pure ---- */

struct switch_peer {
	struct net_address address; /* an IPv4 address in IPv6's clothes is AF_INET here */
	uint16_t port;
};

enum switch_verdict {
	SWITCH_STAY,  /* the container's own network is where this goes */
	SWITCH_LEAVE, /* by a device of the host's */
	SWITCH_FAIL,  /* the host can't get there either */
};

/* What a routing table says of an address. */
struct switch_route {
	int error;	    /* positive errno; 0: the rest holds */
	unsigned char type; /* RTN_* */
	int device;
	bool direct; /* no gateway: the device's own network */
};

/*
 * What a program gave to connect or bind on a socket of that domain. False: the kernel is to say
 * what is wrong with it, or it is AF_UNSPEC.
 */
bool switch_parse(const struct sockaddr_storage *address, socklen_t len, int domain,
		  struct switch_peer *ret);

/* 0.0.0.0 or :: */
bool switch_is_any(const struct switch_peer *p);

/* Loopback, or the namespace's own address. */
bool switch_is_own(const struct switch_peer *p, const struct net_cidr *own);

/* The other way; mapped: an IPv4 address in IPv6's form. Returns the length. */
socklen_t switch_unparse(const struct switch_peer *p, int domain, struct sockaddr_storage *ret);

/*
 * Where the container's server is to listen: bound is what it binds, on a socket of that domain;
 * host4 and host6 are where its port is published, NULL: nowhere. False: no single socket of its
 * kind answers everybody that the forwarder answers.
 */
bool switch_place_server(const struct switch_peer *bound, int domain, bool only6,
			 const struct switch_peer *host4, const struct switch_peer *host6,
			 struct switch_peer *ret, bool *ret_only6);

/*
 * May it leave at all? False: loopback, the namespace's own network, link-local, multicast and what
 * no route leads to.
 */
bool switch_may_leave(const struct switch_peer *to, const struct net_cidr *own);

/*
 * Is a socket of that domain held to what is judged? Without a socket filter one of IPv6 can be
 * used for IPv4 too, and the other way round: what the configuration says of either must then hold
 * for both.
 */
bool switch_may_hold(const struct net_config *c, int domain);

/*
 * lan: the host's own networks may be reached. inside: the container's route, tap: its device that
 * leads to slirp4netns (0: none now); outside: the host's route. On SWITCH_FAIL *ret is a positive
 * errno, on SWITCH_LEAVE the device.
 */
enum switch_verdict switch_judge(bool lan, const struct switch_route *inside, int tap,
				 const struct switch_route *outside, int *ret);

/* ---- switch_filter.c: pure ---- */

#define SWITCH_FILTER_MAX 24

/* Socket filters: instructions into `code`, how many as the result. */
size_t switch_filter_peer(const struct switch_peer *peer,
			  struct sock_filter code[static SWITCH_FILTER_MAX]);
size_t switch_filter_listener(uint16_t port, struct sock_filter code[static SWITCH_FILTER_MAX]);

/* ---- switch_target.c: the call that is waited for, and its socket ---- */

enum switch_place {
	SWITCH_ELSEWHERE, /* no TCP, or a network namespace that is none of ours */
	SWITCH_INSIDE,
	SWITCH_OUTSIDE,
};

struct switch_target {
	pid_t tid;
	int number; /* of the descriptor, in the caller's table */
	int socket; /* our copy of it */
	int domain;
	enum switch_place place;
	struct sockaddr_storage address; /* read once */
	socklen_t len;
};

struct switcher;

/*
 * Takes a copy of the socket and of the address. Close target->socket on success. -errno: nothing
 * is known of it.
 */
int switch_target_take(const struct switcher *s, const struct seccomp_notif *call,
		       struct switch_target *ret);

/*
 * Has it another name or an epoll set that waits for it? Those would go on with the socket that is
 * taken away.
 */
bool switch_target_is_shared(const struct switch_target *t);

/* Is the descriptor close-on-exec? */
bool switch_target_cloexec(const struct switch_target *t);

/* ---- switch_socket.c ---- */

#define SWITCH_OPTIONS 28

/* Of one option; no bytes: that kind of socket has none. */
struct switch_value {
	char bytes[16];
	socklen_t len;
};

/*
 * The options of a new socket of one domain in one network namespace. Asked once: where a sysctl
 * has changed them since, what nobody has set is as the sysctl has it now, or as it was.
 */
struct switch_fresh {
	bool known;
	struct switch_value values[SWITCH_OPTIONS];
};

/*
 * Copies what setsockopt(2) may have changed, as far as it is known. "to" is new; from it the rest
 * of "fresh" is filled in.
 */
void switch_copy_options(int from, int to, struct switch_fresh *fresh);

struct switch_way {
	int device;	  /* 0: any */
	const char *from; /* own address, as text and of the peer's family; NULL: any */
};

/*
 * Connects a socket of the host's that may talk to the peer alone. Returns 0 or -EINPROGRESS, and
 * *ret, non-blocking; or -errno, of which -EADDRINUSE and -EADDRNOTAVAIL say that no port was found
 * for it.
 */
int switch_connect(struct switcher *s, const struct switch_target *t,
		   const struct switch_peer *peer, const struct switch_way *way, int *ret);

/* A server's. With SO_REUSEADDR: the forwarder's socket keeps the port too, and does not listen. */
int switch_server(struct switcher *s, const struct switch_target *t, bool only6,
		  const struct switch_peer *at);

/* Attaches a socket filter for good. Returns 0 or -errno. */
int switch_lock_filter(int socket, struct sock_filter *code, size_t n);

/* ---- switch_route.c ---- */

struct switch_route switch_ask_route(struct sys_nl *nl, const struct net_address *to);

/* ---- switch.c ---- */

struct switch_setup {
	int control; /* SOCK_SEQPACKET, of the helper */
	int userns;
	int netns;
	const struct net_config *config;
};

struct switch_port;

struct switcher {
	const struct switch_setup *setup;
	int epoll;
	struct sys_nl outside;
	struct sys_nl inside;
	uint64_t outside_cookie; /* SO_NETNS_COOKIE of both */
	uint64_t inside_cookie;
	struct switch_fresh fresh[2]; /* of the host: IPv4, IPv6 */
	struct switch_port *ports;
	struct seccomp_notif *call; /* room for one, of the kernel's size */
	size_t call_size;
	struct seccomp_notif_resp *answer;
	size_t answer_size;
};

/* A call that waits for its answer, at the filter's listener that told of it. */
struct switch_call {
	int listener;
	uint64_t id;
	struct switch_target target;
};

/*
 * Each ends the call: its result is 0 or -errno; or the kernel does what was called for, with
 * whatever is under the number and in memory by then.
 */
void switch_answer(struct switcher *s, const struct switch_call *call, int result);
void switch_go_on(struct switcher *s, const struct switch_call *call);

/* Puts the socket under the caller's number. Returns 0 or -errno. */
int switch_hand_over(const struct switch_call *call, int fd);

/* Hands over a socket whose connect said rc, 0 or -EINPROGRESS, and answers. */
void switch_connected(struct switcher *s, const struct switch_call *call, int fd, int rc);

/*
 * Situation: a fresh child of the helper, in the host's namespaces. Keeps no descriptor but those
 * of the setup. Sends a byte when ready.
 */
_Noreturn void switch_main(const struct switch_setup *setup);

/* ---- switch_bind.c: the container's servers on published ports ---- */

void switch_take_bind(struct switcher *s, const struct switch_call *call);

/*
 * Is that a published port of the container's own, whose server listens on the host? Then it is
 * connected to that, and true.
 */
bool switch_connect_own(struct switcher *s, const struct switch_call *call,
			const struct switch_peer *peer);

/* Takes the forwarder's listener. */
void switch_add_port(struct switcher *s, const struct forward_message *m, int fd);

/* Ends whoever listens there, and answers the helper. */
void switch_remove_port(struct switcher *s, uint32_t id);
