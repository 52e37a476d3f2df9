/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch_guest: the steps of a launch that deal with the guest: it is cloned, given what only
 * the host can give, and its requests are met. Their order and the reason for it stand in
 * host/launch_steps.c.
 */
#pragma once

#include "base/err.h"

struct launch;

int host_launch_spawn(struct launch *l, struct err *err);
void host_launch_kill(struct launch *l, struct err *err);

int host_launch_await_init(struct launch *l, struct err *err);
int host_launch_begin_ids(struct launch *l, struct err *err);

/* Ends what begin_ids began. What the guest had to say about its end takes the place of *err. */
void host_launch_settle(struct launch *l, struct err *err);

/* Before the clone, or (await_network) while the id helpers are at work. */
int host_launch_network_files(struct launch *l, struct err *err);
int host_launch_await_network(struct launch *l, struct err *err);

int host_launch_ask_cgroup(struct launch *l, struct err *err);
int host_launch_compile_filter(struct launch *l, struct err *err);
int host_launch_finish_ids(struct launch *l, struct err *err);

int host_launch_give_ids(struct launch *l, struct err *err);

/* The cgroup and the idmapped mounts, each at the guest's turn for it. */
int host_launch_give_mounts(struct launch *l, struct err *err);
int host_launch_give_filter(struct launch *l, struct err *err);

int host_launch_serve(struct launch *l, struct err *err);
