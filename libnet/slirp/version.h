/* SPDX-License-Identifier: Apache-2.0 */
/* slirp/version: which slirp4netns is installed. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "libnet/config.h"

/*
 * Where the program slirp4netns is: in PATH, else where distributions put it. NULL when it is not
 * installed.
 */
const char *net_slirp_find(struct arena *arena);

/*
 * Can that slirp4netns do what the configuration asks for? It is run for its version, once: the
 * answer is kept in the file `cache`, which is the user's own (NULL: nowhere), until the program's
 * file is another one.
 * Errors: ENOTSUP, naming both versions; what running it gives.
 */
int net_slirp_check(const char *slirp, const struct net_config *config, const char *cache,
		    struct err *err);
