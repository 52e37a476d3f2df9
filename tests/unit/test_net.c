/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnet without a network: what people write, ports and options, and the addresses and names that
 * come of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libnet/config.h"
#include "libnet/names.h"
#include "libnet/port.h"

static struct arena arena = ARENA_INIT;

/* ---- ports ---- */

static void assert_port(const char *text, const char *printed)
{
	char out[NET_PORT_TEXT_MAX];
	struct net_port port, again;
	struct err err = { .code = 0 };

	assert_int_equal(net_port_parse(text, &port, &err), 0);
	net_port_print(&port, out);
	assert_string_equal(out, printed);
	/* What is printed is the same port again. */
	assert_int_equal(net_port_parse(out, &again, &err), 0);
	net_port_print(&again, out);
	assert_string_equal(out, printed);
}

static void ports(void **state)
{
	(void)state;
	assert_port("8080:80", "8080:80/tcp");
	assert_port("80", "80:80/tcp");
	assert_port("53:53/udp", "53:53/udp");
	assert_port("127.0.0.1:8080:80/tcp", "127.0.0.1:8080:80/tcp");
	assert_port("[::1]:8080:80", "[::1]:8080:80/tcp");
	assert_port("[::]:1:65535", "[::]:1:65535/tcp");
	assert_port("8000-8009:9000-9009", "8000-8009:9000-9009/tcp");
	assert_port("1-65535", "1-65535:1-65535/tcp");
}

static void bad_ports(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"0",
		"65536",
		"80:0",
		"80:65536",
		"-1",
		"80:",
		":80",
		"80:80:80",
		"a",
		"80:a",
		" 80",
		"80 ",
		"80/sctp",
		"80/",
		"80/TCP",
		"9-8",
		"1-2:1-3",
		"1-",
		"-",
		"1.2.3:8:8",
		"1.2.3.4.5:8:8",
		"[::1:80:80",
		"[::1]80:80",
		"[zz]:80:80",
		"[]:80:80",
		"::1:80:80",
		"1-2-3",
		"99999999999999999999",
		"+80",
		"0x50",
		"80:80/udp/tcp",
		"[127.0.0.1]:80:80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct net_port port = { .count = 7 };
		struct err err = { .code = 0 };

		if (net_port_parse(bad[i], &port, &err) == 0) {
			fail_msg("taken: \"%s\"", bad[i]);
		}
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, "it is written"));
		assert_int_equal(port.count, 7);
	}
}

static bool overlap(const char *a, const char *b)
{
	struct net_port x, y;
	struct err err;

	assert_int_equal(net_port_parse(a, &x, &err), 0);
	assert_int_equal(net_port_parse(b, &y, &err), 0);
	assert_int_equal(net_port_overlaps(&x, &y), net_port_overlaps(&y, &x));
	return net_port_overlaps(&x, &y);
}

static void overlaps(void **state)
{
	(void)state;
	assert_true(overlap("80", "80"));
	assert_true(overlap("80-90", "85:1"));
	assert_false(overlap("80-90", "91"));
	assert_false(overlap("80", "80/udp"));
	assert_true(overlap("127.0.0.1:80:80", "80"));
	assert_true(overlap("127.0.0.1:80:80", "0.0.0.0:80:81"));
	assert_false(overlap("127.0.0.1:80:80", "127.0.0.2:80:80"));
	assert_false(overlap("127.0.0.1:80:80", "[::1]:80:80"));
	assert_false(overlap("0.0.0.0:80:80", "[::]:80:80"));
	assert_true(overlap("[::]:80:80", "[::1]:80:80"));
	assert_true(overlap("[::1]:80:80", "80"));
}

/* ---- options and addresses ---- */

static void options(void **state)
{
	struct err err = { .code = 0 };
	struct net_config c;

	(void)state;
	assert_int_equal(net_config_parse(&arena, "slirp4netns", &c, &err), 0);
	assert_int_equal(c.mtu, 65520);
	assert_true(c.ipv6);
	assert_true(c.dns);
	assert_true(c.keep_client);
	assert_false(c.host_loopback);
	assert_false(c.cidr_given);
	assert_int_equal(c.handler, NET_HANDLER_OWN);
	assert_false(c.accel);
	assert_int_equal(net_config_parse(&arena, "slirp4netns:accel=seccomp", &c, &err), 0);
	assert_true(c.accel);
	assert_int_equal(
		net_config_parse(
			&arena,
			"slirp4netns:mtu=1500,enable_ipv6=false,cidr=192.168.7.0/"
			"24,allow_host_loopback=true,enable_dns=no,port_handler=slirp4netns,client_"
			"address=gateway,outbound_addr=192.0.2.1,outbound_addr6=2001:db8::1",
			&c, &err),
		0);
	assert_int_equal(c.mtu, 1500);
	assert_false(c.ipv6);
	assert_true(c.cidr_given);
	assert_int_equal(c.cidr.network, 0xc0a80700);
	assert_true(c.host_loopback);
	assert_false(c.dns);
	assert_int_equal(c.handler, NET_HANDLER_SLIRP);
	assert_false(c.keep_client);
	assert_string_equal(c.outbound_addr, "192.0.2.1");
	assert_string_equal(c.outbound_addr6, "2001:db8::1");
	assert_int_equal(ntohl(net_cidr_address(&c.cidr, 100).s_addr), 0xc0a80764);
}

