/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnet's switching of sockets, what of it is pure: who may leave, and the programs at system
 * calls and sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/syscall.h>

#include "libnet/accel_filter.h"
#include "libnet/switch/filter.h"
#include "libnet/switch/judge.h"
#include "libnet/switch/socket.h"

static const struct net_cidr own = { 0x0a000200, 24 };

static struct switch_peer peer(const char *text)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	struct switch_peer ret;

	memset(&a, 0, sizeof(a));
	a.v4.sin_port = htons(80);
	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
		a.v4.sin_family = AF_INET;
		assert_true(switch_parse(&a.any, sizeof(a.v4), AF_INET, &ret));
	} else {
		a.v6.sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &a.v6.sin6_addr), 1);
		assert_true(switch_parse(&a.any, sizeof(a.v6), AF_INET6, &ret));
	}
	return ret;
}

/* ---- addresses ---- */

static void who_may_leave(void **state)
{
	static const char *const out[] = {
		"1.1.1.1",	   "10.0.1.255",      "10.0.3.0",	"126.255.255.255",
		"128.0.0.0",	   "169.253.255.255", "169.255.0.0",	"192.168.1.1",
		"223.255.255.255", "1.0.0.0",	      "::ffff:8.8.8.8", "2001:db8::1",
		"fd00:0:0:1::1",   "fc00::1",	      "64:ff9b::1",	"::1:0:0",
		"::fffe:1.2.3.4",  "fe7f::1",	      "fd01::1",
	};
	static const char *const in[] = {
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.169.254",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"10.0.2.0",
		"10.0.2.2",
		"10.0.2.3",
		"10.0.2.100",
		"10.0.2.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:0.0.0.0",
		"::ffff:10.0.2.2",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"fd00::2",
		"::ffff:169.254.1.1",
		"fd00::ffff:ffff:ffff:ffff",
		"::ffff:ffff",
		"feff::1",
		"ffff::1",
		"ff00::",
		"fe80::",
		"239.255.255.255",
		"::ffff:224.0.0.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		struct switch_peer p = peer(out[i]);

		assert_true(switch_may_leave(&p, &own));
	}
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		struct switch_peer p = peer(in[i]);

		assert_false(switch_may_leave(&p, &own));
	}
}

static void what_is_no_peer(void **state)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	struct switch_peer p = peer("1.1.1.1");

	(void)state;
	p.port = 0;
	assert_false(switch_may_leave(&p, &own));
	/* IPv4 that nobody has taken for it yet. */
	p = (struct switch_peer){ .port = 80, .address.family = AF_INET6 };
	assert_int_equal(inet_pton(AF_INET6, "::ffff:8.8.8.8", &p.address.v6), 1);
	assert_false(switch_may_leave(&p, &own));
	memset(&a, 0, sizeof(a));
	a.v4.sin_family = AF_INET;
	/* Too short, of another family than the socket, AF_UNSPEC, none at all. */
	assert_false(switch_parse(&a.any, sizeof(a.v4) - 1, AF_INET, &p));
	assert_false(switch_parse(&a.any, sizeof(a.v4), AF_INET6, &p));
	assert_false(switch_parse(&a.any, 0, AF_INET, &p));
	a.any.ss_family = AF_UNSPEC;
	assert_false(switch_parse(&a.any, sizeof(a.v4), AF_INET, &p));
	a.any.ss_family = AF_INET6;
	assert_false(switch_parse(&a.any, sizeof(a.v4), AF_INET6, &p));
	assert_false(switch_parse(&a.any, sizeof(a.v6), AF_INET, &p));
	assert_true(switch_parse(&a.any, sizeof(a.v6), AF_INET6, &p));
}

/* A network of another size, and every family that is none. */
static void whose_network(void **state)
{
	const struct net_cidr small = { 0x0a000280, 25 }, half = { 0x80000000, 1 };
	struct switch_peer p = peer("10.0.2.127");

	(void)state;
	assert_true(switch_may_leave(&p, &small));
	p = peer("10.0.2.128");
	assert_false(switch_may_leave(&p, &small));
	p = peer("192.0.2.1");
	assert_false(switch_may_leave(&p, &half));
	p = peer("2001:db8::1");
	p.address.family = AF_UNSPEC;
	assert_false(switch_may_leave(&p, &own));
}

