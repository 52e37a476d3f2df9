/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnet without a network: ports, options, addresses, names, slirp4netns' arguments, and its API
 * against a hostile server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/messages.h"
#include "libnet/net.h"
#include "libnet/slirp/api.h"
#include "libnet/slirp/slirp.h"

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
	for (const char **a = slirp_argv(&arena, &r, true, 3, 4, 5); *a; a++) {
		text_add(&out, "%s ", *a);
	}
	assert_string_equal(
		out.s,
		"slirp4netns --configure --ready-fd=3 --exit-fd=4 --mtu=65520 --cidr=10.0.2.0/24 "
		"--enable-sandbox --enable-seccomp --enable-ipv6 --disable-host-loopback "
		"--outbound-addr=192.0.2.1 --netns-type=path /proc/self/fd/5 tap0 ");
	assert_int_equal(
		net_config_parse(&arena,
				 "slirp4netns:allow_host_loopback=1,enable_ipv6=0,enable_dns=0",
				 &r.config, &err),
		0);
	r.api_socket = "/s";
	text_init(&out, &arena);
	for (const char **a = slirp_argv(&arena, &r, false, 3, 4, 5); *a; a++) {
		text_add(&out, "%s ", *a);
	}
	assert_string_equal(out.s,
			    "slirp4netns --ready-fd=3 --exit-fd=4 --mtu=65520 --cidr=10.0.2.0/24 "
			    "--enable-sandbox --enable-seccomp --disable-dns --api-socket=/s "
			    "--netns-type=path /proc/self/fd/5 tap0 ");
}

/* ---- the API against what a server could do ---- */

enum manner { ANSWER, SPLIT, SILENT, GARBAGE, HUGE_ANSWER, HANGS_UP, ENDLESS };

struct server {
	char path[64];
	pid_t pid;
	int seen; /* what it was asked, one request after the other */
};

static void drain(int fd, int log)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		(void)!write(log, buf, (size_t)n);
	}
	(void)!write(log, "\n", 1);
}

static void behave(int fd, enum manner manner, const char *answer)
{
	char block[4096];

	switch (manner) {
	case ANSWER:
		(void)!write(fd, answer, strlen(answer));
		return;
	case SPLIT:
		for (const char *p = answer; *p; p++) {
			(void)!write(fd, p, 1);
			usleep(1000);
		}
		return;
	case SILENT:
		pause();
		return;
	case GARBAGE:
		(void)!write(fd, "\x01\xff{{{]\0\0", 9);
		return;
	case HUGE_ANSWER:
	case ENDLESS:
		memset(block, ' ', sizeof(block));
		for (int i = 0; i < 64 || manner == ENDLESS; i++) {
			if (write(fd, block, sizeof(block)) < 0) {
				return;
			}
			if (manner == ENDLESS) {
				usleep(200000);
			}
		}
		return;
	case HANGS_UP:
		return;
	}
}

static struct server serve(enum manner manner, const char *answer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct server s;
	int log[2];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(s.path, sizeof(s.path), "/tmp/rootlet-test-net.XXXXXX");
	assert_non_null(mkdtemp(s.path));
	strcat(s.path, "/api");
	strcpy(address.sun_path, s.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(pipe(log), 0);
	s.seen = log[0];
	s.pid = fork();
	if (s.pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int client = accept(fd, NULL, NULL);

			drain(client, log[1]);
			behave(client, manner, answer);
			close(client);
		}
	}
	close(fd);
	close(log[1]);
	return s;
}

static void end_server(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	unlink(s->path);
	*strrchr(s->path, '/') = '\0';
	rmdir(s->path);
	close(s->seen);
}

static int add(const char *path, struct err *err)
{
	struct net_port port;
	struct in_addr inside = { .s_addr = htonl(0x0a000264) };

	assert_int_equal(net_port_parse("127.0.0.1:8080:80", &port, err), 0);
	return slirp_api_add(path, &port, inside, err);
}

static void api_add(void **state)
{
	static const enum manner manners[] = { ANSWER, SPLIT };
	char seen[512];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = serve(manners[i], "{\"return\":{\"id\":1}}");
		struct err err = { .code = 0 };
		ssize_t n;

		assert_int_equal(add(s.path, &err), 0);
		n = read(s.seen, seen, sizeof(seen) - 1);
		assert_true(n > 0);
		seen[n] = '\0';
		assert_string_equal(seen, "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":"
					  "\"tcp\",\"host_addr\":\"127.0.0.1\",\"host_port\":8080,"
					  "\"guest_addr\":\"10.0.2.100\",\"guest_port\":80}}\n");
		end_server(&s);
	}
}

static void api_says_no(void **state)
{
	struct server s = serve(
		ANSWER,
		"{\"error\":{\"desc\":\"bad request: add_hostfwd: slirp_add_hostfwd failed\"}}");
	struct err err = { .code = 0 };

	(void)state;
	assert_int_equal(add(s.path, &err), -EIO);
	assert_non_null(strstr(err.msg, "publishing 127.0.0.1:8080:80/tcp"));
	assert_non_null(strstr(err.msg, "slirp_add_hostfwd failed"));
	end_server(&s);
}

