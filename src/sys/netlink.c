/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/netlink: asking rtnetlink(7): a message put together attribute by attribute, sent, and its
 * answers read.
 */
#include "sys/netlink.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/sock.h"

/* netlink(7): what a dump sends at once is never more, whatever the page size. */
#define ANSWER_MAX 32768

/* ---- sockets ---- */

static void set_options(int fd)
{
	int on = 1;

	/*
	 * Words beside the number of an error (4.12), without our own request repeated in front of
	 * them.
	 */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

int sys_nl_open(struct sys_nl *ret)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0) {
		return -errno;
	}
	set_options(fd);
	*ret = (struct sys_nl){ .fd = fd };
	return 0;
}

int sys_nl_open_in(int userns, int netns, struct sys_nl *ret)
{
	int fd = sys_socket_in(userns, netns, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0) {
		return fd;
	}
	set_options(fd);
	*ret = (struct sys_nl){ .fd = fd };
	return 0;
}

/* ---- messages ---- */

void sys_nl_begin(struct sys_nl_msg *m, uint16_t type, uint16_t flags, const void *header,
		  size_t len)
{
	assert(NLMSG_LENGTH(len) <= SYS_NL_MSG_MAX);
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	m->head.nlmsg_len = NLMSG_LENGTH(len);
	memcpy(NLMSG_DATA(&m->head), header, len);
}

void sys_nl_put(struct sys_nl_msg *m, uint16_t type, const void *bytes, size_t len)
{
	size_t at = NLMSG_ALIGN(m->head.nlmsg_len);
	struct nlattr attr = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };
	char *to;

	if (m->full || at > SYS_NL_MSG_MAX || len > SYS_NL_MSG_MAX ||
	    NLA_HDRLEN + NLA_ALIGN(len) > SYS_NL_MSG_MAX - at) {
		m->full = true;
		return;
	}
	to = (char *)m + offsetof(struct sys_nl_msg, bytes) + at;
	memcpy(to, &attr, sizeof(attr));
	memcpy(to + NLA_HDRLEN, bytes, len);
	m->head.nlmsg_len = (uint32_t)(at + NLA_HDRLEN + len);
}

void sys_nl_u32(struct sys_nl_msg *m, uint16_t type, uint32_t value)
{
	sys_nl_put(m, type, &value, sizeof(value));
}

void sys_nl_str(struct sys_nl_msg *m, uint16_t type, const char *text)
{
	sys_nl_put(m, type, text, strlen(text) + 1);
}

const void *sys_nl_header(const struct nlmsghdr *answer, size_t header_len)
{
	if (answer->nlmsg_len < NLMSG_LENGTH(header_len)) {
		return NULL;
	}
	return NLMSG_DATA(answer);
}

const void *sys_nl_find(const struct nlmsghdr *answer, size_t header_len, uint16_t type,
			size_t *ret_len)
{
	const char *bytes = (const char *)answer;
	size_t at = NLMSG_SPACE(header_len);

	while (at + NLA_HDRLEN <= answer->nlmsg_len) {
		struct nlattr attr;

		memcpy(&attr, bytes + at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > answer->nlmsg_len - at) {
			return NULL;
		}
		if ((attr.nla_type & NLA_TYPE_MASK) == type) {
			*ret_len = attr.nla_len - (size_t)NLA_HDRLEN;
			return bytes + at + NLA_HDRLEN;
		}
		at += NLA_ALIGN(attr.nla_len);
	}
	return NULL;
}

/* ---- calls ---- */

static int send_all(const struct sys_nl *nl, const struct sys_nl_msg *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do {
		sent = sendto(nl->fd, m, m->head.nlmsg_len, 0, (struct sockaddr *)&kernel,
			      sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	if (sent < 0) {
		return -errno;
	}
	return 0;
}

/* One datagram from the kernel; others may write to this socket too, and are not listened to. */
static ssize_t receive(const struct sys_nl *nl, char *bytes, size_t size)
{
	for (;;) {
		struct sockaddr_nl from = { .nl_pid = 1 };
		struct iovec iov = { .iov_base = bytes, .iov_len = size };
		struct msghdr msg = { .msg_name = &from,
				      .msg_namelen = sizeof(from),
				      .msg_iov = &iov,
				      .msg_iovlen = 1 };
		ssize_t got = recvmsg(nl->fd, &msg, 0);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -errno;
		}
		if (msg.msg_flags & MSG_TRUNC) {
			return -EMSGSIZE;
		}
		if (from.nl_pid == 0) {
			return got;
		}
	}
}

/*
 * An acknowledgement or an error, NLMSG_ERROR: the number, then (because of NETLINK_CAP_ACK) only
 * the head of our request.
 */
static int take_error(struct sys_nl *nl, const struct nlmsghdr *answer)
{
	const struct nlmsgerr *error = sys_nl_header(answer, sizeof(*error));
	size_t len = 0;
	const char *text;

	if (!error) {
		return -EPROTO;
	}
	if (error->error < 0 && (answer->nlmsg_flags & NLM_F_ACK_TLVS) &&
	    (answer->nlmsg_flags & NLM_F_CAPPED)) {
		text = sys_nl_find(answer, sizeof(*error), NLMSGERR_ATTR_MSG, &len);
		if (text && len > 0) {
			snprintf(nl->said, sizeof(nl->said), "%.*s", (int)strnlen(text, len), text);
		}
	}
	return error->error;
}

int sys_nl_call(struct sys_nl *nl, struct sys_nl_msg *m,
		int (*each)(const struct nlmsghdr *answer, void *data), void *data)
{
	union {
		struct nlmsghdr align;
		char bytes[ANSWER_MAX];
	} in;
	int result = 0;

	nl->said[0] = '\0';
	if (m->full) {
		return -EMSGSIZE;
	}
	m->head.nlmsg_seq = ++nl->sequence;
	result = send_all(nl, m);
	if (result < 0) {
		return result;
	}
	for (;;) {
		ssize_t got = receive(nl, in.bytes, sizeof(in.bytes));
		int left = (int)got;

		if (got < 0) {
			return (int)got;
		}
		for (const struct nlmsghdr *h = &in.align; NLMSG_OK(h, (unsigned)left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != nl->sequence) {
				continue; /* what an earlier call, given up, left over */
			}
			if (h->nlmsg_type == NLMSG_ERROR) {
				int rc = take_error(nl, h);

				if (result < 0) {
					return result;
				}
				return rc;
			}
			if (h->nlmsg_type == NLMSG_DONE) {
				return result;
			}
			if (each && result == 0) {
				int rc = each(h, data);

				if (rc < 0) {
					result = rc;
				}
			}
		}
	}
}
