/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/switch_filter: the programs at the sockets that the container is given. Pure: arrays of struct
 * sock_filter, socket(7), SO_ATTACH_FILTER.
 */
#include <arpa/inet.h>

#include "libnet/switch.h"

/* ---- sockets: the bytes begin with TCP's head ---- */

#define SOURCE_PORT 0
#define DESTINATION_PORT 2
#define FLAGS 13
#define SYN 0x02
#define ACK 0x10
#define SOURCE_ADDRESS4 (uint32_t)(SKF_NET_OFF + 12)
#define SOURCE_ADDRESS6 (uint32_t)(SKF_NET_OFF + 8)

#define KEEP BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
#define DROP BPF_STMT(BPF_RET | BPF_K, 0)

/* One comparison and what follows when it fails. */
static size_t must_be(struct sock_filter *code, unsigned size, uint32_t offset, uint32_t value)
{
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | size | BPF_ABS, offset);
	code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
	code[2] = (struct sock_filter)DROP;
	return 3;
}

static size_t without(struct sock_filter *code, uint32_t flags)
{
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS);
	code[1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN | ACK);
	code[2] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 0, 1);
	code[3] = (struct sock_filter)DROP;
	code[4] = (struct sock_filter)KEEP;
	return 5;
}

size_t switch_filter_peer(const struct switch_peer *peer,
			  struct sock_filter code[static SWITCH_FILTER_MAX])
{
	size_t n = 0;

	if (peer->address.family == AF_INET) {
		n += must_be(code + n, BPF_W, SOURCE_ADDRESS4, ntohl(peer->address.v4.s_addr));
	} else {
		for (unsigned i = 0; i < 4; i++) {
			n += must_be(code + n, BPF_W, SOURCE_ADDRESS6 + 4 * i,
				     ntohl(peer->address.v6.s6_addr32[i]));
		}
	}
	n += must_be(code + n, BPF_H, SOURCE_PORT, peer->port);
	/* A segment that asks for a connection: somebody made this one listen. */
	return n + without(code + n, SYN);
}

size_t switch_filter_listener(uint16_t port, struct sock_filter code[static SWITCH_FILTER_MAX])
{
	/*
	 * What it accepts has the filter but not the port for good: disconnected, it could be bound
	 * to another one.
	 */
	size_t n = must_be(code, BPF_H, DESTINATION_PORT, port);

	/* An answer to a connect: a listener was shut down and connected. */
	return n + without(code + n, SYN | ACK);
}
