/* SPDX-License-Identifier: Apache-2.0 */
/* libnet: binding published ports, all or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libnet/listen.h"

static struct arena arena = ARENA_INIT;

/* How many ports below free_port's are free too. */
#define FREE_BELOW 3

/* A bound socket, or -1 where the port is taken. 0 stands for any port. */
static int bind_port(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool all_free(uint16_t last)
{
	for (uint16_t i = 1; i <= FREE_BELOW; i++) {
		int fd = bind_port((uint16_t)(last - i));

		if (fd < 0) {
			return false;
		}
		close(fd);
	}
	return true;
}

/* Other programs of this machine have ports too: those that they connect from lie side by side. */
static uint16_t free_port(void)
{
	for (int tries = 0; tries < 1000; tries++) {
		struct sockaddr_in a;
		socklen_t len = sizeof(a);
		int fd = bind_port(0);

		assert_true(fd >= 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
		close(fd);
		if (all_free(ntohs(a.sin_port))) {
			return ntohs(a.sin_port);
		}
	}
	fail_msg("no %d free ports side by side", FREE_BELOW + 1);
	return 0;
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
	second = port_at((uint16_t)(first.host_port - FREE_BELOW), FREE_BELOW + 1);
	assert_int_equal(net_ports_bind(&arena, &two, NULL, 0, &none, &err), -EADDRINUSE);
	assert_int_equal(none.n, 0);
	snprintf(number, sizeof(number), "port %u on the host", first.host_port);
	assert_non_null(strstr(err.msg, number));
	snprintf(number, sizeof(number), "(pid %d)", (int)getpid());
	assert_non_null(strstr(err.msg, number));
	second.count = FREE_BELOW;
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
		cmocka_unit_test(bind_all_or_none),
		cmocka_unit_test(bind_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
