/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netbench: what a way into or out of a network namespace carries, measured side by side with
 * others.
 *
 *	netbench serve PORT                      the server that every way leads to; says "ready"
 *	netbench client TEST SECONDS FROM TO     one measurement; FROM is an address or -, TO is
 *	                                         ADDRESS:PORT
 *	netbench hello                           says "ready" and ends a moment later
 *	netbench compare ROUNDS SECONDS          measures the ways that stand on stdin, one a line
 *
 * A way is a name, the name of an earlier one that it is compared to as well (or -), the processes
 * that serve it (pids with commas, or -), FROM, TO, and the words that run a command netbench where
 * the client is to be, with tabs between; the first line is what the ratios refer to. All ways are
 * measured once each round and test, in turn, so that whatever else the machine does falls on all
 * of them alike; a ratio is that of one round, and the median of the rounds is printed. Static: it
 * runs inside containers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "netbench.h"
#include "quantile.h"

enum { CLIENTS_MAX = 32, SAMPLES_MAX = 1 << 19 };

#define CHUNK (256 << 10)

/* The first byte of a connection says what it is for. */
enum { DO_TAKE = 't', DO_GIVE = 'g', DO_ECHO = 'e', DO_ONE = 'o' };

static char bytes[CHUNK];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the server: one thread, so that it costs every way the same ---- */

struct peer {
	int fd; /* the listener's has no other state */
	char doing;
	uint64_t taken;
};

/* Returns false when the connection is over. */
static bool serve_one(struct peer *p)
{
	ssize_t n;

	if (!p->doing) {
		n = recv(p->fd, &p->doing, 1, 0);
		if (n <= 0) {
			return n < 0 && errno == EAGAIN;
		}
		if (p->doing == DO_ONE) {
			(void)!send(p->fd, "1", 1, MSG_NOSIGNAL);
			return false;
		}
	}
	if (p->doing == DO_GIVE) {
		n = send(p->fd, bytes, CHUNK, MSG_NOSIGNAL);
		return n > 0 || errno == EAGAIN;
	}
	n = recv(p->fd, bytes, CHUNK, 0);
	if (n < 0) {
		return errno == EAGAIN;
	}
	if (n == 0) {
		(void)!send(p->fd, &p->taken, sizeof(p->taken), MSG_NOSIGNAL);
		return false;
	}
	p->taken += (uint64_t)n;
	return p->doing != DO_ECHO || send(p->fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void accept_all(int epoll, int listener)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct peer *p = calloc(1, sizeof(*p));
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = p };

		if (!p) {
			netbench_die("memory");
		}
		p->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static _Noreturn void serve(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(port)) };
	struct peer listener = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
					      0) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &listener }, events[64];
	int epoll = epoll_create1(EPOLL_CLOEXEC), one = 1;

	setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (listener.fd < 0 ||
	    bind(listener.fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener.fd, 4096) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener.fd, &event) < 0) {
		netbench_die("listening");
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < n; i++) {
			struct peer *p = events[i].data.ptr;

			if (p == &listener) {
				accept_all(epoll, p->fd);
				continue;
			}
			if (serve_one(p)) {
				if (p->doing == DO_GIVE) {
					struct epoll_event out = { .events = EPOLLOUT,
								   .data.ptr = p };

					epoll_ctl(epoll, EPOLL_CTL_MOD, p->fd, &out);
				}
				continue;
			}
			close(p->fd);
			free(p);
		}
	}
}

/*
 * ---- one measurement: prints a rate, and where there are latencies their median and 99th
 * percentile in ms ----
 */

static struct sockaddr_in from_address, to_address;

