/* SPDX-License-Identifier: Apache-2.0 */
/* switch/target: the call that waits, seen from here: its socket, its address, who else has it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "libnet/switch/state.h"

enum switch_place {
	/* no TCP, a network namespace that is none of ours, or nothing to do for it */
	SWITCH_ELSEWHERE,
	SWITCH_INSIDE,
	SWITCH_OUTSIDE,
};

/* What was read of it, all of it once, before the caller is known to wait still. */
struct switch_target {
	pid_t tid;
	int number; /* of the descriptor, in the caller's table */
	int domain;
	enum switch_place place;
	struct sockaddr_storage address;
	socklen_t len;
	int flags;    /* of the open socket: O_NONBLOCK … */
	bool cloexec; /* of the descriptor */
	bool bound;   /* to an address or a port */
	/*
	 * It has another name, or an epoll set waits for it: those would go on with the socket that
	 * is taken away.
	 */
	bool shared;
	bool only6;	  /* IPV6_V6ONLY */
	bool shares_port; /* SO_REUSEPORT */
	struct switch_options options;
};

struct switch_question {
	pid_t tid;
	int number;
	uint64_t address;
	uint32_t len;
	bool connects;	/* else it binds */
	bool published; /* there are published ports, which a server or a caller may be for */
};

/* Whose a socket is; *ret_domain unless SWITCH_ELSEWHERE. */
enum switch_place switch_target_place(const struct switcher *s, int socket, int *ret_domain);

/*
 * For reader.c: reads it. Returns 0, or -errno: nothing is known of it. No descriptor of the
 * caller's is left open: closing one may wait too, and that is to be the cost of the call that
 * named it.
 */
int switch_target_read(const struct switcher *s, const struct switch_question *question,
		       struct switch_target *ret);
