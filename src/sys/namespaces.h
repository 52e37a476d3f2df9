/* SPDX-License-Identifier: Apache-2.0 */
/* sys/namespaces: the kinds of namespaces, namespaces(7), in the order in which they are joined. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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

/* Is that process in this one's user namespace? false where it must not be looked at. */
bool sys_userns_is_ours(pid_t pid);

/*
 * The number of this process's own pid namespace, whatever /proc is mounted: its inode, which the
 * kernel gives to another one as soon as this has ended. 0, or -errno.
 */
int sys_pid_namespace(uint64_t *ret);

/*
 * The number of the mount namespace that a process is in (0: this process). *ret_lasting: no other
 * one gets it before the next boot, Linux 6.11 (NS_GET_MNTNS_ID). Before, it is the inode, which
 * the kernel gives to another one as soon as this has ended. Returns 0, or -errno: -EACCES for a
 * process that must not be looked at.
 */
int sys_mount_namespace(pid_t pid, uint64_t *ret, bool *ret_lasting);
