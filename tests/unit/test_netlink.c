/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to rtnetlink byte by byte, malformed answers, and questions that any user may ask the
 * kernel.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/scope.h"
#include "sys/netlink.h"

static void encodes(void **unused)
{
	static const unsigned char want[] = {
		/* length 16 + 4 + 8 + 12, type, flags, sequence, port */
		40,
		0,
		0,
		0,
		18,
		0,
		5,
		4,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		/* the header */
		1,
		2,
		3,
		4,
		/* a number */
		8,
		0,
		28,
		0,
		0x78,
		0x56,
		0x34,
		0x12,
		/* a string of five with its NUL, on eight; the message ends unpadded */
		9,
		0,
		3,
		0,
		'e',
		't',
		'h',
		'0',
		0,
	};
	struct sys_nl_msg m;

	(void)unused;
	sys_nl_begin(&m, RTM_GETLINK, NLM_F_CREATE, "\1\2\3\4", 4);
	sys_nl_u32(&m, IFLA_NET_NS_FD, 0x12345678);
	sys_nl_str(&m, IFLA_IFNAME, "eth0");
	assert_false(m.full);
	if (*(const uint16_t *)"\1\0" == 1) {
		assert_int_equal(m.head.nlmsg_len, sizeof(want));
		assert_memory_equal(m.bytes + 4, want + 4, sizeof(want) - 4);
	}
}

static void a_message_that_is_full(void **unused)
{
	char big[SYS_NL_MSG_MAX] = "";
	struct sys_nl nl = { .fd = -1 };
	struct sys_nl_msg m;

	(void)unused;
	sys_nl_begin(&m, RTM_GETLINK, 0, "\0\0\0\0", 4);
	sys_nl_put(&m, 1, big, SYS_NL_MSG_MAX - NLMSG_LENGTH(4) - NLA_HDRLEN);
	assert_false(m.full);
	sys_nl_put(&m, 1, big, 0);
	assert_true(m.full);
	assert_int_equal(m.head.nlmsg_len, SYS_NL_MSG_MAX);
	assert_int_equal(sys_nl_call(&nl, &m, NULL, NULL), -EMSGSIZE);
	sys_nl_begin(&m, RTM_GETLINK, 0, "\0\0\0\0", 4);
	sys_nl_put(&m, 1, big, SYS_NL_MSG_MAX - NLMSG_LENGTH(4) - NLA_HDRLEN + 1);
	assert_true(m.full);
}

/*
 * Every cut of a message, and lengths that lie: nothing outside of it is read (the sanitizers look
 * on).
 */
static void answers_that_are_cut_short(void **unused)
{
	struct sys_nl_msg m;
	size_t len = 0;
	uint32_t whole;

	(void)unused;
	sys_nl_begin(&m, RTM_NEWLINK, 0, "\0\0\0\0", 4);
	sys_nl_u32(&m, 7, 1);
	sys_nl_str(&m, 9, "abc");
	whole = m.head.nlmsg_len;
	assert_string_equal(sys_nl_find(&m.head, 4, 9, &len), "abc");
	assert_int_equal(len, 4);
	assert_null(sys_nl_find(&m.head, 4, 8, &len));
	for (uint32_t cut = sizeof(struct nlmsghdr); cut < whole; cut++) {
		unsigned char *copy = malloc(cut);
		const struct nlmsghdr *h = (const struct nlmsghdr *)copy;

		assert_non_null(copy);
		memcpy(copy, &m, cut);
		memcpy(copy, &cut, sizeof(cut));
		assert_null(sys_nl_find(h, 4, 9, &len));
		assert_true((sys_nl_header(h, 4) != NULL) == (cut >= NLMSG_LENGTH(4)));
		free(copy);
	}
	/* shorter than an attribute's own head: would be walked for ever */
	m.bytes[NLMSG_LENGTH(4)] = 2;
	assert_null(sys_nl_find(&m.head, 4, 9, &len));
	m.bytes[NLMSG_LENGTH(4)] = 127;
	assert_null(sys_nl_find(&m.head, 4, 7, &len));
}

struct found {
	unsigned lo;
	unsigned others;
};

static int take(const struct nlmsghdr *answer, void *data)
{
	const struct ifinfomsg *link = sys_nl_header(answer, sizeof(*link));
	struct found *found = data;
	size_t len = 0;
	const char *name = sys_nl_find(answer, sizeof(*link), IFLA_IFNAME, &len);

	assert_non_null(link);
	assert_non_null(name);
	if (strcmp(name, "lo") == 0) {
		found->lo = (unsigned)link->ifi_index;
	} else {
		found->others++;
	}
	return 0;
}

static int stop(const struct nlmsghdr *answer, void *data)
{
	(void)answer;
	(*(int *)data)++;
	return -ECANCELED;
}

static void asks_the_kernel(void **unused)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct found found = { 0, 0 };
	struct sys_nl_msg m;
	struct sys_nl nl;
	int calls = 0;

	(void)unused;
	assert_int_equal(sys_nl_open(&nl), 0);
	scope_fd int fd = nl.fd;

	/* One, by name. */
	sys_nl_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	sys_nl_str(&m, IFLA_IFNAME, "lo");
	assert_int_equal(sys_nl_call(&nl, &m, take, &found), 0);
	assert_int_equal(found.lo, if_nametoindex("lo"));
	assert_int_equal(found.others, 0);
	/* One that isn't there. */
	sys_nl_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	sys_nl_str(&m, IFLA_IFNAME, "no-such-dev");
	assert_int_equal(sys_nl_call(&nl, &m, take, &found), -ENODEV);
	/* All; a reader that gives up ends the call, and the next one does not hear the rest. */
	found.lo = 0;
	sys_nl_begin(&m, RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
	assert_int_equal(sys_nl_call(&nl, &m, take, &found), 0);
	assert_int_equal(found.lo, if_nametoindex("lo"));
	assert_int_equal(sys_nl_call(&nl, &m, stop, &calls), -ECANCELED);
	assert_int_equal(calls, 1);
	found.lo = 0;
	assert_int_equal(sys_nl_call(&nl, &m, take, &found), 0);
	assert_int_equal(found.lo, if_nametoindex("lo"));
	assert_int_equal(fd, nl.fd);
}

/* The kernel's own words about what it refuses. */
static void hears_why(void **unused)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct sys_nl_msg m;
	struct sys_nl nl;

	(void)unused;
	assert_int_equal(sys_nl_open(&nl), 0);
	scope_fd int fd = nl.fd;

	sys_nl_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	assert_true(sys_nl_call(&nl, &m, NULL, NULL) < 0);
	sys_nl_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	sys_nl_str(&m, IFLA_IFNAME, "lo");
	sys_nl_put(&m, IFLA_EXT_MASK, "", 1); /* a number is four bytes long */
	assert_true(sys_nl_call(&nl, &m, NULL, NULL) < 0);
	assert_string_not_equal(nl.said, "");
	sys_nl_begin(&m, RTM_GETLINK, 0, &link, sizeof(link));
	sys_nl_str(&m, IFLA_IFNAME, "lo");
	assert_int_equal(sys_nl_call(&nl, &m, NULL, NULL), 0);
	assert_string_equal(nl.said, "");
	assert_int_equal(fd, nl.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes),
		cmocka_unit_test(a_message_that_is_full),
		cmocka_unit_test(answers_that_are_cut_short),
		cmocka_unit_test(asks_the_kernel),
		cmocka_unit_test(hears_why),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
