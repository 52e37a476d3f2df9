/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/netlink: asking rtnetlink(7): a message put together attribute by attribute, sent, and its
 * answers read.
 *
 *	struct sys_nl_msg m;
 *	sys_nl_begin(&m, RTM_NEWLINK, 0, &link, sizeof(link));
 *	sys_nl_str(&m, IFLA_IFNAME, "eth0");
 *	rc = sys_nl_call(&nl, &m, NULL, NULL);
 */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYS_NL_MSG_MAX 1024

struct sys_nl {
	int fd; /* -1: none */
	uint32_t sequence;
	/* the kernel's own words about the last call that failed; "" when it had none */
	char said[160];
};

struct sys_nl_msg {
	union {
		struct nlmsghdr head;
		char bytes[SYS_NL_MSG_MAX];
	};
	bool full; /* an attribute did not fit: sys_nl_call says -EMSGSIZE */
};

/*
 * A socket of this process's network namespace, close-on-exec. Returns 0 or -errno; fd is the
 * caller's.
 */
int sys_nl_open(struct sys_nl *ret);

/* The same in another network namespace, without entering it: sys_socket_in. */
int sys_nl_open_in(int userns, int netns, struct sys_nl *ret);

/*
 * Begins a message: its type, NLM_F_* beside REQUEST and ACK, and the family's header (struct
 * ifinfomsg …).
 */
void sys_nl_begin(struct sys_nl_msg *m, uint16_t type, uint16_t flags, const void *header,
		  size_t len);

/* Append an attribute. A string goes with its NUL. */
void sys_nl_put(struct sys_nl_msg *m, uint16_t type, const void *bytes, size_t len);
void sys_nl_u32(struct sys_nl_msg *m, uint16_t type, uint32_t value);
void sys_nl_str(struct sys_nl_msg *m, uint16_t type, const char *text);

/*
 * Sends and waits for the end of the answer. Each message of it goes to `each` (may be NULL), whose
 * negative result ends the matter. Returns 0 or -errno: the kernel's, with its words in nl->said.
 */
int sys_nl_call(struct sys_nl *nl, struct sys_nl_msg *m,
		int (*each)(const struct nlmsghdr *answer, void *data), void *data);

/*
 * The first attribute of that type behind a family header of header_len bytes: a pointer into the
 * message, and its length; NULL when there is none or the message is shorter than it says. Nothing
 * is said about alignment beyond four bytes.
 */
const void *sys_nl_find(const struct nlmsghdr *answer, size_t header_len, uint16_t type,
			size_t *ret_len);

/* The family's header, or NULL where the message is too short for one. */
const void *sys_nl_header(const struct nlmsghdr *answer, size_t header_len);
