/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container may say to a service manager: every line is judged by itself, nothing else gets
 * through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/notify.h"

static int container, manager;
static struct notify notify;

static int setup(void **unused)
{
	int a[2], b[2];

	(void)unused;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, a) < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, b) < 0) {
		return -1;
	}
	container = a[0];
	notify = (struct notify){ .from = a[1], .to = b[0], .main_pid = 2147483647 };
	manager = b[1];
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	close(container);
	close(manager);
	close(notify.from);
	close(notify.to);
	return 0;
}

/* Says len bytes; what the manager gets of it must be this, NULL: nothing. */
static void say_bytes(const char *bytes, size_t len, const char *want)
{
	char got[8192] = "";
	ssize_t n;

	assert_int_equal(send(container, bytes, len, 0), len);
	assert_true(host_notify_forward(&notify));
	n = recv(manager, got, sizeof(got) - 1, MSG_DONTWAIT);
	if (!want) {
		assert_int_equal(n, -1);
		return;
	}
	assert_true(n >= 0);
	assert_string_equal(got, want);
}

static void say(const char *text, const char *want)
{
	say_bytes(text, strlen(text), want);
}

static void lines_are_judged(void **unused)
{
	(void)unused;
	say("STATUS=", "STATUS=\n");
	say("STATUS=x\n\n\nERRNO=1\n", "STATUS=x\nERRNO=1\n");
	say("STATUS", NULL);
	say("status=x", NULL);
	say(" STATUS=x", NULL);
	say("READY=1 ", NULL);
	say("READY=1\r", NULL);
	say("STATUS=\x1b[2J", NULL);
	say("STATUS=\xc2\x9b"
	    "2J",
	    NULL);
	say("STATUS=\xe2\x80\xae", NULL);
	say("STATUS=\x9b"
	    "2J",
	    NULL);
	say("STATUS=\xc3\xbc", "STATUS=\xc3\xbc\n");
	say("", NULL);
	say("\n", NULL);
	say("MAINPID=1\nREADY=10\nFDPOLL=0", NULL);
}

static void the_main_pid_is_said_once(void **unused)
{
	(void)unused;
	say("MAINPID=1\nREADY=1\nSTATUS=a", "READY=1\nSTATUS=a\nMAINPID=2147483647\n");
	assert_true(notify.ready);
	say("READY=1", "READY=1\n");
}

static void lengths(void **unused)
{
	char text[4098];
	char want[8192];

	(void)unused;
	/* The longest, all of it to be passed on, and the pid behind it. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "READY=1\nSTATUS=", 15);
	snprintf(want, sizeof(want), "%.4096s\nMAINPID=2147483647\n", text);
	say_bytes(text, 4096, want);
	say_bytes(text, 4097, NULL);
	/* Bytes behind a NUL are no text. */
	say_bytes("STATUS=a\0STATUS=b", 17, NULL);
	/* Nothing but ends of lines. */
	memset(text, '\n', sizeof(text));
	say_bytes(text, 4096, NULL);
}

static void nothing_to_read(void **unused)
{
	(void)unused;
	assert_false(host_notify_forward(&notify));
}

/* Whatever it says: lines that begin as allowed, and a MAINPID of ours at the most. */
static void noise(void **unused)
{
	static const char alphabet[] = "READY=1\nSTATUS=ERNO=M\0PID\x80\t";

	(void)unused;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		char text[64];
		char got[256] = "";
		size_t len = (size_t)rand() % sizeof(text);

		for (size_t k = 0; k < len; k++) {
			text[k] = alphabet[(size_t)rand() % sizeof(alphabet)];
		}
		assert_int_equal(send(container, text, len, 0), len);
		assert_true(host_notify_forward(&notify));
		if (recv(manager, got, sizeof(got) - 1, MSG_DONTWAIT) > 0) {
			assert_true(strncmp(got, "STATUS=", 7) == 0 ||
				    strncmp(got, "ERRNO=", 6) == 0 ||
				    strncmp(got, "READY=1\n", 8) == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_judged, setup, teardown),
		cmocka_unit_test_setup_teardown(the_main_pid_is_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_to_read, setup, teardown),
		cmocka_unit_test_setup_teardown(noise, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