static void there_and_back(void **state)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	struct switch_peer p = peer("192.0.2.9"), back;

	(void)state;
	assert_int_equal(switch_unparse(&p, AF_INET, &a.any), sizeof(a.v4));
	assert_int_equal(a.v4.sin_family, AF_INET);
	assert_int_equal(ntohs(a.v4.sin_port), 80);
	assert_int_equal(ntohl(a.v4.sin_addr.s_addr), 0xc0000209);
	/* On a socket of IPv6, in the form in which that has it. */
	assert_int_equal(switch_unparse(&p, AF_INET6, &a.any), sizeof(a.v6));
	assert_int_equal(a.v6.sin6_family, AF_INET6);
	assert_int_equal(ntohs(a.v6.sin6_port), 80);
	assert_true(IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr));
	assert_true(switch_parse(&a.any, sizeof(a.v6), AF_INET6, &back));
	assert_int_equal(back.address.family, AF_INET);
	assert_int_equal(back.port, 80);
	assert_int_equal(ntohl(back.address.v4.s_addr), 0xc0000209);
	p = peer("2001:db8::9");
	assert_int_equal(switch_unparse(&p, AF_INET6, &a.any), sizeof(a.v6));
	assert_true(switch_parse(&a.any, sizeof(a.v6), AF_INET6, &back));
	assert_int_equal(back.address.family, AF_INET6);
	assert_memory_equal(&back.address.v6, &p.address.v6, sizeof(p.address.v6));
	assert_false(switch_parse(&a.any, sizeof(a.v6) - 1, AF_INET6, &back));
	/* The family is all that may be missing of an address to be told apart. */
	a.any.ss_family = AF_INET;
	assert_false(switch_parse(&a.any, sizeof(sa_family_t), AF_INET, &back));
	assert_false(switch_parse(&a.any, sizeof(sa_family_t) - 1, AF_INET, &back));
}

static void any_address(void **state)
{
	static const char *const any[] = { "0.0.0.0", "::", "::ffff:0.0.0.0" };
	static const char *const one[] = { "0.0.0.1", "::1", "127.0.0.1", "2001:db8::" };

	(void)state;
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		struct switch_peer p = peer(any[i]);

		assert_true(switch_is_any(&p));
	}
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		struct switch_peer p = peer(one[i]);

		assert_false(switch_is_any(&p));
	}
}

static void who_may_hold(void **state)
{
	struct net_config c = { .ipv6 = false };

	(void)state;
	assert_true(switch_may_hold(&c, AF_INET6));
	c.accel_out_only = true;
	assert_true(switch_may_hold(&c, AF_INET));
	assert_false(switch_may_hold(&c, AF_INET6));
	c.ipv6 = true;
	assert_true(switch_may_hold(&c, AF_INET6));
	c.outbound_addr = "192.0.2.1";
	assert_false(switch_may_hold(&c, AF_INET6));
	assert_true(switch_may_hold(&c, AF_INET));
	c.outbound_addr = NULL;
	c.outbound_addr6 = "2001:db8::1";
	assert_false(switch_may_hold(&c, AF_INET6));
}

static enum switch_verdict verdict(struct net_route inside, int tap, struct net_route outside,
				   int *ret)
{
	return switch_judge(true, &inside, tap, &outside, ret);
}

