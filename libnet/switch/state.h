/* SPDX-License-Identifier: Apache-2.0 */
/* switch/state: what the switch has. */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "libnet/switch/setup.h"
#include "sys/netlink.h"

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

struct switch_port; /* bind.c */

/* A namespace; no inode: unknown. */
struct switch_home {
	dev_t device;
	ino_t inode;
};

struct switcher {
	const struct switch_setup *setup;
	int epoll;
	struct sys_nl outside;
	struct sys_nl inside;
	uint64_t outside_cookie; /* SO_NETNS_COOKIE of both */
	uint64_t inside_cookie;
	struct switch_home userns; /* the container's */
	struct switch_home netns;
	struct switch_fresh fresh[2]; /* of the host: IPv4, IPv6 */
	struct switch_port *ports;
	struct seccomp_notif *call; /* room for one, of the kernel's size */
	size_t call_size;
	struct seccomp_notif_resp *answer;
	size_t answer_size;
};