static void api_hostile(void **state)
{
	static const struct {
		enum manner manner;
		const char *answer;
		int code;
	} cases[] = {
		{ SILENT, "", ETIMEDOUT },
		{ GARBAGE, "", EPROTO },
		{ HUGE_ANSWER, "", E2BIG },
		{ HANGS_UP, "", EPROTO },
		{ ENDLESS, "", ETIMEDOUT },
		{ ANSWER, "[]", EPROTO },
		{ ANSWER, "{}", EPROTO },
		{ ANSWER, "{\"return\":7}", EPROTO },
		{ ANSWER, "{\"error\":7}", EIO },
		{ ANSWER, "{\"return\":{}}{\"return\":{}}", EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server s = serve(cases[i].manner, cases[i].answer);
		struct err err = { .code = 0 };

		assert_int_equal(add(s.path, &err), -cases[i].code);
		assert_null(strchr(err.msg, '\n'));
		end_server(&s);
	}
}

static void api_lists(void **state)
{
	static const char bare[] = "{\"entries\":[{\"id\":1}]}",
			  wrapped[] = "{\"return\":{\"entries\":[]}}";
	struct err err = { .code = 0 };

	(void)state;
	assert_non_null(slirp_api_parse(&arena, bare, sizeof(bare) - 1, &err));
	assert_non_null(slirp_api_parse(&arena, wrapped, sizeof(wrapped) - 1, &err));
}

static void api_nobody(void **state)
{
	struct err err = { .code = 0 };

	(void)state;
	assert_int_equal(add("/tmp/rootlet-no-such-socket", &err), -ENOENT);
	assert_int_equal(add("/tmp/"
			     "012345678901234567890123456789012345678901234567890123456789012345678"
			     "901234567890123456789012345678901234567890",
			     &err),
			 -ENAMETOOLONG);
}

/* ---- the control socket ---- */

static void control_datagrams(void **state)
{
	int pair[2], fds[NET_CONTROL_FDS_MAX], sent[NET_CONTROL_FDS_MAX];
	char text[8];
	size_t n = 9;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < NET_CONTROL_FDS_MAX; i++) {
		sent[i] = 0;
	}
	assert_int_equal(net_control_send(pair[0], "abc", sent, NET_CONTROL_FDS_MAX), 0);
	assert_int_equal(net_control_receive(pair[1], text, sizeof(text), fds, &n), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(n, NET_CONTROL_FDS_MAX);
	for (size_t i = 0; i < n; i++) {
		close(fds[i]);
	}
	assert_int_equal(net_control_send(pair[0], "abc", sent, NET_CONTROL_FDS_MAX + 1), -E2BIG);
	/* Longer than there is room for: refused whole, and its descriptor is not left open. */
	assert_int_equal(net_control_send(pair[0], "0123456789", sent, 1), 0);
	assert_int_equal(net_control_receive(pair[1], text, sizeof(text), fds, &n), -EPROTO);
	close(pair[0]);
	assert_int_equal(net_control_receive(pair[1], text, sizeof(text), fds, &n), 0);
	close(pair[1]);
}

/* ---- binding ---- */

static uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static struct net_port port_at(uint16_t number, uint16_t count)
{
	return (struct net_port){
		.protocol = IPPROTO_TCP,
		.host = { .family = AF_INET, .v4.s_addr = htonl(INADDR_LOOPBACK) },
		.host_port = number,
		.inside_port = 80,
		.count = count,
	};
}

static void bind_all_or_none(void **state)
{
	struct net_port first = port_at(free_port(), 1), second;
	struct net_listeners held, none = { .n = 0 };
	struct net_ports one = { &first, 1 }, two = { &second, 1 };
	struct err err = { .code = 0 };
	char number[32];

	(void)state;
	assert_int_equal(net_ports_bind(&arena, &one, NULL, 0, &held, &err), 0);
	assert_int_equal(held.n, 1);
	/* A range whose last port is taken: the others are free again afterwards. */
	second = port_at((uint16_t)(first.host_port - 3), 4);
	assert_int_equal(net_ports_bind(&arena, &two, NULL, 0, &none, &err), -EADDRINUSE);
	assert_int_equal(none.n, 0);
	snprintf(number, sizeof(number), "port %u on the host", first.host_port);
	assert_non_null(strstr(err.msg, number));
	snprintf(number, sizeof(number), "(pid %d)", (int)getpid());
	assert_non_null(strstr(err.msg, number));
	second.count = 3;
	assert_int_equal(net_ports_bind(&arena, &two, NULL, 0, &none, &err), 0);
	net_listeners_close(&none);
	/* A socket that was passed in stands for its port. */
	assert_int_equal(net_ports_bind(&arena, &one, &held.v[0].fd, 1, &none, &err), 0);
	assert_int_equal(none.n, 1);
	net_listeners_close(&none);
	net_listeners_close(&held);
}

static void bind_refusals(void **state)
{
	struct net_port nowhere = port_at(free_port(), 1);
	struct net_port twice[2] = { nowhere, nowhere };
	struct net_ports ports_ = { &nowhere, 1 };
	struct net_listeners none;
	struct err err = { .code = 0 };

	(void)state;
	nowhere.host.v4.s_addr = inet_addr("192.0.2.77");
	assert_int_equal(net_ports_bind(&arena, &ports_, NULL, 0, &none, &err), -EADDRNOTAVAIL);
	assert_non_null(strstr(err.msg, "no interface of this host"));
	ports_ = (struct net_ports){ twice, 2 };
	assert_int_equal(net_ports_bind(&arena, &ports_, NULL, 0, &none, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "want the same port"));
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
		cmocka_unit_test(ports),
		cmocka_unit_test(bad_ports),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(options),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(moved_aside),
		cmocka_unit_test(resolv_conf),
		cmocka_unit_test(hosts),
		cmocka_unit_test(arguments),
		cmocka_unit_test(api_add),
		cmocka_unit_test(api_says_no),
		cmocka_unit_test(api_hostile),
		cmocka_unit_test(api_lists),
		cmocka_unit_test(api_nobody),
		cmocka_unit_test(control_datagrams),
		cmocka_unit_test(bind_all_or_none),
		cmocka_unit_test(bind_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
