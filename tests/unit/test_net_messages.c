/* SPDX-License-Identifier: Apache-2.0 */
/* libnet's messages between its processes: datagrams and the descriptors that go with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libnet/messages.h"

static void control_datagrams(void **state)
{
	int pair[2], fds[NET_CONTROL_FDS_MAX], sent[NET_CONTROL_FDS_MAX];
	char text[8];
	size_t n = 9;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < NET_CONTROL_FDS_MAX; i++) {
		sent[i] = 0;
	}
	assert_int_equal(net_control_send(pair[0], "abc", sent, NET_CONTROL_FDS_MAX), 0);
	assert_int_equal(net_control_receive(pair[1], text, sizeof(text), fds, &n), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(n, NET_CONTROL_FDS_MAX);
	for (size_t i = 0; i < n; i++) {
		close(fds[i]);
	}
	assert_int_equal(net_control_send(pair[0], "abc", sent, NET_CONTROL_FDS_MAX + 1), -E2BIG);
	/* Longer than there is room for: refused whole, and its descriptor is not left open. */
	assert_int_equal(net_control_send(pair[0], "0123456789", sent, 1), 0);
	assert_int_equal(net_control_receive(pair[1], text, sizeof(text), fds, &n), -EPROTO);
	close(pair[0]);
	assert_int_equal(net_control_receive(pair[1], text, sizeof(text), fds, &n), 0);
	close(pair[1]);
}

static ssize_t send_two(int socket, const struct net_message *message)
{
	union {
		char space[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = { .space = "" };
	struct iovec part = { (void *)(uintptr_t)message, sizeof(*message) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memset(CMSG_DATA(c), 0, 2 * sizeof(int));
	return sendmsg(socket, &msg, 0);
}

/* One message with a descriptor, one without, and what is none. */
static void messages(void **state)
{
	const struct net_message add = {
		.kind = NET_MESSAGE_ADD, .id = 7, .protocol = IPPROTO_UDP, .inside_port = 53
	};
	struct net_message got = { .kind = 0 };
	int pair[2], fd = 9, next;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(net_message_receive(pair[1], &got, &fd), -EAGAIN);
	assert_int_equal(fd, -1);
	assert_int_equal(net_message_send(pair[0], &add, 0), 0);
	assert_int_equal(net_message_receive(pair[1], &got, &fd), 1);
	assert_int_equal(got.kind, NET_MESSAGE_ADD);
	assert_int_equal(got.id, 7);
	assert_int_equal(got.protocol, IPPROTO_UDP);
	assert_int_equal(got.inside_port, 53);
	assert_true(fd > 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(net_message_send(pair[0], &add, -1), 0);
	assert_int_equal(net_message_receive(pair[1], &got, &fd), 1);
	assert_int_equal(fd, -1);
	/* Two, of which one is asked for. */
	next = dup(0);
	close(next);
	assert_int_equal(send_two(pair[0], &add), (ssize_t)sizeof(add));
	assert_int_equal(net_message_receive(pair[1], &got, &fd), 1);
	close(fd);
	fd = dup(0);
	assert_int_equal(fd, next);
	close(fd);
	assert_int_equal(send(pair[0], &add, sizeof(add) - 1, 0), (ssize_t)sizeof(add) - 1);
	assert_int_equal(net_message_receive(pair[1], &got, &fd), -EPROTO);
	close(pair[0]);
	assert_int_equal(net_message_receive(pair[1], &got, &fd), 0);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_datagrams),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
