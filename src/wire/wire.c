/* SPDX-License-Identifier: Apache-2.0 */
/* wire: the messages between the host side and the guest side. */
#include "wire/wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETUP (1u << WIRE_PHASE_SETUP)
#define START (1u << WIRE_PHASE_START)
#define GATE (1u << WIRE_PHASE_GATE)

/* Everything that holds of a type, each in one row. */
static const struct wire_rule {
	const char *name;
	uint32_t len_max;
	bool has_fd;
	unsigned phases; /* bits of enum wire_phase in which the guest may send it; 0: never */
} rules[] = {
	/* from the host side */
	[WIRE_IDMAP] = { .name = "IDMAP" },
	[WIRE_START] = { .name = "START" },
	[WIRE_SETUP_DONE] = { .name = "SETUP_DONE" },
	[WIRE_FILTER] = { .name = "FILTER", .has_fd = true },
	[WIRE_MOUNT] = { .name = "MOUNT", .has_fd = true },
	[WIRE_CGROUP] = { .name = "CGROUP", .has_fd = true },
	[WIRE_NO_CGROUP] = { .name = "NO_CGROUP" },
	[WIRE_RECORDED] = { .name = "RECORDED" },
	[WIRE_NAMESPACES] = { .name = "NAMESPACES" },
	[WIRE_PLACED] = { .name = "PLACED" },
	/* from either */
	[WIRE_NOTIFY] = { .name = "NOTIFY", .has_fd = true, .phases = START },
	/* from the guest */
	[WIRE_NAMESPACE] = { .name = "NAMESPACE",
			     .len_max = sizeof(uint32_t),
			     .has_fd = true,
			     .phases = GATE },
	[WIRE_LOG] = { .name = "LOG", .len_max = ERR_MSG_MAX, .phases = SETUP | START },
	[WIRE_ERR] = { .name = "ERR", .len_max = sizeof(struct err), .phases = SETUP | START },
	[WIRE_STEP] = { .name = "STEP", .len_max = sizeof(struct wire_step), .phases = SETUP },
	[WIRE_INIT] = { .name = "INIT", .has_fd = true, .phases = SETUP },
	[WIRE_OWN_MOUNTS] = { .name = "OWN_MOUNTS", .len_max = sizeof(uint64_t), .phases = SETUP },
	[WIRE_NETWORK] = { .name = "NETWORK", .has_fd = true, .phases = SETUP },
	[WIRE_CONSOLE] = { .name = "CONSOLE", .has_fd = true, .phases = SETUP },
	[WIRE_SETUP] = { .name = "SETUP", .phases = SETUP },
	[WIRE_LISTENER] = { .name = "LISTENER", .has_fd = true, .phases = SETUP },
	[WIRE_SWITCH] = { .name = "SWITCH", .has_fd = true, .phases = SETUP },
	[WIRE_READY] = { .name = "READY", .phases = SETUP },
	[WIRE_EXEC] = { .name = "EXEC", .phases = START },
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

	/* What wire_recv would refuse is not sent. */
	assert(type < RULES && rules[type].name && len <= rules[type].len_max &&
	       (fd >= 0) == rules[type].has_fd);
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
		/* Only a signal to us is one that ends the command. */
		ret->err.signal = 0;
	}
	if (head == WIRE_STEP) {
		if (ret->len != sizeof(struct wire_step)) {
			return refuse(ret);
		}
		ret->step.name[sizeof(ret->step.name) - 1] = '\0';
	}
	if ((head == WIRE_NAMESPACE && ret->len != sizeof(uint32_t)) ||
	    (head == WIRE_OWN_MOUNTS && ret->len != sizeof(uint64_t))) {
		return refuse(ret);
	}
	return 1;
}

bool wire_legal(struct wire_turn *turn, enum wire_type type)
{
	if (type >= RULES || !(rules[type].phases & 1u << turn->phase) ||
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
	if (type < RULES && rules[type].name) {
		return rules[type].name;
	}
	return "unknown";
}
