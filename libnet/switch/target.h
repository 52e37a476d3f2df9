/* SPDX-License-Identifier: Apache-2.0 */
/* switch/target: the call that waits, seen from here: its socket, its address, who else has it. */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "libnet/switch/state.h"

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

/* Whose a socket is; *ret_domain unless SWITCH_ELSEWHERE. */
enum switch_place switch_target_place(const struct switcher *s, int socket, int *ret_domain);

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
