/* SPDX-License-Identifier: Apache-2.0 */
/* wire: the messages between the host side and the guest side. */
#include "wire/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Everything that holds of a type, each in one row. */
static const struct wire_rule {
	const char *name;
	uint32_t len_max;
	bool has_fd;
	bool from_guest;
	unsigned phases; /* bits of enum wire_phase */
} rules[] = {
	[WIRE_IDMAP] = { "IDMAP", 0, false, false, 0 },
	[WIRE_START] = { "START", 0, false, false, 0 },
	[WIRE_SETUP_DONE] = { "SETUP_DONE", 0, false, false, 0 },
	[WIRE_FILTER] = { "FILTER", 0, true, false, 0 },
	[WIRE_MOUNT] = { "MOUNT", 0, true, false, 0 },
	[WIRE_CGROUP] = { "CGROUP", 0, true, false, 0 },
	[WIRE_NO_CGROUP] = { "NO_CGROUP", 0, false, false, 0 },
	[WIRE_RECORDED] = { "RECORDED", 0, false, false, 0 },
	[WIRE_NAMESPACES] = { "NAMESPACES", 0, false, false, 0 },
	[WIRE_NAMESPACE] = { "NAMESPACE", sizeof(uint32_t), true, true, 1u << WIRE_PHASE_GATE },
	[WIRE_PLACED] = { "PLACED", 0, false, false, 0 },
	[WIRE_NOTIFY] = { "NOTIFY", 0, true, true, 1u << WIRE_PHASE_START },
	[WIRE_LOG] = { "LOG", ERR_MSG_MAX, false, true,
		       1u << WIRE_PHASE_SETUP | 1u << WIRE_PHASE_START },
	[WIRE_ERR] = { "ERR", sizeof(struct err), false, true,
		       1u << WIRE_PHASE_SETUP | 1u << WIRE_PHASE_START },
	[WIRE_STEP] = { "STEP", sizeof(struct wire_step), false, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_INIT] = { "INIT", 0, true, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_NETWORK] = { "NETWORK", 0, true, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_CONSOLE] = { "CONSOLE", 0, true, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_SETUP] = { "SETUP", 0, false, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_LISTENER] = { "LISTENER", 0, true, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_SWITCH] = { "SWITCH", 0, true, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_READY] = { "READY", 0, false, true, 1u << WIRE_PHASE_SETUP },
	[WIRE_EXEC] = { "EXEC", 0, false, true, 1u << WIRE_PHASE_START },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

int wire_pair(int *ret_host, int *ret_guest)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		return -errno;
	}
	*ret_host = pair[0];
	*ret_guest = pair[1];
	return 0;
}

int wire_send(int wire, enum wire_type type, const void *payload, uint32_t len, int fd)
{
	uint32_t head = type;
	struct iovec iov[2] = {
		{ .iov_base = &head, .iov_len = sizeof(head) },
		{ .iov_base = (void *)(uintptr_t)payload, .iov_len = len },
	};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len > 0 ? 2 : 1 };
	ssize_t sent;

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	do {
		sent = sendmsg(wire, &msg, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0) {
		return -errno;
	}
	return 0;
}

/*
 * Takes the descriptors out of a message: the first into *ret_fd, any further one is closed.
 * Returns how many came.
 */
static int take_fds(struct msghdr *msg, int *ret_fd)
{
	int count = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t n;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (count++ == 0) {
				*ret_fd = fd;
			} else {
				close(fd);
			}
		}
	}
	return count;
}

static int refuse(struct wire_msg *msg)
{
	if (msg->fd >= 0) {
		close(msg->fd);
		msg->fd = -1;
	}
	return -EPROTO;
}

int wire_recv(int wire, struct wire_msg *ret)
{
	uint32_t head = 0;
	struct iovec iov[2] = {
		{ .iov_base = &head, .iov_len = sizeof(head) },
		{ .iov_base = ret->bytes, .iov_len = WIRE_PAYLOAD_MAX },
	};
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t got;
	int fds;

	ret->fd = -1;
	do {
		got = recvmsg(wire, &msg, MSG_CMSG_CLOEXEC);
		/*
		 * ECONNRESET: the other side went with messages of ours unread. That is said once,
		 * and before what it had sent: its last words may still be there.
		 */
	} while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got < 0) {
		return -errno;
	}
	fds = take_fds(&msg, &ret->fd);
	if (got == 0 && fds == 0) {
		return 0;
	}
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (size_t)got < sizeof(head) || fds > 1) {
		return refuse(ret);
	}
	ret->type = head;
	ret->len = (uint32_t)((size_t)got - sizeof(head));
	if (head >= RULES || !rules[head].name || ret->len > rules[head].len_max ||
	    (fds == 1) != rules[head].has_fd) {
		return refuse(ret);
	}
	ret->bytes[ret->len] = '\0';
	if (head == WIRE_ERR) {
		if (ret->len != sizeof(struct err)) {
			return refuse(ret);
		}
		ret->err.msg[ERR_MSG_MAX - 1] = '\0';
		if (ret->err.code <= 0 || ret->err.code > 4095) {
			ret->err.code = EIO;
		}
	}
	if (head == WIRE_STEP) {
		if (ret->len != sizeof(struct wire_step)) {
			return refuse(ret);
		}
		ret->step.name[sizeof(ret->step.name) - 1] = '\0';
	}
	if (head == WIRE_NAMESPACE && ret->len != sizeof(uint32_t)) {
		return refuse(ret);
	}
	return 1;
}

bool wire_legal(struct wire_turn *turn, enum wire_type type)
{
	if (type >= RULES || !rules[type].from_guest || !(rules[type].phases & 1u << turn->phase) ||
	    (turn->gone & WIRE_BIT(type))) {
		return false;
	}
	if (type != WIRE_LOG && type != WIRE_STEP && type != WIRE_NAMESPACE) {
		turn->gone |= WIRE_BIT(type);
	}
	return true;
}

const char *wire_type_name(enum wire_type type)
{
	return type < RULES && rules[type].name ? rules[type].name : "unknown";
}
