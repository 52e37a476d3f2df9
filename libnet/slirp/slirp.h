/* SPDX-License-Identifier: Apache-2.0 */
/* net/slirp: slirp4netns as a child process. Private to libnet. */
#pragma once

#include <sys/types.h>

#include "libnet/net.h"
#include "sys/netlink.h"

/* The device in the namespace. */
#define TAP_NAME "tap0"

#define TUN_PATH "/dev/net/tun"

struct slirp {
	pid_t pid;
	int pidfd;
	/* tells of its open of TUN_PATH; -1: it makes its device itself, or has got it */
	int listener;
	int ready; /* readable: "1" when it is up, the end of file when it failed */
	int words; /* a file with what it wrote to its stderr */
};

#define SLIRP_INIT                                                                                 \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .listener = -1, .ready = -1, .words = -1                   \
	}

/*
 * slirp4netns' arguments, NULL-terminated, in the arena. configure: it is to configure the device.
 * The three numbers are those of descriptors in its process.
 */
const char **slirp_argv(struct arena *arena, const struct net_request *request, bool configure,
			int ready_fd, int exit_fd, int netns_fd);

/*
 * Starts it, once the namespace has its ids. It ends when the other end of exit_fd is closed, and
 * with the thread that calls this. tap: the device's descriptor, which it is to use; -1: it makes
 * and configures its own. Returns 0 or -errno with err filled.
 */
int slirp_start(const struct net_request *request, int tap, int exit_fd, struct slirp *ret,
		struct err *err);

/*
 * Gives it the device, and waits until it is up. 0; else -errno with its own words and, where we
 * know one, a remedy; -ENODEV: it opened its device in a way that we don't know.
 */
int slirp_ready(const struct net_request *request, int tap, struct slirp *slirp, struct err *err);

/*
 * slirp_device.c: how it is given one. Can it be, here? Asked by a process that ends soon, which
 * can't open devices afterwards. In slirp4netns' process, before it begins: a listener of its open,
 * sent by a SOCK_SEQPACKET socket. And when the listener is readable. The latter return 0 or
 * -errno.
 */
bool slirp_device_may_listen(void);
int slirp_device_listen(int control);
int slirp_device_give(struct slirp *slirp, int tap);

/*
 * lan.c: allow_lan=false: prohibits the host's addresses and networks inside, once the namespace is
 * ours to enter.
 */
int lan_prohibit(const struct net_request *request, struct err *err);

/*
 * link.c: a socket of the namespace, and the device there, which goes with its descriptor; -1:
 * slirp4netns can't be given one. The device's configuration; ours: of IPv4 too, which else is
 * slirp4netns' work. link_there: does the device lead to the world, by IPv4?
 */
extern const struct in6_addr link_inside6; /* the namespace's own address */
#define LINK_PREFIX6 64
int link_make(const struct net_request *request, int *ret_tap, struct sys_nl *ret, struct err *err);
int link_configure(const struct net_config *config, struct sys_nl *nl, bool ours, struct err *err);
bool link_there(struct sys_nl *nl);

/* Adds what is known to be wrong with TUN_PATH. Returns -err->code. */
int link_explain_tun(struct err *err);

/* Kills and reaps it, and closes what is open. */
void slirp_end(struct slirp *slirp);