static void routes(void **state)
{
	const struct net_route tap = { 0, RTN_UNICAST, 2, false },
			       eth = { 0, RTN_UNICAST, 7, false },
			       none = { ENETUNREACH, 0, 0, false };
	int what = -1;

	(void)state;
	assert_int_equal(verdict(tap, 2, eth, &what), SWITCH_LEAVE);
	assert_int_equal(what, 7);
	/*
	 * The container's route is another one, or there is none, or slirp4netns' device is gone.
	 */
	assert_int_equal(verdict(tap, 3, eth, &what), SWITCH_STAY);
	assert_int_equal(verdict((struct net_route){ 0, RTN_LOCAL, 2, false }, 2, eth, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict((struct net_route){ 0, RTN_BROADCAST, 2, false }, 2, eth, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict(none, 2, eth, &what), SWITCH_STAY);
	assert_int_equal(verdict((struct net_route){ 0, RTN_UNICAST, 0, false }, 0, eth, &what),
			 SWITCH_STAY);
	/* The host itself, its loopback device, no device. */
	assert_int_equal(verdict(tap, 2, (struct net_route){ 0, RTN_LOCAL, 7, false }, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict(tap, 2, (struct net_route){ 0, RTN_UNICAST, 1, false }, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict(tap, 2, (struct net_route){ 0, RTN_UNICAST, 0, false }, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict(tap, 2, (struct net_route){ 0, RTN_BROADCAST, 7, false }, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict(tap, 2, none, &what), SWITCH_FAIL);
	assert_int_equal(what, ENETUNREACH);
	assert_int_equal(verdict(tap, 2, (struct net_route){ EHOSTUNREACH, 0, 0, false }, &what),
			 SWITCH_FAIL);
	assert_int_equal(what, EHOSTUNREACH);
	assert_int_equal(verdict(tap, 2, (struct net_route){ 0, RTN_UNICAST, 2, true }, &what),
			 SWITCH_LEAVE);
	assert_int_equal(what, 2);
	assert_int_equal(verdict((struct net_route){ 0, RTN_UNICAST, 1, false }, 1, eth, &what),
			 SWITCH_LEAVE);
	assert_int_equal(verdict((struct net_route){ 0, RTN_UNICAST, -1, false }, -1, eth, &what),
			 SWITCH_STAY);
	assert_int_equal(verdict((struct net_route){ 5, RTN_UNICAST, 2, false }, 2, eth, &what),
			 SWITCH_STAY);
	/* The networks that the host is attached to, where they are not to be reached. */
	assert_int_equal(switch_judge(false, &tap, 2, &eth, &what), SWITCH_LEAVE);
	assert_int_equal(switch_judge(false, &tap, 2,
				      &(struct net_route){
					      .type = RTN_UNICAST, .device = 7, .direct = true },
				      &what),
			 SWITCH_STAY);
	/* A question that went wrong is no answer. */
	assert_int_equal(verdict(tap, 2, (struct net_route){ ENOBUFS, 0, 0, false }, &what),
			 SWITCH_STAY);
}

/* ---- servers ---- */

/*
 * "" is nowhere; the answer is the address, with " only6" behind it; "" when the forwarder is to
 * serve.
 */
static void assert_server(const char *bound, bool only6, const char *four, const char *six,
			  const char *wanted)
{
	int domain = strchr(bound, ':') ? AF_INET6 : AF_INET;
	struct switch_peer b = peer(bound), h4 = peer(*four ? four : "0.0.0.0"),
			   h6 = peer(*six ? six : "::"), at;
	struct sockaddr_storage address;
	char text[INET6_ADDRSTRLEN + 8] = "";
	bool is6 = false;

	if (switch_place_server(&b, domain, only6, *four ? &h4 : NULL, *six ? &h6 : NULL, &at,
				&is6)) {
		assert_true(switch_unparse(&at, domain, &address) > 0);
		assert_non_null(inet_ntop(
			domain,
			domain == AF_INET ? (void *)&((struct sockaddr_in *)&address)->sin_addr :
					    (void *)&((struct sockaddr_in6 *)&address)->sin6_addr,
			text, INET6_ADDRSTRLEN));
		strcat(text, is6 ? " only6" : "");
	}
	assert_string_equal(text, wanted);
}

static void servers(void **state)
{
	(void)state;
	assert_server("0.0.0.0", false, "0.0.0.0", "", "0.0.0.0");
	assert_server("10.0.2.100", false, "192.0.2.1", "", "192.0.2.1");
	/* The forwarder brings callers by IPv6 to a server of IPv4, one socket does not. */
	assert_server("0.0.0.0", false, "0.0.0.0", "::", "");
	assert_server("0.0.0.0", false, "", "::1", "");
	assert_server("::", false, "0.0.0.0", "::", "::");
	assert_server("::", false, "192.0.2.1", "", "::ffff:192.0.2.1");
	assert_server("::", false, "0.0.0.0", "", "::ffff:0.0.0.0");
	assert_server("::", false, "", "2001:db8::1", "2001:db8::1 only6");
	assert_server("::", true, "", "::", ":: only6");
	assert_server("::", true, "0.0.0.0", "::", "");
	assert_server("::", true, "0.0.0.0", "", "");
	assert_server("::ffff:0.0.0.0", false, "192.0.2.1", "", "::ffff:192.0.2.1");
	assert_server("::ffff:0.0.0.0", false, "0.0.0.0", "::", "");
	assert_server("0.0.0.0", false, "", "", "");
}

static void own_addresses(void **state)
{
	static const char *const mine[] = { "127.0.0.1", "127.9.9.9", "10.0.2.100", "::1",
					    "::ffff:127.0.0.1" };
	static const char *const not_mine[] = { "10.0.2.2", "0.0.0.0", "192.0.2.1",
						"::",	    "fd00::1", "::ffff:10.0.2.3" };

	(void)state;
	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++) {
		struct switch_peer p = peer(mine[i]);

		assert_true(switch_is_own(&p, &own));
	}
	for (size_t i = 0; i < sizeof(not_mine) / sizeof(not_mine[0]); i++) {
		struct switch_peer p = peer(not_mine[i]);

		assert_false(switch_is_own(&p, &own));
	}
}

/* ---- programs ---- */

static uint32_t load(const unsigned char *bytes, size_t size, uint32_t at, unsigned width)
{
	uint32_t value = 0;

	assert_true(at + width <= size);
	for (unsigned i = 0; i < width; i++) {
		value = value << 8 | bytes[at + i];
	}
	return value;
}

/* How many bytes an instruction loads. */
static unsigned width_of(unsigned code)
{
	static const unsigned char widths[] = { [BPF_W] = 4, [BPF_H] = 2, [BPF_B] = 1 };

	return widths[BPF_SIZE(code)];
}

/*
 * What the kernel does with it: the few instructions that ours are made of. swap: words as the
 * machine has them (seccomp).
 */
static uint32_t run(const struct sock_filter *code, size_t n, const unsigned char *bytes,
		    size_t size, size_t network, bool swap)
{
	uint32_t a = 0;

	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *c = &code[at];
		uint32_t k = c->k;

		switch (c->code) {
		case BPF_LD | BPF_W | BPF_ABS:
		case BPF_LD | BPF_H | BPF_ABS:
		case BPF_LD | BPF_B | BPF_ABS:
			/*
			 * Offsets from the IP header are negative; the transport's head follows it
			 * in these tests.
			 */
			k = k >= (uint32_t)SKF_NET_OFF ? k - (uint32_t)SKF_NET_OFF :
							 k + (uint32_t)network;
			a = load(bytes, size, k, width_of(c->code));
			a = swap ? ntohl(a) : a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == k ? c->jt : c->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= k ? c->jt : c->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += a & k ? c->jt : c->jf;
			break;
		case BPF_RET | BPF_K:
			return k;
		default:
			fail_msg("instruction %x", c->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

#if defined(__x86_64__)
static uint32_t call(uint32_t arch, int nr, uint64_t a1, uint64_t a2, uint64_t a3)
{
	static struct sock_filter code[NET_ACCEL_FILTER_MAX];
	struct seccomp_data data = { .nr = nr, .arch = arch, .args = { 5, a1, a2, a3 } };
	size_t n = net_accel_filter(code);

	assert_true(n > 0 && n <= NET_ACCEL_FILTER_MAX);
	return run(code, n, (const unsigned char *)&data, sizeof(data), 0, true);
}

static void system_calls(void **state)
{
	const uint32_t native = AUDIT_ARCH_X86_64, no = SECCOMP_RET_ERRNO | ENOSYS,
		       pass = SECCOMP_RET_ALLOW, unsupported = SECCOMP_RET_ERRNO | EOPNOTSUPP;

	(void)state;
	assert_int_equal(call(native, SYS_connect, 0, 0, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(call(native, SYS_bind, 0, 0, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(call(native, SYS_listen, 0, 0, 0), pass);
	assert_int_equal(call(native, SYS_read, 0, 0, 0), pass);
	assert_int_equal(call(native, SYS_sendto, 0, 0, MSG_NOSIGNAL), pass);
	assert_int_equal(call(native, SYS_sendto, 0, 0, MSG_NOSIGNAL | MSG_FASTOPEN), unsupported);
	assert_int_equal(call(native, SYS_sendto, 0, MSG_FASTOPEN, 0), pass);
	assert_int_equal(call(native, SYS_sendmsg, 0, MSG_FASTOPEN, 0), unsupported);
	assert_int_equal(call(native, SYS_sendmmsg, 0, 1, MSG_FASTOPEN), unsupported);
	assert_int_equal(call(native, SYS_sendmmsg, 0, 1, 0), pass);
	assert_int_equal(call(native, SYS_setsockopt, IPPROTO_TCP, 30, 0), unsupported);
	assert_int_equal(call(native, SYS_setsockopt, IPPROTO_TCP, TCP_NODELAY, 0), pass);
	assert_int_equal(call(native, SYS_setsockopt, SOL_SOCKET, 30, 0), pass);
	/* An argument is not taken for the number of the next call in the list. */
	assert_int_equal(call(native, SYS_setsockopt, SYS_io_uring_setup, 30, 0), pass);
	assert_int_equal(call(native, 425, 0, 0, 0), no);
	/* x32, and i386 with its socketcall; other calls of it pass. */
	assert_int_equal(call(native, 0x40000000 | SYS_connect, 0, 0, 0), no);
	assert_int_equal(call(AUDIT_ARCH_I386, 102, 0, 0, 0), no);
	assert_int_equal(call(native, 0x40000000, 0, 0, 0), no);
	assert_int_equal(call(native, 0x3fffffff, 0, 0, 0), pass);
	assert_int_equal(call(native, SYS_setsockopt, IPPROTO_TCP, 31, 0), pass);
	assert_int_equal(call(native, SYS_setsockopt, 0, TCP_NODELAY, IPPROTO_TCP), pass);
	assert_int_equal(call(native, SYS_setsockopt, 0, 30, IPPROTO_TCP), pass);
	assert_int_equal(call(native, SYS_sendmsg, MSG_FASTOPEN, 0, MSG_FASTOPEN), pass);
	assert_int_equal(call(native, SYS_sendmmsg, MSG_FASTOPEN, MSG_FASTOPEN, 0), pass);
	assert_int_equal(call(native, SYS_sendto, MSG_FASTOPEN, MSG_FASTOPEN, 0), pass);
	/* Every number: what is not named here is allowed. */
	for (int nr = 0; nr < 600; nr++) {
		bool refused = nr == 102 || nr == 345 || nr == 361 || nr == 362 || nr == 366 ||
			       nr == 369 || nr == 370 || nr == 425;
		uint32_t wanted = pass;

		if (nr == SYS_connect || nr == SYS_bind) {
			wanted = SECCOMP_RET_USER_NOTIF;
		} else if (nr == 425) {
			wanted = no;
		}
		assert_int_equal(call(AUDIT_ARCH_I386, nr, 0, 0, 0), refused ? no : pass);
		assert_int_equal(call(native, nr, 0, 0, 0), wanted);
		assert_int_equal(call(AUDIT_ARCH_ARM, nr, 0, 0, 0), no);
	}
	assert_int_equal(call(AUDIT_ARCH_I386, 361, 0, 0, 0), no);
	assert_int_equal(call(AUDIT_ARCH_I386, 362, 0, 0, 0), no);
	assert_int_equal(call(AUDIT_ARCH_I386, 369, 0, 0, 0), no);
	assert_int_equal(call(AUDIT_ARCH_I386, 425, 0, 0, 0), no);
	assert_int_equal(call(AUDIT_ARCH_I386, SYS_connect, 0, 0, 0), pass);
	assert_int_equal(call(AUDIT_ARCH_I386, 4, 0, 0, 0), pass);
	assert_int_equal(call(AUDIT_ARCH_AARCH64, 1, 0, 0, 0), no);
}
#endif

#define TO_PORT 8080

/* A segment to that port: an IP head of that family with the source, then TCP's. */
static bool hears(const struct sock_filter *code, size_t n, const char *source, uint16_t port,
		  unsigned char flags)
{
	unsigned char bytes[60] = { 0 };
	size_t head = strchr(source, ':') ? 40 : 20;
	uint32_t got;

	assert_int_equal(
		inet_pton(head == 40 ? AF_INET6 : AF_INET, source, bytes + (head == 40 ? 8 : 12)),
		1);
	bytes[head] = (unsigned char)(port >> 8);
	bytes[head + 1] = (unsigned char)port;
	bytes[head + 2] = TO_PORT >> 8;
	bytes[head + 3] = TO_PORT & 0xff;
	bytes[head + 13] = flags;
	got = run(code, n, bytes, sizeof(bytes), head, false);
	/* A number is how many bytes are kept: all of them, or none. */
	assert_true(got == 0 || got == UINT32_MAX);
	return got != 0;
}

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static void a_peers_socket(void **state)
{
	struct sock_filter code[SWITCH_FILTER_MAX];
	struct switch_peer four = peer("192.0.2.9"), mapped = peer("::ffff:192.0.2.9"),
			   six = peer("2001:db8::9");
	size_t n = switch_filter_peer(&four, code);

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(hears(code, n, "192.0.2.9", 80, SYN | ACK));
		assert_true(hears(code, n, "192.0.2.9", 80, ACK));
		assert_true(hears(code, n, "192.0.2.9", 80, RST));
		assert_true(hears(code, n, "192.0.2.9", 80, FIN | ACK));
		assert_false(hears(code, n, "192.0.2.9", 80, SYN));
		assert_false(hears(code, n, "192.0.2.9", 81, SYN | ACK));
		assert_false(hears(code, n, "192.0.2.8", 80, SYN | ACK));
		assert_false(hears(code, n, "127.0.0.1", 80, SYN | ACK));
		n = switch_filter_peer(&mapped, code);
	}
	n = switch_filter_peer(&six, code);
	assert_true(n <= SWITCH_FILTER_MAX);
	assert_true(hears(code, n, "2001:db8::9", 80, SYN | ACK));
	assert_false(hears(code, n, "2001:db8::9", 80, SYN));
	assert_false(hears(code, n, "2001:db8::8", 80, SYN | ACK));
	assert_false(hears(code, n, "2001:db9::9", 80, SYN | ACK));
	assert_false(hears(code, n, "2001:db8:0:1::9", 80, SYN | ACK));
	assert_false(hears(code, n, "2001:db8::1:0:9", 80, SYN | ACK));
	assert_true(hears(code, n, "2001:db8::9", 80, SYN | RST | ACK | FIN));
	assert_false(hears(code, n, "2001:db8::9", 80, SYN | RST | FIN));
	assert_true(hears(code, n, "2001:db8::9", 80, 0));
	assert_false(hears(code, n, "::1", 80, SYN | ACK));
	assert_false(hears(code, n, "2001:db8::9", 8080, ACK));
}

static void a_listeners_socket(void **state)
{
	struct sock_filter code[SWITCH_FILTER_MAX];
	size_t n = switch_filter_listener(TO_PORT, code);

	(void)state;
	assert_true(n <= SWITCH_FILTER_MAX);
	assert_true(hears(code, n, "192.0.2.9", 80, SYN));
	assert_true(hears(code, n, "192.0.2.9", 80, ACK));
	assert_true(hears(code, n, "192.0.2.9", 80, RST));
	assert_false(hears(code, n, "192.0.2.9", 80, SYN | ACK));
	assert_false(hears(code, n, "192.0.2.9", 80, SYN | ACK | FIN));
	assert_true(hears(code, n, "192.0.2.9", 80, 0));
	/* What was accepted there, and bound to another port. */
	n = switch_filter_listener(TO_PORT + 1, code);
	assert_false(hears(code, n, "192.0.2.9", 80, SYN));
	assert_false(hears(code, n, "192.0.2.9", 80, ACK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_leave),
		cmocka_unit_test(what_is_no_peer),
		cmocka_unit_test(whose_network),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(any_address),
		cmocka_unit_test(who_may_hold),
		cmocka_unit_test(routes),
		cmocka_unit_test(servers),
		cmocka_unit_test(own_addresses),
#if defined(__x86_64__)
		cmocka_unit_test(system_calls),
#endif
		cmocka_unit_test(a_peers_socket),
		cmocka_unit_test(a_listeners_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
