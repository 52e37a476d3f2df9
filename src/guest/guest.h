/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest: the child side, from clone to execve. One entry.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/*
 * exec: what the host side reads once the guest has ended. The guest then was not the program, but
 * has made it: last of all, as a child of the host side. Memory that only these two share.
 */
struct guest_last {
	pid_t pid;	/* of the program, seen from the host side; 0: none was made */
	struct err err; /* code 0: it runs */
};

/* What the host leaves open for the guest. */
struct guest_fds {
	int wire; /* the guest's end */
	/* listening socket on which `start` connects; -1: START comes by the wire */
	int gate;
	int init;	       /* exec: pidfd of the container's first process; -1: none */
	const int *namespaces; /* exec: as sys_namespaces has them; NULL: they are had by `init` */
	/*
	 * exec: directory that is the container's root where its mount namespace's is another; -1:
	 * none
	 */
	int root;
	struct guest_last *last; /* exec; NULL: none */
};

/*
 * Carries out the plan and becomes the container's program. Situation: the child of clone3 with the
 * new user (and pid) namespace, if any; ids not yet mapped; still in the host's mount, network, …
 * namespaces; alone in its address space. A plan that enters a container (exec): in no namespace of
 * the container's yet.
 */
_Noreturn void guest_main(const struct plan *plan, const struct guest_fds *fds);
