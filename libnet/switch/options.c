/* SPDX-License-Identifier: Apache-2.0 */
/* switch/options: what setsockopt(2) may have changed, as far as it is known. */
#include "libnet/switch/options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
/* The bits of SO_BUF_LOCK: which buffers setsockopt(2) has given a size. */
#define SEND_BUFFER 1
#define RECEIVE_BUFFER 2

static const struct option {
	int level;
	int name;
} options[] = {
	{ SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_OOBINLINE },
	{ SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_RCVLOWAT },
	{ SOL_SOCKET, SO_REUSEADDR },
	{ SOL_SOCKET, SO_TIMESTAMP },
	{ SOL_SOCKET, SO_ZEROCOPY },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_TTL },
	{ IPPROTO_IP, IP_MTU_DISCOVER },
	{ IPPROTO_IP, IP_RECVERR },
	{ IPPROTO_IPV6, IPV6_V6ONLY },
	{ IPPROTO_IPV6, IPV6_TCLASS },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS },
	{ IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_CORK },
	{ IPPROTO_TCP, TCP_KEEPIDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL },
	{ IPPROTO_TCP, TCP_KEEPCNT },
	{ IPPROTO_TCP, TCP_SYNCNT },
	{ IPPROTO_TCP, TCP_LINGER2 },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT },
	{ SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_RCVTIMEO },
	{ SOL_SOCKET, SO_SNDTIMEO },
	{ IPPROTO_TCP, TCP_CONGESTION },
};

_Static_assert(sizeof(options) / sizeof(options[0]) == SWITCH_OPTIONS, "each has its value");

static struct switch_value value_of(int socket, const struct option *o)
{
	struct switch_value value = { .len = sizeof(value.bytes) };

	if (getsockopt(socket, o->level, o->name, value.bytes, &value.len) < 0) {
		value.len = 0;
	}
	return value;
}

static bool is_same(const struct switch_value *a, const struct switch_value *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static int number_of(int socket, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(socket, SOL_SOCKET, name, &value, &len) < 0) {
		return 0;
	}
	return value;
}

void switch_options_read(int socket, struct switch_options *ret)
{
	for (size_t i = 0; i < SWITCH_OPTIONS; i++) {
		ret->values[i] = value_of(socket, &options[i]);
	}
	ret->locked = number_of(socket, SO_BUF_LOCK);
	ret->send_buffer = number_of(socket, SO_SNDBUF);
	ret->receive_buffer = number_of(socket, SO_RCVBUF);
}

/*
 * Twice what was asked for is what getsockopt(2) says. Never set, it must not be: the kernel then
 * stops adapting it.
 */
static void set_buffer(int to, int size, int name)
{
	size /= 2;
	(void)setsockopt(to, SOL_SOCKET, name, &size, sizeof(size));
}

/*
 * Only where it differs: most options were never touched. What is refused (a congestion control of
 * the container's) stays as it is.
 */
void switch_options_set(const struct switch_options *wanted, int to, struct switch_fresh *fresh)
{
	for (size_t i = 0; !fresh->known && i < SWITCH_OPTIONS; i++) {
		fresh->values[i] = value_of(to, &options[i]);
	}
	fresh->known = true;
	for (size_t i = 0; i < SWITCH_OPTIONS; i++) {
		const struct switch_value *value = &wanted->values[i];

		if (fresh->values[i].len > 0 && value->len > 0 &&
		    !is_same(value, &fresh->values[i])) {
			(void)setsockopt(to, options[i].level, options[i].name, value->bytes,
					 value->len);
		}
	}
	if (wanted->locked & SEND_BUFFER) {
		set_buffer(to, wanted->send_buffer, SO_SNDBUF);
	}
	if (wanted->locked & RECEIVE_BUFFER) {
		set_buffer(to, wanted->receive_buffer, SO_RCVBUF);
	}
}
