/* SPDX-License-Identifier: Apache-2.0 */
/* slirp4netns' arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/scope.h"
#include "base/str.h"
#include "libnet/config.h"
#include "libnet/slirp/slirp.h"

static struct arena arena = ARENA_INIT;

/* ---- slirp4netns' arguments ---- */

static void arguments(void **state)
{
	struct net_request r = { .slirp = "/usr/bin/slirp4netns" };
	struct err err;
	struct text out;

	(void)state;
	assert_int_equal(
		net_config_parse(&arena, "slirp4netns:outbound_addr=192.0.2.1", &r.config, &err),
		0);
	text_init(&out, &arena);
	for (const char **a = slirp_argv(&arena, &r, 3, 4); *a; a++) {
		text_add(&out, "%s ", *a);
	}
	assert_string_equal(
		out.s, "slirp4netns --ready-fd=3 --exit-fd=4 --mtu=65520 --cidr=10.0.2.0/24 "
		       "--enable-sandbox --enable-seccomp --enable-ipv6 --disable-host-loopback "
		       "--outbound-addr=192.0.2.1 --netns-type=path /proc/self/ns/net tap0 ");
	assert_int_equal(
		net_config_parse(&arena,
				 "slirp4netns:allow_host_loopback=1,enable_ipv6=0,enable_dns=0",
				 &r.config, &err),
		0);
	r.config.handler = NET_HANDLER_SLIRP;
	text_init(&out, &arena);
	for (const char **a = slirp_argv(&arena, &r, 3, 4); *a; a++) {
		text_add(&out, "%s ", *a);
	}
	assert_string_equal(
		out.s, "slirp4netns --ready-fd=3 --exit-fd=4 --mtu=65520 --cidr=10.0.2.0/24 "
		       "--enable-sandbox --enable-seccomp --disable-dns "
		       "--api-socket=/run/slirp4netns --netns-type=path /proc/self/ns/net tap0 ");
}

static int done(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
