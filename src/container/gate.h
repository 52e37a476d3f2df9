/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/gate: the socket on which a created container waits for `start`, from outside.
 *
 * It lies in the container's state folder, which only its user may enter; the guest inherits the
 * listening side. While it is there the container is "created"; `start` removes it.
 */
#pragma once

#include <sys/un.h>

#include "base/err.h"
#include "state/state.h"

/* By descriptor: a path of the state folder may be longer than sun_path's 108 bytes. */
struct sockaddr_un container_gate_address(const struct state_dir *dir);

/* Connects to it. Returns the descriptor, or -errno. */
int container_gate_knock(const struct state_dir *dir, struct err *err);

/*
 * The namespaces of a created container's first process, which that process hands out where they
 * can't be had by its pid (dir needs no lock). fds: one for each of sys_namespaces, -1 where there
 * is none; the caller's to close, on failure too.
 */
int container_gate_namespaces(const struct state_dir *dir, int *fds, struct err *err);