static void bad_options(void **state)
{
	static const char *const bad[] = {
		"slirp",
		"slirp4netnsx",
		"slirp4netns:mtu",
		"slirp4netns:mtu=",
		"slirp4netns:mtu=65522",
		"slirp4netns:mtu=67",
		"slirp4netns:cidr=10.0.2.0",
		"slirp4netns:cidr=10.0.2.0/26",
		"slirp4netns:cidr=10.0.2.0/0",
		"slirp4netns:cidr=10.0.2.1/24",
		"slirp4netns:enable_ipv6=maybe",
		"slirp4netns:port_handler=pasta",
		"slirp4netns:accel=yes",
		"slirp4netns:accel=",
		"slirp4netns:outbound_addr=eth0",
		"slirp4netns:outbound_addr=::1",
		"slirp4netns:outbound_addr6=127.0.0.1",
		"slirp4netns:what=ever",
		"slirp4netns:,",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { .code = 0 };
		struct net_config c;

		if (net_config_parse(&arena, bad[i], &c, &err) == 0) {
			fail_msg("taken: \"%s\"", bad[i]);
		}
		assert_int_equal(err.code, EINVAL);
	}
}

#define ROUTES                                                                                     \
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define DEFAULT_ROUTE "eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"

static void moved_aside(void **state)
{
	const struct net_cidr usual = { 0x0a000200, 24 };
	struct net_cidr c;

	(void)state;
	c = net_cidr_choose(&usual, ROUTES DEFAULT_ROUTE);
	assert_int_equal(c.network, usual.network);
	/* The very network, one inside it, one around it. */
	c = net_cidr_choose(&usual, ROUTES DEFAULT_ROUTE
			    "eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
	assert_int_equal(c.network, 0x0a000300);
	c = net_cidr_choose(&usual,
			    ROUTES "eth0\t6402000A\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n");
	assert_int_equal(c.network, 0x0a000300);
	c = net_cidr_choose(&usual,
			    ROUTES "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n");
	assert_int_equal(c.network, 0xac1ffe00);
	assert_int_equal(c.prefix, 24);
}

/* ---- names ---- */

static void resolv_conf(void **state)
{
	static const char host[] =
		"# stub\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\n"
		"nameserver 2001:db8::53\nsearch example.org lan\noptions edns0 trust-ad\n";
	struct net_config c;
	struct err err;

	(void)state;
	assert_int_equal(net_config_parse(&arena, "slirp4netns", &c, &err), 0);
	assert_string_equal(
		net_resolv_conf(&arena, host, &c),
		"# Written by rootlet.\nnameserver 10.0.2.3\nnameserver fd00::3\nnameserver "
		"192.0.2.53\n"
		"nameserver 2001:db8::53\nsearch example.org lan\noptions edns0 trust-ad\n");
	/*
	 * No server of our own choice: a host without any has a container without any but the
	 * namespace's own.
	 */
	assert_string_equal(net_resolv_conf(&arena, "", &c),
			    "# Written by rootlet.\nnameserver 10.0.2.3\n");
	assert_int_equal(net_config_parse(&arena, "slirp4netns:enable_dns=false,enable_ipv6=false",
					  &c, &err),
			 0);
	assert_string_equal(net_resolv_conf(&arena, host, &c),
			    "# Written by rootlet.\nnameserver 192.0.2.53\nsearch example.org lan\n"
			    "options edns0 trust-ad\n");
}

static void hosts(void **state)
{
	struct net_config c;
	struct err err;

	(void)state;
	assert_int_equal(net_config_parse(&arena, "slirp4netns", &c, &err), 0);
	assert_string_equal(net_hosts(&arena, "", "web", &c),
			    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
			    "ip6-loopback\n10.0.2.100\tweb\n");
	assert_string_equal(net_hosts(&arena,
				      "127.0.0.1 LocalHost\n::1 localhost\n192.0.2.9 web db", "web",
				      &c),
			    "127.0.0.1 LocalHost\n::1 localhost\n192.0.2.9 web db\n");
	c.host_loopback = true;
	assert_string_equal(
		net_hosts(&arena, "127.0.0.1 localhost #web\n::1 localhost\n", NULL, &c),
		"127.0.0.1 localhost #web\n::1 localhost\n10.0.2.2\thost.rootlet.internal\n");
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
		cmocka_unit_test(ports),       cmocka_unit_test(bad_ports),
		cmocka_unit_test(overlaps),    cmocka_unit_test(options),
		cmocka_unit_test(bad_options), cmocka_unit_test(moved_aside),
		cmocka_unit_test(resolv_conf), cmocka_unit_test(hosts),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
