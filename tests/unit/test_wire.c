/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire against a hostile guest: whatever is malformed is refused, and no descriptor is left
 * behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* Sends raw bytes with n copies of a descriptor: also what wire_send would not. */
static void send_raw(int wire, const void *bytes, size_t len, int fd, size_t n)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (size_t i = 0; i < n; i++) {
			memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(fd));
		}
	}
	assert_true(sendmsg(wire, &msg, 0) >= 0);
}

/* What the receiver makes of raw bytes with n copies of a descriptor. */
static int receive_raw(const void *bytes, size_t len, size_t n)
{
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;
	int rc;

	assert_int_equal(wire_pair(&host, &guest), 0);
	send_raw(guest, bytes, len, STDIN_FILENO, n);
	rc = wire_recv(host, &got);
	if (rc == 1 && got.fd >= 0) {
		close(got.fd);
	}
	return rc;
}

/*
 * An end with a message unread counts as a reset, which the kernel tells of before it gives what
 * had come.
 */
static void last_words_are_heard(void **state)
{
	struct err sent = { 0 };
	struct wire_msg got;
	scope_fd int host = -1;
	int guest;

	(void)state;
	err_set(&sent, EPERM, "what was wrong");
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_int_equal(wire_send(host, WIRE_IDMAP, NULL, 0, -1), 0);
	assert_int_equal(wire_send(guest, WIRE_ERR, &sent, sizeof(sent), -1), 0);
	close(guest);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_string_equal(got.err.msg, "what was wrong");
	assert_int_equal(wire_recv(host, &got), 0);
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
	/* a descriptor where none belongs */
	assert_int_equal(receive_raw(&type, sizeof(type), 1), -EPROTO);
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
	/* no descriptor where one belongs */
	assert_int_equal(receive_raw(&type, sizeof(type), 0), -EPROTO);
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

/*
 * What each message is, written down once more and by hand: how long it is, whether it brings a
 * descriptor, and in which phases the guest may say it. Tried: each column of wire.c's table
 * changed in turn, and wire_recv's comparison with it taken out (CVE-2021-43784): the row is named
 * here.
 */
static const struct {
	enum wire_type type;
	uint32_t min;
	uint32_t max;
	bool fd;
	bool setup;
	bool start;
	bool gate;
} messages[] = {
	{ WIRE_IDMAP, 0, 0, false, false, false, false },
	{ WIRE_START, 0, 0, false, false, false, false },
	{ WIRE_SETUP_DONE, 0, 0, false, false, false, false },
	{ WIRE_FILTER, 0, 0, true, false, false, false },
	{ WIRE_MOUNT, 0, 0, true, false, false, false },
	{ WIRE_RECORDED, 0, 0, false, false, false, false },
	{ WIRE_NAMESPACES, 0, 0, false, false, false, false },
	{ WIRE_PLACED, 0, 0, false, false, false, false },
	{ WIRE_NOTIFY, 0, 0, true, false, true, false },
	{ WIRE_CGROUP, 0, 0, true, false, false, false },
	{ WIRE_NO_CGROUP, 0, 0, false, false, false, false },
	{ WIRE_LOG, 0, ERR_MSG_MAX, false, true, true, false },
	{ WIRE_ERR, sizeof(struct err), sizeof(struct err), false, true, true, false },
	{ WIRE_STEP, sizeof(struct wire_step), sizeof(struct wire_step), false, true, false,
	  false },
	{ WIRE_INIT, 0, 0, true, true, false, false },
	{ WIRE_OWN_MOUNTS, sizeof(uint64_t), sizeof(uint64_t), false, true, false, false },
	{ WIRE_NETWORK, 0, 0, true, true, false, false },
	{ WIRE_CONSOLE, 0, 0, true, true, false, false },
	{ WIRE_SETUP, 0, 0, false, true, false, false },
	{ WIRE_LISTENER, 0, 0, true, true, false, false },
	{ WIRE_SWITCH, 0, 0, true, true, false, false },
	{ WIRE_READY, 0, 0, false, true, false, false },
	{ WIRE_EXEC, 0, 0, false, false, true, false },
	{ WIRE_NAMESPACE, sizeof(uint32_t), sizeof(uint32_t), true, false, false, true },
};

#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static void every_message_has_its_bounds(void **state)
{
	char bytes[sizeof(uint32_t) + WIRE_PAYLOAD_MAX + 64];
	int before = open_count();

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	for (size_t i = 0; i < MESSAGES; i++) {
		uint32_t type = messages[i].type;

		memcpy(bytes, &type, sizeof(type));
		for (uint32_t len = 0; len <= WIRE_PAYLOAD_MAX + 8; len++) {
			bool fits = len >= messages[i].min && len <= messages[i].max;
			int rc = receive_raw(bytes, sizeof(type) + len, messages[i].fd ? 1 : 0);

			if (rc != (fits ? 1 : -EPROTO)) {
				fail_msg("%s with %u bytes: %d", wire_type_name(type), len, rc);
			}
		}
		for (size_t n = 0; n <= 8; n++) {
			bool fits = n == (messages[i].fd ? 1 : 0);
			int rc = receive_raw(bytes, sizeof(type) + messages[i].min, n);

			if (rc != (fits ? 1 : -EPROTO)) {
				fail_msg("%s with %zu descriptors: %d", wire_type_name(type), n,
					 rc);
			}
		}
	}
	assert_int_equal(open_count(), before);
}

/* Any bytes at all: an answer, and no descriptor left. The seed is fixed: a failure comes again. */
static void garbage(void **state)
{
	unsigned char bytes[2048];
	int before = open_count();
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = 1 + (size_t)rand_r(&seed) % (round % 2 ? 16 : sizeof(bytes));
		int rc;

		for (size_t i = 0; i < len; i++) {
			bytes[i] = (unsigned char)rand_r(&seed);
		}
		if (round % 4) {
			uint32_t type = (uint32_t)rand_r(&seed) % 20;

			memcpy(bytes, &type, len < sizeof(type) ? len : sizeof(type));
		}
		rc = receive_raw(bytes, len, (size_t)rand_r(&seed) % 4);
		assert_true(rc == 1 || rc == -EPROTO);
	}
	assert_int_equal(open_count(), before);
}

