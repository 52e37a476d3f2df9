/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/messages: what libnet's processes say to each other. Private to libnet.
 *
 *	command  <- control socket, text ->      helper
 *	helper   -- struct net_message ->        forwarder
 *	helper   <- struct net_message ->        switch
 *	starter  <- struct err, twice --         helper (libnet/start.c)
 *
 * All sockets are SOCK_SEQPACKET: one datagram is one message, and the end of one side is the end
 * of the other's work.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- the helper and its children ---- */

enum net_message_kind {
	/*
	 * To the forwarder and to the switch: a listening socket of the port `id`, which comes with
	 * it.
	 */
	NET_MESSAGE_ADD = 1,
	/*
	 * To both: nobody listens on the port `id` any more. The forwarder answers by one byte, the
	 * switch by the same message.
	 */
	NET_MESSAGE_REMOVE,
	/* To the forwarder: the namespace has (again) its address. */
	NET_MESSAGE_LINK_UP,
	/* Of the switch, and passed on to the forwarder: the listeners of `id` listen again. */
	NET_MESSAGE_RESUME,
	/* To the switch: a seccomp filter's listener comes with it. */
	NET_MESSAGE_LISTENER,
};

struct net_message {
	uint32_t kind; /* enum net_message_kind */
	uint32_t id;   /* of the published port */
	int32_t protocol;
	uint16_t inside_port;
};

/* fd goes with it; -1: none does. Returns 0 or -errno. */
int net_message_send(int socket, const struct net_message *m, int fd);

/*
 * Receives one message, without waiting: 1, 0 at the end, or -errno (-EPROTO: a malformed one).
 * *ret_fd: what came with it, the caller's; -1: nothing did.
 */
int net_message_receive(int socket, struct net_message *ret, int *ret_fd);

/* ---- commands and the helper ---- */

/*
 * One connection to the control socket is one exchange. The client sends a line, "list",
 * "watching", "follow", "add PORT N", "remove PORT", "watch PID" with a pidfd, or "accel" with a
 * filter's listener. After "add" the N bound sockets follow in datagrams of one byte with at most
 * NET_CONTROL_FDS_MAX descriptors each. The answer is "ok", followed by one line for each port of a
 * list or by the number of processes, or "error CODE TEXT". After "follow" the connection stays,
 * and each event comes as one datagram.
 */
#define NET_CONTROL_MESSAGE_MAX 256
#define NET_CONTROL_FDS_MAX 200 /* SCM_MAX_FD is 253 */
#define NET_CONTROL_REPLY_MAX 65536

/* Sends text and n descriptors as one datagram. Returns 0 or -errno. */
int net_control_send(int socket, const char *text, const int *fds, size_t n);

/*
 * Receives one datagram: NUL-terminated text, its descriptors (at most NET_CONTROL_FDS_MAX, the
 * caller's). Returns the text's length, 0 at the end of file, or -errno (-EPROTO: longer than
 * `size`, or too many descriptors; all are closed then).
 */
ssize_t net_control_receive(int socket, char *text, size_t size, int *fds, size_t *ret_n);
