/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accelguest: connects and listens in every way that matters to a network whose sockets are
 * switched. Static.
 *
 *	accelguest call HOW ADDRESS PORT
 *		connects; prints "OWN-ADDRESS WHAT-THE-PEER-SAYS", or the error's name
 *	accelguest thread HOW ADDRESS PORT
 *		the same, by a second thread
 *	accelguest options ADDRESS PORT
 *		sets options, connects, prints those that were lost
 *	accelguest interrupt ADDRESS PORT
 *		a signal comes while connect waits; prints what connect says
 *	accelguest rebind ADDRESS PORT OTHER
 *		a socket that was switched for ADDRESS and is idle again is bound to port
 *		OTHER: what that says
 *	accelguest serve HOW ADDRESS PORT
 *		binds and listens; prints "ready OWN-ADDRESS PORT", tells each caller who he
 *		is
 *	accelguest udp ADDRESS PORT
 *		prints what an answer by UDP says
 *	accelguest memory PATH
 *	accelguest descriptor PATH
 *		connects with an address in that file, or by its descriptor; keeps both
 *	accelguest unix PATH
 *		talks to itself by a UNIX socket
 *	accelguest ways ADDRESS PORT
 *		what says of each other way to connect
 *	accelguest race HOW ADDRESS PORT SECRET-PORT TRIES
 *		tries to reach SECRET-PORT on loopback by a socket that was switched for
 *		ADDRESS
 *
 * HOW: see the tables.
 */
#include "accelguest.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *own_address(int fd, char text[INET6_ADDRSTRLEN + 8])
{
	union accelguest_address is = { .v4 = { 0 } };
	socklen_t len = sizeof(is);
	char address[INET6_ADDRSTRLEN] = "?";

	getsockname(fd, &is.any, &len);
	if (is.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &is.v6.sin6_addr, address, sizeof(address));
	} else {
		inet_ntop(AF_INET, &is.v4.sin_addr, address, sizeof(address));
	}
	snprintf(text, INET6_ADDRSTRLEN + 8, "%s %d", address, ntohs(is.v4.sin_port));
	return text;
}

/* ---- call ---- */

static int wait_connected(int fd, int epoll)
{
	struct pollfd p = { fd, POLLOUT, 0 };
	struct epoll_event event;
	int error = 0;
	socklen_t len = sizeof(error);
	union accelguest_address peer;
	socklen_t peer_len = sizeof(peer);
	int n = epoll >= 0 ? epoll_wait(epoll, &event, 1, 10000) : poll(&p, 1, 10000);

	if (n <= 0) {
		errno = ETIME;
		return -1;
	}
	/*
	 * Of an ICMP error, poll(2) may tell before SO_ERROR does: the kernel fills the socket's
	 * queue of errors first (Linux 6.1, net/ipv4/tcp_ipv4.c, tcp_v4_err). It is not connected
	 * then either.
	 */
	do {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	} while (!error && getpeername(fd, &peer.any, &peer_len) < 0 && errno == ENOTCONN);
	errno = error;
	return error ? -1 : 0;
}

static int hear(int fd)
{
	char text[INET6_ADDRSTRLEN + 8], said[256] = "";
	size_t at = 0;
	ssize_t n;

	shutdown(fd, SHUT_WR);
	fcntl(fd, F_SETFL, O_RDWR);
	while ((n = read(fd, said + at, sizeof(said) - 1 - at)) > 0) {
		at += (size_t)n;
	}
	said[strcspn(said, "\n")] = '\0';
	own_address(fd, text);
	printf("%.*s %s\n", (int)strcspn(text, " "), text, said);
	return 0;
}

/*
 * block; nonblock; epoll: waited for by a set that knew the socket before; dup: it has another
 * name; bound: to a port of its own
 */
static int call(const char *how, const char *address, const char *port)
{
	union accelguest_address to;
	socklen_t len = accelguest_parse(address, port, &to);
	bool waits =
		strcmp(how, "block") == 0 || strcmp(how, "dup") == 0 || strcmp(how, "bound") == 0;
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK),
			0);
	int epoll = -1;

	if (strcmp(how, "epoll") == 0) {
		struct epoll_event event = { .events = EPOLLOUT | EPOLLET };

		epoll = epoll_create1(0);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
		epoll_wait(epoll, &event, 1, 0);
	} else if (strcmp(how, "dup") == 0) {
		dup(fd);
	} else if (strcmp(how, "bound") == 0) {
		union accelguest_address from = { .v4 = { .sin_family = AF_INET,
							  .sin_port = htons(4444) } };

		if (bind(fd, &from.any, sizeof(from.v4)) < 0) {
			return accelguest_fails("bind");
		}
	}
	if (connect(fd, &to.any, len) < 0) {
		if (errno != EINPROGRESS || waits) {
			return accelguest_fails("connect");
		}
		if (wait_connected(fd, epoll) < 0) {
			return accelguest_fails("then");
		}
	}
	if (((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0) != waits ||
	    !(fcntl(fd, F_GETFD) & FD_CLOEXEC)) {
		printf("its flags are lost\n");
		return 1;
	}
	return hear(fd);
}

