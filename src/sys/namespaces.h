/* SPDX-License-Identifier: Apache-2.0 */
/* sys/namespaces: the kinds of namespaces, namespaces(7), in the order in which they are joined. */
#pragma once

#include <stdbool.h>

enum { SYS_NAMESPACES = 8 };

/*
 * The user namespace first: it gives the capabilities over the others. The mount namespace last:
 * paths of the host mean something else from then on.
 */
extern const struct sys_namespace {
	int type;	  /* CLONE_NEW* */
	const char *file; /* below /proc/PID/ns */
} sys_namespaces[SYS_NAMESPACES];

/*
 * Is this process in the initial user namespace? An id map that maps each id to itself is no sign:
 * other namespaces may have that, too. By the number that the kernel gives it, since Linux 3.8
 * (PROC_USER_INIT_INO). A kernel without user namespaces has no other.
 */
bool sys_userns_is_initial(void);
