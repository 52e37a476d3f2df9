/* SPDX-License-Identifier: Apache-2.0 */
/* plan/net: which network the container is on. */
#pragma once

#include <stddef.h>

struct builder;
struct err;
struct plan_mount;
struct plan_sysctl;

int plan_net(struct builder *b, struct err *err);

/* The filter of an accelerated network, once that of the bundle is known. */
int plan_net_accel(struct builder *b, struct err *err);

/*
 * What a network adds to the mounts and sysctls of the configuration: at most PLAN_NET_EXTRA of
 * each. Return how many.
 */
#define PLAN_NET_EXTRA 2
size_t plan_net_mounts(struct builder *b, struct plan_mount *out);
size_t plan_net_sysctls(struct builder *b, struct plan_sysctl *out);

/*
 * net.ipv4.ping_group_range as it can be had: `asked` without the gids that the container's user
 * namespace has not, with a note. Docker and containerd's CRI ask for 0 to 2147483647. What is no
 * range of gids, or has none that is mapped, is left to the kernel to refuse.
 */
const char *plan_net_ping_range(struct builder *b, const char *asked);
