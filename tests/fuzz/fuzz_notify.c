/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_notify: what a container says to a service manager, and what goes on of it. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "fuzz/fuzz.h"
#include "host/notify.h"

#define MAIN_PID "MAINPID=2147483647"

static void check_line(const char *line, size_t *mains)
{
	static const char *const allowed[] = {
		"READY=1", "RELOADING=1", "STOPPING=1",	  "WATCHDOG=1",	     "STATUS=",
		"ERRNO=",  "BUSERROR=",	  "EXIT_STATUS=", "MONOTONIC_USEC=", "EXTEND_TIMEOUT_USEC=",
	};
	bool known = str_eq(line, MAIN_PID);

	*mains += known;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		bool whole = allowed[i][strlen(allowed[i]) - 1] == '1';

		known = known || (whole && str_eq(line, allowed[i])) ||
			(!whole && str_starts(line, allowed[i]));
	}
	FUZZ_CHECK(known);
	for (const char *p = line; *p;) {
		size_t n = str_utf8(p, strlen(p));

		FUZZ_CHECK(n > 0 && !str_is_control(str_code_point(p, n)));
		p += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct notify notify = { .main_pid = 2147483647 };
	char out[16384];
	int container[2], manager[2];
	size_t mains = 0;
	ssize_t got;

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, container) == 0);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, manager) == 0);
	notify.from = container[1];
	notify.to = manager[0];
	if (send(container[0], bytes, len, MSG_DONTWAIT) == (ssize_t)len) {
		FUZZ_CHECK(host_notify_forward(&notify));
	}
	FUZZ_CHECK(!host_notify_forward(&notify));
	got = recv(manager[1], out, sizeof(out) - 1, MSG_DONTWAIT);
	FUZZ_CHECK(got != 0 && got < (ssize_t)sizeof(out) - 1);
	if (got > 0) {
		char *rest = out, *line;

		FUZZ_CHECK(memchr(out, '\0', (size_t)got) == NULL && out[got - 1] == '\n');
		out[got - 1] = '\0';
		while ((line = strsep(&rest, "\n"))) {
			check_line(line, &mains);
		}
	}
	FUZZ_CHECK(mains == notify.ready);
	FUZZ_CHECK(recv(manager[1], out, sizeof(out), MSG_DONTWAIT) < 0 && errno == EAGAIN);
	host_notify_close(&notify);
	close(container[0]);
	close(manager[1]);
	return 0;
}
