/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_wire: what the other side may put on the wire. The input is a row of messages, each a byte
 * that says what goes with it (bits 0-2: how many descriptors, bits 3-4: the phase that the
 * conversation is in then), a byte of length, and so many bytes. Lengths count by eights from 128
 * on, so that the longest message is in reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "wire/wire.h"

#define FDS_MAX 7

static void put(int wire, const uint8_t *bytes, size_t len, int fds, int fd)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds > 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
		for (int i = 0; i < fds; i++) {
			memcpy(CMSG_DATA(cmsg) + (size_t)i * sizeof(int), &fd, sizeof(int));
		}
	}
	FUZZ_CHECK(sendmsg(wire, &msg, MSG_NOSIGNAL) == (ssize_t)len);
}

static void take(int wire, struct wire_turn *turn)
{
	struct wire_msg msg;
	int rc;

	memset(&msg, 0x5a, sizeof(msg));
	rc = wire_recv(wire, &msg);
	FUZZ_CHECK(rc == 1 || rc == 0 || rc == -EPROTO);
	if (rc < 1) {
		FUZZ_CHECK(msg.fd == -1);
		return;
	}
	FUZZ_CHECK(msg.len <= WIRE_PAYLOAD_MAX && strlen(msg.bytes) <= msg.len);
	FUZZ_CHECK(strcmp(wire_type_name(msg.type), "unknown") != 0);
	if (msg.fd >= 0) {
		FUZZ_CHECK(fcntl(msg.fd, F_GETFD) == FD_CLOEXEC);
		FUZZ_CHECK(close(msg.fd) == 0);
	}
	if (msg.type == WIRE_ERR) {
		FUZZ_CHECK(msg.err.code > 0 && msg.err.code <= 4095 &&
			   strnlen(msg.err.msg, ERR_MSG_MAX) < ERR_MSG_MAX);
	} else if (msg.type == WIRE_STEP) {
		FUZZ_CHECK(strnlen(msg.step.name, sizeof(msg.step.name)) < sizeof(msg.step.name));
	}
	/* What comes once at the most is not legal twice. */
	if (wire_legal(turn, msg.type) && msg.type != WIRE_LOG && msg.type != WIRE_STEP &&
	    msg.type != WIRE_NAMESPACE) {
		FUZZ_CHECK(!wire_legal(turn, msg.type));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_SETUP };
	int ours, theirs, before, after;

	FUZZ_CHECK(wire_pair(&ours, &theirs) == 0);
	before = dup(ours);
	while (len >= 2) {
		size_t want = bytes[1] < 128 ? bytes[1] : 128 + (bytes[1] - 128u) * 8;
		size_t have = want < len - 2 ? want : len - 2;

		turn.phase = (enum wire_phase)(bytes[0] >> 3 & 3);
		put(theirs, bytes + 2, have, bytes[0] & FDS_MAX, before);
		take(ours, &turn);
		bytes += 2 + have;
		len -= 2 + have;
	}
	/* No descriptor of the other side's is left with us. */
	after = dup(ours);
	FUZZ_CHECK(after == before + 1);
	close(after);
	close(before);
	close(ours);
	close(theirs);
	return 0;
}
