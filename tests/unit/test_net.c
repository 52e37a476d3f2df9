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
#include <string.h>

#include "base/str.h"
#include "libnet/config.h"
#include "libnet/names.h"
#include "libnet/port.h"
#include "libnet/settle.h"

static struct arena arena = ARENA_INIT;

/* ---- ports ---- */

static void assert_port(const char *text, const char *printed)
{
	char out[NET_PORT_TEXT_MAX];
	struct net_port port, again;
	struct err err = { .code = 0 };

	memset(&port, 0xff, sizeof(port));
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
	assert_port("80-80", "80:80/tcp");
	assert_port("65535", "65535:65535/tcp");
	assert_port("65534-65535:1-2/udp", "65534-65535:1-2/udp");
	assert_port("0.0.0.0:80:81", "0.0.0.0:80:81/tcp");
	assert_port("255.255.255.255:80-81:90-91/udp", "255.255.255.255:80-81:90-91/udp");
	assert_port("[1111:2222:3333:4444:5555:6666:177.177.177.177]:80:81",
		    "[1111:2222:3333:4444:5555:6666:b1b1:b1b1]:80:81/tcp");
	assert_port("00000000000080", "80:80/tcp");
	assert_port("000000000000080", "80:80/tcp");
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
		"0000000000000080",
		"1.2.3.4",
		"1.2.3.4:80:",
		"1.2.3.4:0:80",
		"0-1",
		"1-0",
		"1-65536",
		"1-2:3",
		"1:2-3",
		"[::1]",
		"[::1]:",
		"[::1",
		"[::1]x80:80",
		"[11111111111111111111111111111111111111111111111111]:80:80",
		"1111111111111111111111111111111111111111111111111.1:80:80",
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
	assert_true(overlap("80-90", "90"));
	assert_true(overlap("80-90", "80"));
	assert_false(overlap("80-90", "79"));
	assert_true(overlap("65535", "65530-65535"));
	assert_true(overlap("[::1]:80:80", "[::1]:80:81"));
	assert_false(overlap("[::1]:80:80", "[::2]:80:80"));
	assert_true(overlap("127.0.0.1:80:80", "127.0.0.1:80:81"));
	assert_true(overlap("[::1]:80:80", "80"));
	assert_true(overlap("[::]:80:80", "80"));
	assert_false(overlap("[::]:80:80", "127.0.0.1:80:80"));
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

static struct net_config config_of(const char *text)
{
	struct net_config c;
	struct err err = { .code = 0 };

	if (net_config_parse(&arena, text, &c, &err) < 0) {
		fail_msg("%s: %s", text, err.msg);
	}
	return c;
}

static void each_option(void **state)
{
	struct net_config c = config_of("slirp4netns:");

	(void)state;
	assert_true(c.ipv6 && c.lan && c.dns && c.keep_client);
	assert_false(c.host_loopback || c.accel || c.cidr_given);
	assert_int_equal(c.mtu, 65520);
	assert_true(c.cidr.network == 0x0a000200 && c.cidr.prefix == 24);
	assert_int_equal(c.handler, NET_HANDLER_OWN);
	assert_null(c.outbound_addr);
	assert_null(c.outbound_addr6);
	assert_int_equal(config_of("slirp4netns:mtu=68").mtu, 68);
	assert_int_equal(config_of("slirp4netns:mtu=65521").mtu, 65521);
	assert_int_equal(config_of("slirp4netns:cidr=0.0.0.0/1").cidr.prefix, 1);
	assert_int_equal(config_of("slirp4netns:cidr=10.0.2.0/25").cidr.prefix, 25);
	assert_true(config_of("slirp4netns:cidr=10.0.2.128/25").cidr.network == 0x0a000280);
	assert_false(config_of("slirp4netns:allow_lan=false").lan);
	assert_false(config_of("slirp4netns:allow_lan=no").lan);
	assert_false(config_of("slirp4netns:allow_lan=0").lan);
	assert_true(config_of("slirp4netns:allow_lan=0,allow_lan=1").lan);
	assert_true(config_of("slirp4netns:allow_lan=0,allow_lan=yes").lan);
	assert_true(config_of("slirp4netns:allow_lan=0,allow_lan=true").lan);
	assert_false(config_of("slirp4netns:accel=seccomp,accel=none").accel);
	assert_true(
		config_of("slirp4netns:client_address=gateway,client_address=keep").keep_client);
	assert_int_equal(
		config_of("slirp4netns:port_handler=slirp4netns,port_handler=rootlesskit").handler,
		NET_HANDLER_OWN);
	assert_int_equal(
		config_of("slirp4netns:port_handler=slirp4netns,port_handler=rootlet").handler,
		NET_HANDLER_OWN);
	c = config_of("slirp4netns:cidr=192.168.7.0/24");
	net_config_settle(&c);
	assert_true(c.cidr.network == 0xc0a80700);
	c = config_of("slirp4netns");
	net_config_settle(&c);
	assert_int_equal(c.cidr.prefix, 24);
	assert_true(c.cidr.network != 0);
}

static void option_messages(void **state)
{
	static const char *const rows[][2] = {
		{ "pasta", "network \"pasta\" is not known: slirp4netns[:OPTION=VALUE,...]" },
		{ "slirp4netns:mtu=1", "mtu: \"1\" is not a number from 68 to 65521" },
		{ "slirp4netns:cidr=x", "cidr: \"x\" is not an IPv4 network such as 10.0.2.0/24" },
		{ "slirp4netns:cidr=10.0.2.x/24", "is not an IPv4 network" },
		{ "slirp4netns:cidr=100.100.100.1000/24", "is not an IPv4 network" },
		{ "slirp4netns:cidr=10.0.2.64/25", "bits behind the prefix are set" },
		{ "slirp4netns:enable_dns=2", "enable_dns: \"2\" is not true or false" },
		{ "slirp4netns:client_address=x", "is not keep or gateway" },
		{ "slirp4netns:client_address=", "is not keep or gateway" },
		{ "slirp4netns:accel=x", "is not seccomp or none" },
		{ "slirp4netns:port_handler=x", "is not rootlet or slirp4netns" },
		{ "slirp4netns:outbound_addr=x", "is not an IPv4 address" },
		{ "slirp4netns:outbound_addr6=x", "is not an IPv6 address" },
		{ "slirp4netns:x=y",
		  "\"x\" is not known: mtu, enable_ipv6, cidr, allow_host_loopback, allow_lan, "
		  "enable_dns, port_handler, client_address, outbound_addr, outbound_addr6, "
		  "accel" },
		{ "slirp4netns:mtu=1500,x", "\"x\" has no value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .code = 0 };
		struct net_config c;

		assert_int_equal(net_config_parse(&arena, rows[i][0], &c, &err), -EINVAL);
		if (!strstr(err.msg, rows[i][1])) {
			fail_msg("%s: %s", rows[i][0], err.msg);
		}
	}
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
	/* The last line, without its end; the network beside it. */
	c = net_cidr_choose(&usual, ROUTES DEFAULT_ROUTE
			    "eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF");
	assert_int_equal(c.network, 0x0a000300);
	c = net_cidr_choose(&usual,
			    ROUTES "eth0\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
				   "eth0\t0003000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
	assert_int_equal(c.network, usual.network);
	assert_int_equal(net_cidr_choose(&usual, "").network, usual.network);
	assert_int_equal(net_cidr_choose(&usual, "nonsense").network, usual.network);
}

/* One after the other, as long as each is taken; when all are, the wanted one after all. */
static void moved_further(void **state)
{
	static const unsigned taken[] = { 0x0002000a, 0x0003000a, 0x0064fe0a,
					  0x00fefe0a, 0x00fe1fac, 0x00fea8c0 };
	static const uint32_t wanted[] = { 0x0a000300, 0x0afe6400, 0x0afefe00,
					   0xac1ffe00, 0xc0a8fe00, 0x0a000200 };
	const struct net_cidr usual = { 0x0a000200, 24 };
	struct text routes;

	(void)state;
	text_init(&routes, &arena);
	text_add(&routes, ROUTES);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		text_add(&routes, "eth0\t%08X\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
			 taken[i]);
		assert_int_equal(net_cidr_choose(&usual, routes.s).network, wanted[i]);
	}
	/* A network of another size than that of the route. */
	assert_int_equal(net_cidr_choose(&(struct net_cidr){ 0x0a000000, 8 }, routes.s).network,
			 0x0a000000);
	assert_int_equal(net_cidr_choose(&(struct net_cidr){ 0x80000000, 1 },
					 ROUTES "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t"
						"000000FF\t0\t0\t0\n")
				 .network,
			 0x80000000);
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
		cmocka_unit_test(ports),	   cmocka_unit_test(bad_ports),
		cmocka_unit_test(overlaps),	   cmocka_unit_test(options),
		cmocka_unit_test(bad_options),	   cmocka_unit_test(each_option),
		cmocka_unit_test(option_messages), cmocka_unit_test(moved_aside),
		cmocka_unit_test(moved_further),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