/* A blocking connection that has said what it is for; gives up after ten seconds. -1: errno. */
static int open_connection(char what)
{
	const struct timeval limit = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0) {
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if ((from_address.sin_family &&
	     bind(fd, (struct sockaddr *)&from_address, sizeof(from_address)) < 0) ||
	    connect(fd, (struct sockaddr *)&to_address, sizeof(to_address)) < 0 ||
	    send(fd, &what, 1, MSG_NOSIGNAL) != 1) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int must_open(char what)
{
	int fd = open_connection(what);

	if (fd < 0) {
		netbench_die("connecting");
	}
	return fd;
}

/* Gigabits a second that the server has really taken. */
static void measure_to(double seconds)
{
	int fd = must_open(DO_TAKE);
	double begin = now();
	uint64_t taken;

	while (now() < begin + seconds) {
		if (send(fd, bytes, CHUNK, MSG_NOSIGNAL) < 0) {
			netbench_die("sending");
		}
	}
	shutdown(fd, SHUT_WR);
	if (recv(fd, &taken, sizeof(taken), MSG_WAITALL) != sizeof(taken)) {
		netbench_die("the server's answer");
	}
	printf("%f 0 0\n", (double)taken * 8 / 1e9 / (now() - begin));
}

static void measure_from(double seconds)
{
	int fd = must_open(DO_GIVE);
	double begin = now();
	uint64_t taken = 0;

	while (now() < begin + seconds) {
		ssize_t n = recv(fd, bytes, CHUNK, 0);

		if (n <= 0) {
			netbench_die("receiving");
		}
		taken += (uint64_t)n;
	}
	printf("%f 0 0\n", (double)taken * 8 / 1e9 / (now() - begin));
}

static void print_latencies(double *ms, size_t n, size_t done, double seconds)
{
	qsort(ms, n, sizeof(*ms), by_value);
	printf("%f %f %f\n", (double)done / seconds, n ? quantile(ms, n, 0.5) : 0,
	       n ? quantile(ms, n, 0.99) : 0);
}

static void measure_round_trips(double seconds)
{
	int fd = must_open(DO_ECHO);
	double *ms = calloc(SAMPLES_MAX, sizeof(*ms));
	double begin = now(), last = begin;
	size_t n = 0;

	while (ms && last < begin + seconds && n < SAMPLES_MAX) {
		double before = last;

		if (send(fd, bytes, 64, MSG_NOSIGNAL) != 64 ||
		    recv(fd, bytes, 64, MSG_WAITALL) != 64) {
			netbench_die("a round trip");
		}
		last = now();
		ms[n++] = (last - before) * 1e3;
	}
	print_latencies(ms, n, n, last - begin);
}

/* One of those that connect at once. */
struct client {
	pthread_t thread;
	double *ms;
	size_t n, max;
	double begin; /* of the connection under way; 0: none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double deadline;

static void *connect_again_and_again(void *arg)
{
	struct client *c = arg;

	for (;;) {
		double begin = now();
		char answer[2];
		int fd;

		pthread_mutex_lock(&lock);
		c->begin = begin;
		pthread_mutex_unlock(&lock);
		fd = open_connection(DO_ONE);
		/* The answer, and the end that follows it. */
		if (fd < 0 || recv(fd, answer, 2, MSG_WAITALL) != 1) {
			/* It stays under way: its latency is what it has waited at the end. */
			return NULL;
		}
		close(fd);
		pthread_mutex_lock(&lock);
		if (now() > deadline || c->n == c->max) {
			pthread_mutex_unlock(&lock);
			return NULL;
		}
		c->ms[c->n++] = (now() - c->begin) * 1e3;
		pthread_mutex_unlock(&lock);
	}
}

static void measure_connections(double seconds, size_t clients)
{
	static struct client all[CLIENTS_MAX];
	double *ms = calloc(SAMPLES_MAX + CLIENTS_MAX, sizeof(*ms));
	double begin = now();
	size_t n = 0, done = 0;

	deadline = begin + seconds;
	for (size_t i = 0; i < clients; i++) {
		all[i].max = SAMPLES_MAX / clients;
		all[i].ms = calloc(all[i].max, sizeof(*all[i].ms));
		if (!ms || !all[i].ms ||
		    pthread_create(&all[i].thread, NULL, connect_again_and_again, &all[i]) != 0) {
			netbench_die("threads");
		}
	}
	usleep((useconds_t)(seconds * 1e6));
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < clients; i++) {
		memcpy(ms + n, all[i].ms, all[i].n * sizeof(*ms));
		n += all[i].n;
		done += all[i].n;
		ms[n++] = (now() - all[i].begin) * 1e3;
	}
	print_latencies(ms, n, done, seconds);
	fflush(stdout);
	_exit(0);
}

static int client(char **argv)
{
	const char *test = argv[0];
	double seconds = atof(argv[1]);
	char *colon = strrchr(argv[3], ':');

	if (!colon) {
		return 1;
	}
	*colon = '\0';
	to_address = (struct sockaddr_in){ .sin_family = AF_INET,
					   .sin_port = htons((uint16_t)atoi(colon + 1)) };
	if (inet_pton(AF_INET, argv[3], &to_address.sin_addr) != 1) {
		return 1;
	}
	if (inet_pton(AF_INET, argv[2], &from_address.sin_addr) == 1) {
		from_address.sin_family = AF_INET;
	}
	if (strcmp(test, "to") == 0) {
		measure_to(seconds);
	} else if (strcmp(test, "from") == 0) {
		measure_from(seconds);
	} else if (strcmp(test, "trips") == 0) {
		measure_round_trips(seconds);
	} else {
		size_t n = strtoul(test, NULL, 10);

		if (n < 1) {
			n = 1;
		}
		measure_connections(seconds, n > CLIENTS_MAX ? CLIENTS_MAX : n);
	}
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "serve") == 0) {
		serve(argv[2]);
	}
	if (argc == 6 && strcmp(argv[1], "client") == 0) {
		return client(argv + 2);
	}
	if (argc == 2 && strcmp(argv[1], "hello") == 0) {
		puts("ready");
		fflush(stdout);
		usleep(50000);
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "compare") == 0) {
		return netbench_compare(argv[2], argv[3]);
	}
	fprintf(stderr, "usage: netbench serve PORT | client TEST SECONDS FROM TO | hello | "
			"compare ROUNDS SECONDS <ways\n");
	return 1;
}
