/* SPDX-License-Identifier: Apache-2.0 */
/* sys/clone: making processes and signalling them without a race on the pid. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * fork with namespaces: returns the child's pid in the parent, 0 in the child, or -errno.
 * *ret_pidfd (may be NULL) is the child's pidfd, close-on-exec. flags: CLONE_NEW*, CLONE_PARENT.
 * clone3(2), or clone(2) where that is missing.
 */
pid_t sys_clone(uint64_t flags, int *ret_pidfd);

/*
 * The same, with the child born in a cgroup (a descriptor of its directory): Linux 5.7, and
 * clone3(2) must not be refused by a seccomp filter around us.
 */
pid_t sys_clone_into(uint64_t flags, int cgroup, int *ret_pidfd);

/* Return a descriptor or 0, or -errno. */
int sys_pidfd_open(pid_t pid);
int sys_pidfd_kill(int pidfd, int sig);

/*
 * The pid that a pidfd stands for, as this process sees it (/proc/self/fdinfo); -errno when it is
 * gone.
 */
pid_t sys_pidfd_pid(int pidfd);
