/* SPDX-License-Identifier: Apache-2.0 */
/* switch/state: what the switch has. */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libnet/switch/options.h"
#include "libnet/switch/setup.h"
#include "sys/netlink.h"

struct switch_port; /* bind.c */

/* A namespace; no inode: unknown. */
struct switch_home {
	dev_t device;
	ino_t inode;
};

/* A process of reader.c. */
struct switch_reader {
	int fd;	    /* -1: none */
	bool stuck; /* it has not answered yet */
};

/* The last is for the end of published ports alone. */
#define SWITCH_READERS 5

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
	struct switch_reader readers[SWITCH_READERS];
	uint64_t asked;		    /* of them, so far */
	struct seccomp_notif *call; /* room for one, of the kernel's size */
	size_t call_size;
	struct seccomp_notif_resp *answer;
	size_t answer_size;
};