static char **words;

static void *call_by_words(void *result)
{
	*(int *)result = call(words[0], words[1], words[2]);
	return NULL;
}

static int call_by_thread(char **argv)
{
	pthread_t thread;
	int result = 1;

	words = argv;
	pthread_create(&thread, NULL, call_by_words, &result);
	pthread_join(thread, NULL);
	return result;
}

/* ---- options ---- */

static const struct {
	const char *name;
	int level;
	int option;
	int value;
} numbers[] = {
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1 },
	{ "SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 2 },
	{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 50000 },
	{ "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, 60000 },
	{ "IP_TOS", IPPROTO_IP, IP_TOS, 0x10 },
	{ "IP_TTL", IPPROTO_IP, IP_TTL, 33 },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1 },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 77 },
	{ "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 4 },
	{ "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 11 },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 12345 },
	{ "TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, 9 },
	{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 3 },
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int options(const char *address, const char *port)
{
	const struct linger linger = { 1, 5 };
	const struct timeval limit = { .tv_sec = 7 };
	struct linger linger_is;
	struct timeval limit_is;
	socklen_t a = sizeof(linger_is), b = sizeof(limit_is);
	int before[NUMBERS];
	union accelguest_address to;
	socklen_t len = accelguest_parse(address, port, &to);
	int fd = socket(to.any.sa_family, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (size_t i = 0; i < NUMBERS; i++) {
		socklen_t n = sizeof(before[i]);

		setsockopt(fd, numbers[i].level, numbers[i].option, &numbers[i].value, sizeof(int));
		getsockopt(fd, numbers[i].level, numbers[i].option, &before[i], &n);
	}
	if (connect(fd, &to.any, len) < 0) {
		return accelguest_fails("connect");
	}
	for (size_t i = 0; i < NUMBERS; i++) {
		int is = -1;
		socklen_t n = sizeof(is);

		getsockopt(fd, numbers[i].level, numbers[i].option, &is, &n);
		if (is != before[i]) {
			printf("%s %d %d\n", numbers[i].name, before[i], is);
		}
	}
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger_is, &a);
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit_is, &b);
	if (linger_is.l_linger != 5 || limit_is.tv_sec != 7) {
		puts("SO_LINGER or SO_RCVTIMEO");
	}
	return hear(fd);
}

/* ---- interrupt ---- */

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * connect to whoever does not answer; the signal's handler is set without SA_RESTART. Then by
 * SO_SNDTIMEO.
 */
static int interrupt(const char *address, const char *port)
{
	const struct timeval limit = { .tv_usec = 200000 };
	const struct sigaction action = { .sa_handler = on_alarm };
	union accelguest_address to;
	socklen_t len = accelguest_parse(address, port, &to);
	int fd = socket(to.any.sa_family, SOCK_STREAM, 0);
	char text[INET6_ADDRSTRLEN + 8];

	sigaction(SIGALRM, &action, NULL);
	ualarm(200000, 0);
	if (connect(fd, &to.any, len) == 0) {
		puts("connected");
		return 1;
	}
	printf("%s ", strerrorname_np(errno));
	own_address(fd, text);
	printf("%.*s ", (int)strcspn(text, " "), text);
	close(fd);
	fd = socket(to.any.sa_family, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	printf("%s\n", connect(fd, &to.any, len) < 0 ? strerrorname_np(errno) : "connected");
	return 0;
}

/* ---- serve ---- */

static void tell(int fd, const union accelguest_address *from)
{
	char address[INET6_ADDRSTRLEN] = "?", text[INET6_ADDRSTRLEN + 16];

	if (from->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &from->v6.sin6_addr, address, sizeof(address));
	} else {
		inet_ntop(AF_INET, &from->v4.sin_addr, address, sizeof(address));
	}
	snprintf(text, sizeof(text), "%s\n", address);
	if (write(fd, text, strlen(text)) < 0) {
		_exit(1);
	}
}

/* With SO_REUSEPORT, others that are gone at once. */
static void bind_others(int n, const union accelguest_address *at, socklen_t len)
{
	const int one = 1;

	for (int i = 0; i < n; i++) {
		int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
		if (bind(fd, &at->any, len) < 0) {
			_exit(accelguest_fails("bind"));
		}
		close(fd);
	}
}

/*
 * plain; only6: IPV6_V6ONLY; once: ends after one caller; dup: its socket has a second name;
 * many: before it is ready, 64 others of SO_REUSEPORT come and go; again: shut down, it listens
 * again and says so
 */
static int serve(const char *how, const char *address, const char *port)
{
	union accelguest_address at;
	socklen_t len = accelguest_parse(address, port, &at);
	int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[INET6_ADDRSTRLEN + 8];
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (strcmp(how, "only6") == 0) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	}
	if (strcmp(how, "dup") == 0) {
		dup(fd);
	}
	if (strcmp(how, "many") == 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	}
	if (bind(fd, &at.any, len) < 0) {
		return accelguest_fails("bind");
	}
	if (listen(fd, 100) < 0) {
		return accelguest_fails("listen");
	}
	if (strcmp(how, "many") == 0) {
		bind_others(64, &at, len);
	}
	printf("ready %s\n", own_address(fd, text));
	fflush(stdout);
	for (;;) {
		union accelguest_address from = { .v4 = { 0 } };
		socklen_t n = sizeof(from);
		int caller = accept4(fd, &from.any, &n, SOCK_CLOEXEC);

		if (caller >= 0) {
			tell(caller, &from);
			close(caller);
			if (strcmp(how, "once") == 0) {
				return 0;
			}
		} else if (errno == EINVAL && strcmp(how, "again") == 0) {
			printf("again: %s\n",
			       listen(fd, 100) < 0 ? strerrorname_np(errno) : "listens");
			fflush(stdout);
		}
	}
}

/* ---- udp and unix ---- */

static int by_udp(const char *address, const char *port)
{
	const struct timeval limit = { .tv_sec = 5 };
	union accelguest_address to;
	socklen_t len = accelguest_parse(address, port, &to);
	int fd = socket(to.any.sa_family, SOCK_DGRAM, 0);
	char text[256] = "";

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, &to.any, len) < 0 || send(fd, "x", 1, 0) < 0 ||
	    recv(fd, text, sizeof(text) - 1, 0) < 0) {
		return accelguest_fails("udp");
	}
	printf("udp: %s", text);
	return 0;
}

