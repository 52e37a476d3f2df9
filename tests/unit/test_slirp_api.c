/* SPDX-License-Identifier: Apache-2.0 */
/* libnet and slirp4netns' API: against a hostile server, and what is read in its answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libnet/net.h"
#include "libnet/slirp/api.h"
#include "json/tree.h"

static struct arena arena = ARENA_INIT;

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
		/* First a little, so that the rest does not just fill the room for the answer. */
		(void)!write(fd, block, 1);
		usleep(50000);
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

static void api_messages(void **state)
{
	static const char *const rows[][2] = {
		{ "", "slirp4netns' answer: line 1, column 1: the text is empty" },
		{ "[]", "slirp4netns' answer is no object" },
		{ "{}", "slirp4netns' answer has neither \"return\" nor \"error\"" },
		{ "{\"return\":[]}", "slirp4netns' answer has neither \"return\" nor \"error\"" },
		{ "{\"error\":{}}", "slirp4netns: an error that it doesn't name" },
		{ "{\"error\":{\"desc\":1}}", "slirp4netns: an error that it doesn't name" },
		{ "{\"error\":[]}", "slirp4netns: an error that it doesn't name" },
		{ "{\"error\":{\"desc\":\"a\\nb\"}}", "slirp4netns: a?b" },
		{ "{\"error\":{\"desc\":\"x\"},\"return\":{}}", "slirp4netns: x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .code = 0 };

		assert_null(slirp_api_parse(&arena, rows[i][0], strlen(rows[i][0]), &err));
		assert_string_equal(err.msg, rows[i][1]);
		assert_int_equal(err.code, str_starts(err.msg, "slirp4netns: ") ? EIO : EPROTO);
	}
}

/* The ids of a list that belong to 8080-8082/tcp, as text. */
static const char *ids_in(const char *list)
{
	const struct net_port port = { .protocol = IPPROTO_TCP, .host_port = 8080, .count = 3 };
	const struct json *tree, *entry = NULL;
	struct err err = { .code = 0 };
	struct text out;
	int64_t id = -1;

	text_init(&out, &arena);
	if (json_parse(&arena, list, strlen(list), &tree, &err) < 0) {
		fail_msg("%s: %s", list, err.msg);
	}
	while ((entry = slirp_api_next(tree, entry, &port, &id))) {
		text_add(&out, "%d ", (int)id);
	}
	return out.len > 0 ? out.s : "";
}

#define ENTRY(id, proto, port) "{\"id\":" id ",\"proto\":\"" proto "\",\"host_port\":" port "}"

static void api_finds(void **state)
{
	(void)state;
	assert_string_equal(ids_in("{}"), "");
	assert_string_equal(ids_in("{\"entries\":{}}"), "");
	assert_string_equal(ids_in("{\"entries\":{\"a\":" ENTRY("1", "tcp", "8080") "}}"), "");
	assert_string_equal(ids_in("{\"entries\":[]}"), "");
	/* clang-format off */
	assert_string_equal(ids_in("{\"entries\":["
				   ENTRY("1", "tcp", "8079") "," ENTRY("2", "tcp", "8080") ","
				   ENTRY("3", "udp", "8080") "," ENTRY("4", "tcp", "8082") ","
				   ENTRY("5", "tcp", "8083") "," ENTRY("0", "tcp", "8081") "]}"),
			    "2 4 0 ");
	/* clang-format on */
	/* Of a wrong type, or without what is needed: passed over. */
	assert_string_equal(ids_in("{\"entries\":[7,[],{},{\"proto\":\"tcp\",\"host_port\":8080},"
				   "{\"id\":1,\"proto\":\"tcp\"},{\"id\":2,\"host_port\":8080},"
				   "{\"id\":\"3\",\"proto\":\"tcp\",\"host_port\":8080},"
				   "{\"id\":4,\"proto\":\"tcp\",\"host_port\":\"8080\"},"
				   "{\"id\":5,\"proto\":[],\"host_port\":8080},"
				   "{\"id\":-1,\"proto\":\"tcp\",\"host_port\":8080},"
				   "{\"id\":2147483648,\"proto\":\"tcp\",\"host_port\":8080},"
				   "{\"id\":1.5,\"proto\":\"tcp\",\"host_port\":8080}," ENTRY(
					   "2147483647", "tcp", "8080") "]}"),
			    "2147483647 ");
}

static void api_removes(void **state)
{
	const struct net_port port = { .protocol = IPPROTO_TCP, .host_port = 8080, .count = 1 };
	static const char *const answers[] = { "{\"return\":{}}", "{\"entries\":{}}",
					       "{\"entries\":7}" };
	struct err err = { .code = 0 };
	struct server s = serve(ANSWER, "{\"entries\":[]}");
	char seen[512];
	ssize_t n;

	(void)state;
	assert_int_equal(slirp_api_remove(s.path, &port, &err), 0);
	n = read(s.seen, seen, sizeof(seen) - 1);
	assert_true(n > 0);
	seen[n] = '\0';
	assert_string_equal(seen, "{\"execute\":\"list_hostfwd\"}\n");
	end_server(&s);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		s = serve(ANSWER, answers[i]);
		assert_int_equal(slirp_api_remove(s.path, &port, &err), -EPROTO);
		assert_string_equal(err.msg, "slirp4netns' list of ports has no \"entries\"");
		end_server(&s);
	}
	s = serve(ANSWER, "{\"error\":{\"desc\":\"no\"}}");
	assert_int_equal(slirp_api_remove(s.path, &port, &err), -EIO);
	end_server(&s);
	/* The same answer to each request: a list is no error, so the removal counts as done. */
	s = serve(ANSWER,
		  "{\"entries\":[" ENTRY("6", "tcp", "8080") "," ENTRY("7", "tcp", "8081") "]}");
	assert_int_equal(slirp_api_remove(s.path, &port, &err), 0);
	n = read(s.seen, seen, sizeof(seen) - 1);
	assert_true(n > 0);
	seen[n] = '\0';
	assert_non_null(strstr(seen, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":6}}"));
	assert_null(strstr(seen, "{\"id\":7}"));
	end_server(&s);
}

static void api_adds_each_kind(void **state)
{
	static const char *const rows[][2] = {
		{ "8080:80/udp", "\"proto\":\"udp\",\"host_addr\":\"0.0.0.0\",\"host_port\":8080" },
		{ "192.0.2.1:7:9",
		  "\"proto\":\"tcp\",\"host_addr\":\"192.0.2.1\",\"host_port\":7" },
	};
	const struct in_addr inside = { .s_addr = htonl(0x0a000264) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct server s = serve(ANSWER, "{\"return\":{}}");
		struct err err = { .code = 0 };
		struct net_port port;
		char seen[512];
		ssize_t n;

		assert_int_equal(net_port_parse(rows[i][0], &port, &err), 0);
		assert_int_equal(slirp_api_add(s.path, &port, inside, &err), 0);
		n = read(s.seen, seen, sizeof(seen) - 1);
		assert_true(n > 0);
		seen[n] = '\0';
		assert_non_null(strstr(seen, rows[i][1]));
		end_server(&s);
	}
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
		cmocka_unit_test(api_add),	cmocka_unit_test(api_says_no),
		cmocka_unit_test(api_hostile),	cmocka_unit_test(api_lists),
		cmocka_unit_test(api_messages), cmocka_unit_test(api_finds),
		cmocka_unit_test(api_removes),	cmocka_unit_test(api_adds_each_kind),
		cmocka_unit_test(api_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
