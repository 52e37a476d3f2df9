/* SPDX-License-Identifier: Apache-2.0 */
/* net/names: resolv.conf(5) and hosts(5) as they should be inside. */
#pragma once

#include "base/arena.h"
#include "libnet/config.h"

/*
 * A resolv.conf for the namespace, made of the host's: the resolver of the namespace first (unless
 * config.dns is false), then the host's servers that can be reached from inside (no loopback and no
 * link-local addresses), its search list and options. No server is ever added that the host does
 * not have.
 */
const char *net_resolv_conf(struct arena *arena, const char *host, const struct net_config *config);

/*
 * slirp4netns runs with /etc and /run alone: where the host's /etc/resolv.conf leads, if that is
 * elsewhere and names would therefore not be resolved; in the arena. NULL: all is well.
 */
const char *net_resolv_conf_hidden(struct arena *arena);

/*
 * What a hosts file needs beside what the image has (hosts_merge): localhost, the namespace's own
 * address under `hostname` (NULL: none), and host.rootlet.internal where the host's loopback may be
 * reached.
 */
const char *net_hosts(struct arena *arena, const char *hostname, const struct net_config *config);
