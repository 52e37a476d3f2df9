/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names as clients write them. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/signals.h"

static void accepts(void **unused)
{
	static const struct {
		const char *text;
		int sig;
	} cases[] = {
		{ "9", SIGKILL },
		{ "KILL", SIGKILL },
		{ "SIGKILL", SIGKILL },
		{ "sigkill", SIGKILL },
		{ "Term", SIGTERM },
		{ "SIGHUP", SIGHUP },
		{ "0", 0 },
		{ "15", SIGTERM },
		{ "WINCH", SIGWINCH },
		{ "IOT", SIGABRT },
		{ "CLD", SIGCHLD },
		{ "SIGPOLL", SIGIO },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err;
		int sig = -1;

		assert_int_equal(host_signal_parse(cases[i].text, &sig, &err), 0);
		assert_int_equal(sig, cases[i].sig);
	}
}

static void accepts_realtime(void **unused)
{
	struct err err;
	int sig = -1;

	(void)unused;
	assert_int_equal(host_signal_parse("RTMIN", &sig, &err), 0);
	assert_int_equal(sig, SIGRTMIN);
	assert_int_equal(host_signal_parse("SIGRTMIN+3", &sig, &err), 0);
	assert_int_equal(sig, SIGRTMIN + 3);
	assert_int_equal(host_signal_parse("rtmax-2", &sig, &err), 0);
	assert_int_equal(sig, SIGRTMAX - 2);
	assert_int_equal(host_signal_parse("64", &sig, &err), 0);
	assert_int_equal(sig, 64);
}

static void refuses(void **unused)
{
	static const char *const cases[] = {
		"",	      "FOO",
		"SIG",	      "-9",
		"65",	      "9 ",
		" 9",	      "0x9",
		"RTMIN+999",  "RTMIN-1",
		"RTMAX+1",    "RTMIN+",
		"SIGSIGKILL", "99999999999999999999",
		"KILLING",    "averyveryverylongsignalname",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err;
		int sig = -1;

		assert_int_equal(host_signal_parse(cases[i], &sig, &err), -EINVAL);
		assert_int_equal(sig, -1);
		assert_non_null(strstr(err.msg, "unknown signal"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts),
		cmocka_unit_test(accepts_realtime),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
