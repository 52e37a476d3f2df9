/* SPDX-License-Identifier: Apache-2.0 */
/* switch/options: what setsockopt(2) may have changed, as far as it is known. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#define SWITCH_OPTIONS 28

/* Of one option; no bytes: that kind of socket has none. */
struct switch_value {
	char bytes[16];
	socklen_t len;
};

struct switch_options {
	struct switch_value values[SWITCH_OPTIONS];
	int locked; /* SO_BUF_LOCK: whose size was set */
	int send_buffer;
	int receive_buffer;
};

/*
 * The options of a new socket of one domain in one network namespace. Asked once: where a sysctl
 * has changed them since, what nobody has set is as the sysctl has it now, or as it was.
 */
struct switch_fresh {
	bool known;
	struct switch_value values[SWITCH_OPTIONS];
};

void switch_options_read(int socket, struct switch_options *ret);

/* To a socket that is new; from it the rest of "fresh" is filled in. */
void switch_options_set(const struct switch_options *wanted, int to, struct switch_fresh *fresh);
