/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/api: the client of slirp4netns' API socket, slirp4netns(1). Private to libnet.
 *
 * One connection is one request: a JSON object in one write, then the write side is shut, then the
 * answer until the end of file. The other side is a program of the user's, and is trusted with
 * nothing: every exchange has SLIRP_API_TIMEOUT_MS and the answer SLIRP_API_ANSWER_MAX bytes.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "libnet/port.h"

#define SLIRP_API_TIMEOUT_MS 3000
#define SLIRP_API_ANSWER_MAX 65536

/* One port (count 1). Errors: what the API said; ETIMEDOUT; EPROTO for an answer that is none. */
int slirp_api_add(const char *socket, const struct net_port *port, struct in_addr inside,
		  struct err *err);

/* Every forwarding of the port's range: asks for the list and removes what matches. */
int slirp_api_remove(const char *socket, const struct net_port *port, struct err *err);

/*
 * An answer's `return` member (or a list's whole object), or NULL with err filled. For tests and
 * fuzzing as well.
 */
struct json;
const struct json *slirp_api_parse(struct arena *arena, const char *text, size_t len,
				   struct err *err);

/*
 * Of a list: the next forwarding behind `after` (NULL: the first) that is of the port's range, and
 * its number; NULL: no more. What is no forwarding is passed over. For tests and fuzzing as well.
 */
const struct json *slirp_api_next(const struct json *list, const struct json *after,
				  const struct net_port *port, int64_t *ret_id);
