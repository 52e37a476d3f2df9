/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net: user-mode networking for a network namespace that an ordinary user owns. Knows no OCI.
 *
 * A program that has made a network namespace (inside a user namespace of its own) uses it so:
 *
 *	net_config_parse(&arena, "slirp4netns:enable_ipv6=no", &request.config, &err);
 *	net_port_parse("127.0.0.1:8080:80", &port, &err);  for each published port
 *	net_ports_bind(&arena, ports, n, &request.listeners, &err);
 *	                                          before anything is started: errors name the port
 *	net_start(&request, &helper, &err);       once the namespace exists; returns at once
 *	net_mapped(&helper);                      if its ids have come later
 *	net_linked(&helper, timeout, &err);       when the namespace's first program is to run
 *	net_ready(&helper, timeout, &err);        to know that all went well
 *
 * What is left behind is one small process, the helper: it keeps slirp4netns running, forwards the
 * published ports and ends when the last process that it was told to watch has ended. Whoever wants
 * to end it earlier kills it by its pidfd: everything else ends with it.
 *
 * examples/netrun.c is such a program. Links with libbase, libjson and libsys. No function here
 * prints, and none keeps global state.
 */
#pragma once

#include <linux/filter.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "libnet/accel_filter.h"
#include "libnet/config.h"
#include "libnet/port.h"
#include "libnet/sysctls.h"

/* ---- configuration: libnet/config.h, libnet/port.h ---- */

/* Moves the network aside where this host's routes overlap it, unless it was given. */
void net_config_settle(struct net_config *config);

/* ---- names ---- */

/*
 * A resolv.conf for the namespace, made of the host's: the resolver of the namespace first (unless
 * config.dns is false), then the host's servers that can be reached from inside (no loopback and no
 * link-local addresses), its search list and options. No server is ever added that the host does
 * not have.
 */
const char *net_resolv_conf(struct arena *arena, const char *host, const struct net_config *config);

/*
 * slirp4netns runs with /etc and /run alone: where the host's /etc/resolv.conf leads, if that is
 * elsewhere and names would therefore not be resolved; in the arena. NULL: all is well.
 */
const char *net_resolv_conf_hidden(struct arena *arena);

/*
 * A hosts file: what `image` has (may be empty), localhost where that lacks it, the namespace's own
 * address under `hostname` (NULL: none), and host.rootlet.internal where the host's loopback may be
 * reached.
 */
const char *net_hosts(struct arena *arena, const char *image, const char *hostname,
		      const struct net_config *config);

/* ---- published ports ---- */

/* One bound socket of one published port. */
struct net_listener {
	int fd;
	size_t port;	/* its index in the list of ports */
	bool inherited; /* somebody else has bound it */
};

struct net_listeners {
	struct net_listener *v;
	size_t n;
};

/*
 * Binds every port, or none. inherited: sockets that somebody else has bound for us (systemd's
 * socket activation); one of them that stands for a wanted port is taken over (duplicated) instead
 * of binding it. Both lists live in the arena, the descriptors are the caller's:
 * net_listeners_close.
 * Errors: EADDRINUSE, naming the port and the process that has it where that can be seen; EACCES,
 * naming the sysctl for privileged ports; EADDRNOTAVAIL.
 */
int net_ports_bind(struct arena *arena, const struct net_ports *ports, const int *inherited,
		   size_t inherited_n, struct net_listeners *ret, struct err *err);

void net_listeners_close(struct net_listeners *listeners);

/* ---- the helper ---- */

/*
 * Where the program slirp4netns is: in PATH, else where distributions put it. NULL when it is not
 * installed.
 */
const char *net_slirp_find(struct arena *arena);

/*
 * Can that slirp4netns do what the configuration asks for? It is run for its version, once: the
 * answer is kept in the file `cache`, which is the user's own (NULL: nowhere), until the program's
 * file is another one.
 * Errors: ENOTSUP, naming both versions; what running it gives.
 */
int net_slirp_check(const char *slirp, const struct net_config *config, const char *cache,
		    struct err *err);