static void phases(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		struct wire_turn setup = { .phase = WIRE_PHASE_SETUP };
		struct wire_turn start = { .phase = WIRE_PHASE_START };
		struct wire_turn gate = { .phase = WIRE_PHASE_GATE };

		if (wire_legal(&setup, messages[i].type) != messages[i].setup ||
		    wire_legal(&start, messages[i].type) != messages[i].start ||
		    wire_legal(&gate, messages[i].type) != messages[i].gate) {
			fail_msg("%s: in the wrong phase", wire_type_name(messages[i].type));
		}
	}
	for (unsigned type = 0; type < 100; type++) {
		struct wire_turn turn = { .phase = WIRE_PHASE_SETUP };
		bool known = false;

		for (size_t i = 0; i < MESSAGES; i++) {
			known = known || messages[i].type == type;
		}
		assert_true(known || !wire_legal(&turn, (enum wire_type)type));
		assert_true(known == !!strcmp(wire_type_name((enum wire_type)type), "unknown"));
	}
}

static void once_only(void **state)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_SETUP, .gone = WIRE_BIT(WIRE_LISTENER) };

	(void)state;
	assert_true(wire_legal(&turn, WIRE_SETUP));
	assert_false(wire_legal(&turn, WIRE_SETUP));
	assert_true(wire_legal(&turn, WIRE_INIT));
	assert_false(wire_legal(&turn, WIRE_INIT));
	assert_true(wire_legal(&turn, WIRE_CONSOLE));
	assert_false(wire_legal(&turn, WIRE_CONSOLE));
	assert_false(wire_legal(&turn, WIRE_LISTENER));
	for (int i = 0; i < 3; i++) {
		assert_true(wire_legal(&turn, WIRE_LOG));
		assert_true(wire_legal(&turn, WIRE_STEP));
	}
	assert_true(wire_legal(&turn, WIRE_READY));
	assert_false(wire_legal(&turn, WIRE_READY));
	turn = (struct wire_turn){ .phase = WIRE_PHASE_GATE };
	for (int i = 0; i < 3; i++) {
		assert_true(wire_legal(&turn, WIRE_NAMESPACE));
	}
	turn = (struct wire_turn){ .phase = WIRE_PHASE_START };
	for (int i = 0; i < 3; i++) {
		assert_true(wire_legal(&turn, WIRE_LOG));
	}
	assert_true(wire_legal(&turn, WIRE_ERR));
	assert_false(wire_legal(&turn, WIRE_ERR));
}