static int by_unix(const char *path)
{
	union accelguest_address at = { .un = { .sun_family = AF_UNIX } };
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	snprintf(at.un.sun_path, sizeof(at.un.sun_path), "%s", path);
	if (bind(server, &at.any, sizeof(at.un)) < 0 || listen(server, 1) < 0 ||
	    connect(client, &at.any, sizeof(at.un)) < 0) {
		return accelguest_fails("unix");
	}
	getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	printf("unix: the peer is %s\n", peer.pid == getpid() ? "myself" : "somebody else");
	return 0;
}

/* ---- ways ---- */

static int ways(const char *address, const char *port)
{
	char room[256] = { 0 };
	union accelguest_address to;
	socklen_t len = accelguest_parse(address, port, &to);
	int fd = socket(to.any.sa_family, SOCK_STREAM, 0);
	int one = 1;

	if (syscall(425, 4, room) < 0) {
		accelguest_fails("io_uring_setup");
	}
	if (syscall(0x40000000 | SYS_connect, fd, &to, len) < 0) {
		accelguest_fails("x32 connect");
	}
	if (sendto(fd, "x", 1, MSG_FASTOPEN, &to.any, len) < 0) {
		accelguest_fails("sendto with MSG_FASTOPEN");
	}
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)) < 0) {
		accelguest_fails("TCP_FASTOPEN_CONNECT");
	}
	return 0;
}

/* ---- files ---- */

static int by_file(bool memory, const char *path)
{
	union accelguest_address to;
	socklen_t len = accelguest_parse("192.0.2.9", "7000", &to);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *bytes = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (fd < 0 || (memory && bytes == MAP_FAILED)) {
		return accelguest_fails("open");
	}
	if (memory) {
		(void)connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), bytes, len);
	} else {
		(void)connect(fd, &to.any, len);
	}
	for (;;) {
		pause();
	}
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 5 && strcmp(argv[1], "call") == 0) {
		return call(argv[2], argv[3], argv[4]);
	}
	if (argc == 5 && strcmp(argv[1], "thread") == 0) {
		return call_by_thread(argv + 2);
	}
	if (argc == 4 && strcmp(argv[1], "options") == 0) {
		return options(argv[2], argv[3]);
	}
	if (argc == 4 && strcmp(argv[1], "interrupt") == 0) {
		return interrupt(argv[2], argv[3]);
	}
	if (argc == 5 && strcmp(argv[1], "serve") == 0) {
		return serve(argv[2], argv[3], argv[4]);
	}
	if (argc == 4 && strcmp(argv[1], "udp") == 0) {
		return by_udp(argv[2], argv[3]);
	}
	if (argc == 4 && strcmp(argv[1], "ways") == 0) {
		return ways(argv[2], argv[3]);
	}
	if (argc == 3 && strcmp(argv[1], "unix") == 0) {
		return by_unix(argv[2]);
	}
	if (argc == 3 && (strcmp(argv[1], "memory") == 0 || strcmp(argv[1], "descriptor") == 0)) {
		return by_file(strcmp(argv[1], "memory") == 0, argv[2]);
	}
	if (argc == 5 && strcmp(argv[1], "rebind") == 0) {
		return accelguest_rebind(argv + 2);
	}
	if (argc == 7 && strcmp(argv[1], "race") == 0) {
		return accelguest_race(argv + 2);
	}
	fprintf(stderr, "accelguest: call thread options interrupt rebind serve udp memory "
			"descriptor unix ways "
			"race\n");
	return 2;
}
