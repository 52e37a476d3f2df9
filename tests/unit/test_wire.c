/* SPDX-License-Identifier: Apache-2.0 */
/* The wire against a hostile guest: whatever is malformed is refused, and no descriptor is left behind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "wire/wire.h"

static int open_count(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++) {
		count += fcntl(fd, F_GETFD) >= 0;
	}
	return count;
}

static void carries_an_error_verbatim(void **state)
{
	struct err sent = { 0 };
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;

	(void)state;
	err_set(&sent, ENOENT, "/root/path: nothing there");
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_int_equal(wire_send(guest, WIRE_ERR, &sent, sizeof(sent), -1), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(got.type, WIRE_ERR);
	assert_int_equal(got.err.code, ENOENT);
	assert_string_equal(got.err.msg, "/root/path: nothing there");
}

static void carries_a_descriptor(void **state)
{
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;

	(void)state;
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_int_equal(wire_send(guest, WIRE_CONSOLE, NULL, 0, STDIN_FILENO), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_true(got.fd >= 0);
	assert_int_equal(fcntl(got.fd, F_GETFD), FD_CLOEXEC);
	close(got.fd);
}

static void tells_the_end(void **state)
{
	struct wire_msg got;
	scope_fd int host = -1;
	int guest;

	(void)state;
	assert_int_equal(wire_pair(&host, &guest), 0);
	close(guest);
	assert_int_equal(wire_recv(host, &got), 0);
	assert_int_equal(wire_send(host, WIRE_START, NULL, 0, -1), -EPIPE);
}

/* Sends raw bytes with n copies of a descriptor, and says what the receiver makes of it. */
static int receive_raw(const void *bytes, size_t len, size_t n)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;
	int rc;

	assert_int_equal(wire_pair(&host, &guest), 0);
	if (n > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (size_t i = 0; i < n; i++) {
			int fd = STDIN_FILENO;

			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(fd));
		}
	}
	assert_true(sendmsg(guest, &msg, 0) >= 0);
	rc = wire_recv(host, &got);
	if (rc == 1 && got.fd >= 0) {
		close(got.fd);
	}
	return rc;
}

static void refuses_what_is_malformed(void **state)
{
	int before = open_count();
	uint32_t type = WIRE_READY;
	uint32_t unknown = 99;
	char big[4096] = { 0 };

	(void)state;
	assert_int_equal(receive_raw(&type, sizeof(type), 0), 1);
	assert_int_equal(receive_raw(&type, 3, 0), -EPROTO); /* no whole head */
	assert_int_equal(receive_raw(&unknown, sizeof(unknown), 0), -EPROTO);
	assert_int_equal(receive_raw(&type, sizeof(type), 1), -EPROTO); /* a descriptor where none belongs */
	memcpy(big, &type, sizeof(type));
	assert_int_equal(receive_raw(big, 8, 0), -EPROTO); /* a payload where none belongs */
	type = WIRE_LOG;
	memcpy(big, &type, sizeof(type));
	assert_int_equal(receive_raw(big, sizeof(big), 0), -EPROTO); /* longer than the buffer */
	assert_int_equal(receive_raw(big, 4 + ERR_MSG_MAX + 1, 0), -EPROTO);
	assert_int_equal(receive_raw(big, 4 + ERR_MSG_MAX, 0), 1);
	type = WIRE_ERR;
	memcpy(big, &type, sizeof(type));
	assert_int_equal(receive_raw(big, 4 + sizeof(struct err) - 1, 0), -EPROTO);
	type = WIRE_CONSOLE;
	assert_int_equal(receive_raw(&type, sizeof(type), 0), -EPROTO); /* no descriptor where one belongs */
	assert_int_equal(receive_raw(&type, sizeof(type), 2), -EPROTO);
	assert_int_equal(receive_raw(&type, sizeof(type), 8), -EPROTO);
	assert_int_equal(open_count(), before);
}

static void an_unterminated_error_is_terminated(void **state)
{
	struct {
		uint32_t type;
		struct err err;
	} raw = { .type = WIRE_ERR, .err = { .code = -1 } };
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;

	(void)state;
	memset(raw.err.msg, 'x', sizeof(raw.err.msg));
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_true(send(guest, &raw, sizeof(raw), 0) > 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(strlen(got.err.msg), ERR_MSG_MAX - 1);
	assert_int_equal(got.err.code, EIO);
}

static void phases(void **state)
{
	(void)state;
	assert_true(wire_legal(WIRE_PHASE_SETUP, WIRE_READY));
	assert_true(wire_legal(WIRE_PHASE_SETUP, WIRE_CONSOLE));
	assert_true(wire_legal(WIRE_PHASE_SETUP, WIRE_ERR));
	assert_true(wire_legal(WIRE_PHASE_START, WIRE_ERR));
	assert_true(wire_legal(WIRE_PHASE_START, WIRE_EXEC));
	assert_false(wire_legal(WIRE_PHASE_START, WIRE_CONSOLE));
	assert_false(wire_legal(WIRE_PHASE_START, WIRE_READY));
	assert_false(wire_legal(WIRE_PHASE_SETUP, WIRE_EXEC));
	assert_false(wire_legal(WIRE_PHASE_SETUP, WIRE_START));
	assert_false(wire_legal(WIRE_PHASE_SETUP, (enum wire_type)77));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_an_error_verbatim),
		cmocka_unit_test(carries_a_descriptor),
		cmocka_unit_test(tells_the_end),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(an_unterminated_error_is_terminated),
		cmocka_unit_test(phases),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