/* The number of an error is one of errno's, or EIO. */
static void numbers_of_errors(void **state)
{
	static const int sent[] = { 1, 4095, 4096, 0, -1 };
	static const int wanted[] = { 1, 4095, EIO, EIO, EIO };

	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct err err = { .code = sent[i] };
		struct wire_msg got;
		scope_fd int host = -1;
		scope_fd int guest = -1;

		assert_int_equal(wire_pair(&host, &guest), 0);
		assert_int_equal(wire_send(guest, WIRE_ERR, &err, sizeof(err), -1), 0);
		assert_int_equal(wire_recv(host, &got), 1);
		assert_int_equal(got.err.code, wanted[i]);
	}
}

/* A step's name ends, whoever sent it; a line of the log too. */
static void texts_end(void **state)
{
	struct wire_step step;
	struct wire_msg got;
	char line[8];
	scope_fd int host = -1;
	scope_fd int guest = -1;

	(void)state;
	memset(&step, 'x', sizeof(step));
	memset(line, 'y', sizeof(line));
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_int_equal(wire_send(guest, WIRE_STEP, &step, sizeof(step), -1), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(got.len, sizeof(step));
	assert_int_equal(strlen(got.step.name), sizeof(step.name) - 1);
	memset(got.bytes, 'z', sizeof(got.bytes));
	assert_int_equal(wire_send(guest, WIRE_LOG, line, sizeof(line), -1), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(got.len, sizeof(line));
	assert_int_equal(strlen(got.bytes), sizeof(line));
	assert_int_equal(got.fd, -1);
}

/* Whoever asked for credentials beside the messages gets them, and they are not taken for more. */
static void credentials_beside(void **state)
{
	const int on = 1;
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;

	(void)state;
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_int_equal(setsockopt(host, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(wire_send(guest, WIRE_READY, NULL, 0, -1), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(got.type, WIRE_READY);
	assert_int_equal(got.fd, -1);
}

/* The shortest text, and the lowest descriptor: 0 where stdin is closed. */
static void the_least(void **state)
{
	struct wire_msg got;
	scope_fd int host = -1;
	scope_fd int guest = -1;
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	uint32_t ready = WIRE_READY;
	int pipe_ends[2];

	(void)state;
	assert_int_equal(wire_pair(&host, &guest), 0);
	assert_int_equal(wire_send(guest, WIRE_LOG, "x", 1, -1), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(got.len, 1);
	assert_string_equal(got.bytes, "x");
	/* Sent where none belongs, it is closed again, also as 0. */
	assert_true(saved >= 0);
	assert_int_equal(pipe(pipe_ends), 0);
	send_raw(guest, &ready, sizeof(ready), pipe_ends[0], 1);
	close(STDIN_FILENO);
	assert_int_equal(wire_recv(host, &got), -EPROTO);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	/* And where one belongs, it arrives as that. */
	assert_int_equal(wire_send(guest, WIRE_CONSOLE, NULL, 0, pipe_ends[0]), 0);
	assert_int_equal(wire_recv(host, &got), 1);
	assert_int_equal(got.fd, STDIN_FILENO);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
}

static void no_socket(void **state)
{
	struct rlimit before, none;
	struct wire_msg got;
	int host = 7, guest = 8;

	(void)state;
	assert_int_equal(wire_send(-1, WIRE_START, NULL, 0, -1), -EBADF);
	assert_int_equal(wire_recv(-1, &got), -EBADF);
	assert_int_equal(got.fd, -1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(wire_pair(&host, &guest), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(host == 7 && guest == 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_an_error_verbatim),
		cmocka_unit_test(carries_a_descriptor),
		cmocka_unit_test(tells_the_end),
		cmocka_unit_test(last_words_are_heard),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(an_unterminated_error_is_terminated),
		cmocka_unit_test(every_message_has_its_bounds),
		cmocka_unit_test(garbage),
		cmocka_unit_test(phases),
		cmocka_unit_test(once_only),
		cmocka_unit_test(numbers_of_errors),
		cmocka_unit_test(texts_end),
		cmocka_unit_test(credentials_beside),
		cmocka_unit_test(the_least),
		cmocka_unit_test(no_socket),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