struct net_request {
	struct net_config config;
	const char *slirp; /* net_slirp_find */
	/* NET_HANDLER_SLIRP: where slirp4netns is to make its own; below 108 bytes */
	const char *api_socket;
	int netns;     /* the namespace; see net_userns_of */
	int userns;    /* the user namespace that owns it; -1: the caller's own */
	bool unmapped; /* its ids are not mapped yet: net_mapped says when */
	pid_t pid;     /* a process in it */
	int pidfd;     /* of the same: the helper ends when it does */
	int control;   /* listening SOCK_SEQPACKET socket for net_control_*; -1: none */
	struct net_ports ports;
	struct net_listeners listeners; /* stay the caller's */
};

/* The user namespace that owns a network namespace, ioctl_ns(2). Returns a descriptor or -errno. */
int net_userns_of(int netns);

/* What runs. Its descriptors are the caller's: net_helper_close. */
struct net_helper {
	pid_t pid;
	int pidfd;
	int ready;
	int mapped;
	bool linked; /* net_linked has succeeded */
};

/*
 * Starts the helper, which starts slirp4netns, and returns at once. The helper is a child of the
 * caller and outlives it; it holds no descriptor of the caller's but those of the request.
 */
int net_start(const struct net_request *request, struct net_helper *ret, struct err *err);

/*
 * After net_start of an unmapped namespace: its ids are mapped now. SIGPIPE must be ignored or the
 * helper alive.
 */
void net_mapped(struct net_helper *helper);

/*
 * Waits until the namespace has its device, addresses and routes, and our own forwarder the ports.
 * What is sent from now on waits in the device until slirp4netns, which is started last, reads it:
 * nothing is lost, and a program may be started, but slirp4netns may still fail. Errors: as
 * net_ready.
 */
int net_linked(struct net_helper *helper, int timeout_ms, struct err *err);

/*
 * Waits until the namespace is connected and the ports are forwarded; to be called once. Errors:
 * what the helper or slirp4netns said, with a remedy where one is known; ETIMEDOUT after
 * timeout_ms.
 */
int net_ready(struct net_helper *helper, int timeout_ms, struct err *err);

void net_helper_close(struct net_helper *helper);

/* ---- acceleration ---- */

/*
 * Can it work here? Without the right to attach socket filters to TCP sockets, which some kernels
 * keep for CAP_NET_ADMIN, only connections outward can: config->accel_out_only then says so.
 * Errors: ENOTSUP, one line that names what is missing: Linux 5.14, pidfd_getfd(2), Yama's
 * permission, or that right where config->lan is false, which only a socket filter can enforce.
 */
int net_accel_check(struct net_config *config, struct err *err);

/* ---- at run time ---- */

/*
 * control: a connection to the request's control socket, SOCK_SEQPACKET. Each call is one exchange.
 */

/* Texts as net_port_print writes them, in the order in which they were published. */
int net_control_list(int control, struct arena *arena, struct strs *ret, struct err *err);

/* The port's listeners were bound by the caller, who closes them. */
int net_control_add(int control, const struct net_port *port, const struct net_listeners *listeners,
		    struct err *err);

/* Errors: ENOENT: no such port is published. */
int net_control_remove(int control, const struct net_port *port, struct err *err);

/* How many processes the helper lives for. */
int net_control_watching(int control, struct arena *arena, size_t *ret, struct err *err);

/*
 * Asks to be told what happens to the network: the connection becomes readable at each event, and
 * at the helper's end. net_control_event reads one into text: NET_EVENT_SLIRP or
 * NET_EVENT_FORWARDER. Returns its length, 0 at the helper's end, or -errno.
 */
int net_control_follow(int control, struct err *err);
ssize_t net_control_event(int control, char *text, size_t size);

#define NET_EVENT_SLIRP "slirp4netns restarted"
#define NET_EVENT_FORWARDER "port forwarder restarted"
#define NET_EVENT_MAX 64

/*
 * The listener stays the caller's. Errors: ENOTSUP, the network is not accelerated; ESRCH, what
 * answered has ended.
 */
int net_control_accel(int control, int listener, struct err *err);

/* One more process to live for: the namespace is kept until that one has ended too. */
int net_control_watch(int control, pid_t pid, int pidfd, struct err *err);
