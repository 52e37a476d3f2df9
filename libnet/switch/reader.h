/* SPDX-License-Identifier: Apache-2.0 */
/* switch/reader: the processes that look at what the container can hold up. */
#pragma once

#include <linux/seccomp.h>

#include "libnet/switch/judge.h"
#include "libnet/switch/state.h"
#include "libnet/switch/target.h"

void switch_reader_init(struct switcher *s);

/*
 * What the caller's socket and address are like. Returns 0 or -errno: nothing is known, be it that
 * the container holds it up; the call is the kernel's then.
 */
int switch_reader_take(struct switcher *s, const struct seccomp_notif *call,
		       struct switch_target *ret);

/* Ends the container's servers at that address of the host (server.h). Returns 0 or -errno. */
int switch_reader_end(struct switcher *s, const struct switch_peer *at);
