/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/address: where a systemd manager may be reached. Private to src/systemd. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct systemd_address {
	const char *name; /* the socket's path; an abstract socket's name without its NUL */
	bool abstract;
	bool direct; /* the manager's own socket: no bus in between, signals come unasked */
};

#define SYSTEMD_ADDRESSES_MAX 16

struct systemd_addresses {
	struct systemd_address v[SYSTEMD_ADDRESSES_MAX];
	size_t n;
	bool system;		 /* of the system's manager, not of a user's */
	const char *passed_over; /* "PLACE: why; PLACE: why", or "" */
};

/*
 * The addresses to try, in their order, and what was passed over and why. For a user:
 * $DBUS_SESSION_BUS_ADDRESS, the buses in $XDG_RUNTIME_DIR and /run/user/UID, and before each of
 * them the manager's own socket beside it, systemd/private, which is tried without a bus too. For
 * real root (`system`): the system manager's socket, then the system bus; the environment is not
 * looked at. Sockets that belong to another user are passed over: `su` and `sudo` leave another's
 * environment behind.
 */
void systemd_addresses_look(struct arena *arena, bool system, struct systemd_addresses *ret);

/*
 * One of the addresses of the variable, of len bytes and without ';': "unix:path=/x,guid=0123"
 * (D-Bus Specification, "Server Addresses"). False: it is none, or of another transport (tcp,
 * unixexec), which is not for us.
 */
bool systemd_address_parse(struct arena *arena, const char *entry, size_t len,
			   struct systemd_address *ret);

/* "unix:path=/run/user/1000/bus" */
const char *systemd_address_text(struct arena *arena, const struct systemd_address *address);

/*
 * Fills err (ENOENT) with what was tried (passed_over and, behind it, failures), and with what
 * helps.
 */
int systemd_addresses_none(const struct systemd_addresses *addresses, const char *failures,
			   struct err *err);

/*
 * Connects, within timeout_ms. The listener must run as our uid (SO_PEERCRED), whatever the path
 * looked like. *ret_foreign: it runs in a PID namespace where our numbers mean nothing, or
 * something else. Returns a descriptor that doesn't block, or -errno: -EPERM for another user's,
 * -ETIMEDOUT, -EINTR with *ret_signal for one that asks us to end.
 */
int systemd_address_connect(const struct systemd_address *address, int timeout_ms,
			    bool *ret_foreign, int *ret_signal);
