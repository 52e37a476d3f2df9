/* SPDX-License-Identifier: Apache-2.0 */
/* switch/call: a call that waits, and the ways in which it ends. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libnet/switch/state.h"
#include "libnet/switch/target.h"

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

/* Does it still wait? Then what was read by its pid is the caller's. */
bool switch_is_pending(const struct switch_call *call);

/* Puts the socket under the caller's number. Returns 0 or -errno. */
int switch_hand_over(const struct switch_call *call, int fd);

/* Hands over a socket whose connect said rc, 0 or -EINPROGRESS, and answers. */
void switch_connected(struct switcher *s, const struct switch_call *call, int fd, int rc);
