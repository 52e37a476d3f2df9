/* SPDX-License-Identifier: Apache-2.0 */
/* slirp4netns' arguments, and its API against a hostile server. */
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
#include "base/str.h"
#include "libnet/config.h"
#include "libnet/port.h"
#include "libnet/slirp/api.h"
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

static int done(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),   cmocka_unit_test(api_add),
		cmocka_unit_test(api_says_no), cmocka_unit_test(api_hostile),
		cmocka_unit_test(api_lists),   cmocka_unit_test(api_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
