/* SPDX-License-Identifier: Apache-2.0 */
/* libnet without a network: resolv.conf and hosts as a container gets them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hosts.h"
#include "libnet/net.h"

static struct arena arena = ARENA_INIT;

static struct net_config config_of(const char *text)
{
	struct net_config c;
	struct err err = { .code = 0 };

	if (net_config_parse(&arena, text, &c, &err) < 0) {
		fail_msg("%s: %s", text, err.msg);
	}
	return c;
}

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

/* Which servers of the host's can be asked from inside. */
static void servers(void **state)
{
	static const struct {
		const char *line;
		bool kept;
	} rows[] = {
		{ "nameserver 126.255.255.255", true },
		{ "nameserver 127.255.255.255", false },
		{ "nameserver 128.0.0.0", true },
		{ "nameserver 0.0.0.0", false },
		{ "nameserver 0.0.0.1", true },
		{ "nameserver 169.254.1.1", false },
		{ "nameserver 169.253.1.1", true },
		{ "nameserver 169.255.1.1", true },
		{ "nameserver x", false },
		{ "nameserver", false },
		{ "nameserver ", false },
		{ "Nameserver 192.0.2.1", false },
		{ "nameservers 192.0.2.1", false },
		{ "#nameserver 192.0.2.1", false },
		/* The longest. */
		{ "nameserver 2001:0db8:0000:0000:0000:ffff:192.100.200.100", true },
		{ "nameserver "
		  "192.0.2.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1."
		  "1.1.1.1.1.1",
		  false },
	};
	const struct net_config c = config_of("slirp4netns:enable_dns=0");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *head = "# Written by rootlet.\n";
		const char *want = arena_printf(&arena, "%s%s\n", head, rows[i].line);

		assert_string_equal(net_resolv_conf(&arena, rows[i].line, &c),
				    rows[i].kept ? want : head);
	}
	assert_string_equal(net_resolv_conf(&arena, "\tnameserver \t 192.0.2.1 more\n", &c),
			    "# Written by rootlet.\nnameserver 192.0.2.1\n");
	assert_string_equal(net_resolv_conf(&arena,
					    "domain a\nsortlist b\nsearch c\noptions d\nother e\n"
					    "nameserver ::1\nnameserver ::\nnameserver fe80::1\n"
					    "nameserver 2001:db8::1",
					    &c),
			    "# Written by rootlet.\ndomain a\nsortlist b\nsearch c\noptions d\n"
			    "nameserver 2001:db8::1\n");
}

/* slirp4netns' own resolver for IPv6 needs IPv6, and a server of the host's to ask. */
static void own_resolvers(void **state)
{
	static const char four[] = "nameserver 192.0.2.1\n", six[] = "nameserver 2001:db8::1\n";
	struct net_config c = config_of("slirp4netns:cidr=192.168.7.0/24");

	(void)state;
	assert_string_equal(
		net_resolv_conf(&arena, four, &c),
		"# Written by rootlet.\nnameserver 192.168.7.3\nnameserver 192.0.2.1\n");
	assert_string_equal(net_resolv_conf(&arena, six, &c),
			    "# Written by rootlet.\nnameserver 192.168.7.3\nnameserver fd00::3\n"
			    "nameserver 2001:db8::1\n");
	c.ipv6 = false;
	assert_string_equal(net_resolv_conf(&arena, six, &c),
			    "# Written by rootlet.\nnameserver 192.168.7.3\n");
	/* What is hidden is a path outside of what the container is given, or none. */
	assert_true(!net_resolv_conf_hidden(&arena) || net_resolv_conf_hidden(&arena)[0] == '/');
}

/* What the container gets: the image's, and what it needs beside. */
static const char *merged(const char *image, const char *hostname, const struct net_config *c)
{
	return hosts_merge(&arena, image, net_hosts(&arena, hostname, c));
}

static void more_hosts(void **state)
{
	struct net_config c = config_of("slirp4netns");

	(void)state;
	/* A name of its own is one whole word, of IPv4, and no comment. */
	assert_string_equal(merged("127.0.0.1 localhost\n::1 localhost\n10.0.0.1 webs we\n::1 "
				   "web\n#10.0.0.2 web\n10.0.0.3 # web\nweb\n",
				   "web", &c),
			    "127.0.0.1 localhost\n::1 localhost\n10.0.0.1 webs we\n::1 "
			    "web\n#10.0.0.2 web\n10.0.0.3 # web\nweb\n10.0.2.100\tweb\n");
	assert_string_equal(
		merged("127.0.0.1\tlocalhost\n::1\t x\tlocalhost\n10.0.0.1 a b WEB", "web", &c),
		"127.0.0.1\tlocalhost\n::1\t x\tlocalhost\n10.0.0.1 a b WEB\n");
	assert_string_equal(merged("127.0.0.1 localhost\n", "", &c),
			    "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	/* The shortest address there is. */
	assert_string_equal(merged("0 localhost\n::1 localhost\n", NULL, &c),
			    "0 localhost\n::1 localhost\n");
	assert_string_equal(merged("::1 localhost\n", NULL, &c),
			    "::1 localhost\n127.0.0.1\tlocalhost\n");
	c.host_loopback = true;
	assert_string_equal(
		merged("127.0.0.1 localhost\n::1 localhost\n1.2.3.4 host.rootlet.internal\n", NULL,
		       &c),
		"127.0.0.1 localhost\n::1 localhost\n1.2.3.4 host.rootlet.internal\n");
}

/* Entries without an address, a name or an end; those of another container. */
static void odd_hosts(void **state)
{
	(void)state;
	assert_string_equal(hosts_merge(&arena, "", ""), "");
	assert_string_equal(hosts_merge(&arena, "1.2.3.4 a", ""), "1.2.3.4 a\n");
	assert_string_equal(hosts_merge(&arena, "", "10.0.2.100 a b"), "10.0.2.100 a b\n");
	/* By the first name, and not by those behind it. */
	assert_string_equal(hosts_merge(&arena, "1.2.3.4 b\n", "10.0.2.100 a b\n"),
			    "1.2.3.4 b\n10.0.2.100 a b\n");
	assert_string_equal(hosts_merge(&arena, "1.2.3.4 a\n", "10.0.2.100 a b\nfd00::1 a\n"),
			    "1.2.3.4 a\nfd00::1 a\n");
}

static void hosts(void **state)
{
	struct net_config c;
	struct err err;

	(void)state;
	assert_int_equal(net_config_parse(&arena, "slirp4netns", &c, &err), 0);
	assert_string_equal(merged("", "web", &c),
			    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
			    "ip6-loopback\n10.0.2.100\tweb\n");
	assert_string_equal(
		merged("127.0.0.1 LocalHost\n::1 localhost\n192.0.2.9 web db", "web", &c),
		"127.0.0.1 LocalHost\n::1 localhost\n192.0.2.9 web db\n");
	c.host_loopback = true;
	assert_string_equal(
		merged("127.0.0.1 localhost #web\n::1 localhost\n", NULL, &c),
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
		cmocka_unit_test(resolv_conf),	 cmocka_unit_test(servers),
		cmocka_unit_test(own_resolvers), cmocka_unit_test(hosts),
		cmocka_unit_test(more_hosts),	 cmocka_unit_test(odd_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
