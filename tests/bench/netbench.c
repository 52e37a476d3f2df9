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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "quantile.h"

enum {
	WAYS_MAX = 32,
	WORDS_MAX = 16,
	ROUNDS_MAX = 100,
	CLIENTS_MAX = 32,
	PIDS_MAX = 16,
	SAMPLES_MAX = 1 << 19
};

#define CHUNK (256 << 10)

/* The first byte of a connection says what it is for. */
enum { DO_TAKE = 't', DO_GIVE = 'g', DO_ECHO = 'e', DO_ONE = 'o' };

static char bytes[CHUNK];

static void die(const char *what)
{
	fprintf(stderr, "netbench: %s: %s\n", what, strerror(errno));
	exit(1);
}

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
			die("memory");
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
		die("listening");
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
		die("connecting");
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
			die("sending");
		}
	}
	shutdown(fd, SHUT_WR);
	if (recv(fd, &taken, sizeof(taken), MSG_WAITALL) != sizeof(taken)) {
		die("the server's answer");
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
			die("receiving");
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
			die("a round trip");
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
			die("threads");
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

		measure_connections(seconds, n < 1 ? 1 : n > CLIENTS_MAX ? CLIENTS_MAX : n);
	}
	return 0;
}

/* ---- the comparison ---- */

struct result {
	double rate, p50, p99;
};

static const struct test {
	const char *name;
	const char *title;
	const char *unit;
	bool latencies;
} tests[] = {
	{ "to", "throughput, client to server", "Gbit/s", false },
	{ "from", "throughput, server to client", "Gbit/s", false },
	{ "1", "connections, 1 at once", "1/s", true },
	{ "32", "connections, 32 at once", "1/s", true },
	{ "trips", "round trips of 64 bytes, one connection", "1/s", true },
};
enum { TESTS = sizeof(tests) / sizeof(tests[0]) };

struct way {
	char *line;
	const char *name, *from, *to;
	const struct way *beside; /* NULL: compared to the first alone */
	char *words[WORDS_MAX + 1];
	size_t word_n;
	int pids[PIDS_MAX];
	size_t pid_n;
	struct result results[TESTS][ROUNDS_MAX];
	long pss_idle, pss_max; /* KiB */
};

static struct way ways[WAYS_MAX];

/* In KiB, of all its processes together; smaps_rollup, proc(5). */
static long pss_of(const struct way *w)
{
	long sum = 0, kib;

	for (size_t i = 0; i < w->pid_n; i++) {
		char path[64], line[256];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", w->pids[i]);
		f = fopen(path, "re");
		if (!f) {
			die(path);
		}
		while (fgets(line, sizeof(line), f)) {
			if (sscanf(line, "Pss: %ld kB", &kib) == 1) {
				sum += kib;
			}
		}
		fclose(f);
	}
	return sum;
}

/* Of those that were read; NULL: "-". */
static const struct way *way_of(const char *name, size_t n)
{
	if (strcmp(name, "-") == 0) {
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(ways[i].name, name) == 0) {
			return &ways[i];
		}
	}
	fprintf(stderr, "netbench: no way %s before\n", name);
	exit(1);
}

static size_t read_ways(void)
{
	size_t n = 0, room;

	for (;; n++) {
		struct way *w = &ways[n];
		char *rest, *beside, *pids, *pid_rest, *word;

		room = 0;
		if (getline(&w->line, &room, stdin) < 0) {
			return n;
		}
		w->name = strtok_r(w->line, "\t\n", &rest);
		beside = strtok_r(NULL, "\t\n", &rest);
		pids = strtok_r(NULL, "\t\n", &rest);
		w->from = strtok_r(NULL, "\t\n", &rest);
		w->to = strtok_r(NULL, "\t\n", &rest);
		if (!w->to || n + 1 == WAYS_MAX) {
			fprintf(stderr, "netbench: a bad line, or too many\n");
			exit(1);
		}
		w->beside = way_of(beside, n);
		while (w->word_n < WORDS_MAX - 7 &&
		       (word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
			w->words[w->word_n++] = word;
		}
		if (w->word_n == 0) {
			fprintf(stderr, "netbench: %s: no command\n", w->name);
			exit(1);
		}
		for (word = strtok_r(pids, ",", &pid_rest); word && w->pid_n < PIDS_MAX;
		     word = strtok_r(NULL, ",", &pid_rest)) {
			if (strcmp(word, "-") != 0) {
				w->pids[w->pid_n++] = atoi(word);
			}
		}
		w->pss_idle = pss_of(w);
	}
}

/* Runs the client where the way wants it. A client that fails has measured nothing: 0. */
static struct result measure(struct way *w, const char *test, const char *seconds)
{
	struct result result = { 0, 0, 0 };
	const char *mine[] = { "client", test, seconds, w->from, w->to };
	char text[128] = "";
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	for (size_t i = 0; i < 5; i++) {
		w->words[w->word_n + i] = (char *)(uintptr_t)mine[i];
	}
	if (pipe(ends) < 0 || (pid = fork()) < 0) {
		die("a client");
	}
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(w->words[0], w->words);
		_exit(127);
	}
	close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	if (waitpid(pid, &status, 0) < 0 || status != 0 || n <= 0 ||
	    sscanf(text, "%lf %lf %lf", &result.rate, &result.p50, &result.p99) != 3) {
		fprintf(stderr, "netbench: %s: %s failed once\n", w->name, test);
		return (struct result){ 0, 0, 0 };
	}
	return result;
}

/*
 * Sorted: of each round in turn, this way's rate to the other's. A round in which the other has
 * failed counts as 0.
 */
static void ratios_of(const struct way *w, const struct way *to, size_t t, size_t rounds,
		      double ratio[])
{
	for (size_t r = 0; r < rounds; r++) {
		double base = to->results[t][r].rate;

		ratio[r] = base > 0 ? w->results[t][r].rate / base : 0;
	}
	qsort(ratio, rounds, sizeof(double), by_value);
}

static void print_test(size_t t, size_t way_n, size_t rounds)
{
	printf("\n%-44s %10s %7s %15s%s\n", tests[t].title, tests[t].unit, "ratio", "quartiles",
	       tests[t].latencies ? "    p50 ms    p99 ms" : "");
	for (size_t i = 0; i < way_n; i++) {
		double rate[ROUNDS_MAX], ratio[ROUNDS_MAX], p50[ROUNDS_MAX], p99[ROUNDS_MAX];
		char quartiles[32];

		for (size_t r = 0; r < rounds; r++) {
			const struct result *x = &ways[i].results[t][r];

			rate[r] = x->rate;
			p50[r] = x->p50;
			p99[r] = x->p99;
		}
		qsort(rate, rounds, sizeof(double), by_value);
		ratios_of(&ways[i], &ways[0], t, rounds, ratio);
		qsort(p50, rounds, sizeof(double), by_value);
		qsort(p99, rounds, sizeof(double), by_value);
		snprintf(quartiles, sizeof(quartiles), "%.3f to %.3f",
			 quantile(ratio, rounds, 0.25), quantile(ratio, rounds, 0.75));
		printf("%-44s %10.*f %7.3f %15s", ways[i].name, tests[t].latencies ? 0 : 2,
		       quantile(rate, rounds, 0.5), quantile(ratio, rounds, 0.5), quartiles);
		if (tests[t].latencies) {
			printf(" %9.3f %9.3f", quantile(p50, rounds, 0.5),
			       quantile(p99, rounds, 0.5));
		}
		if (ways[i].beside) {
			ratios_of(&ways[i], ways[i].beside, t, rounds, ratio);
			printf("   %.3f (%.3f to %.3f) of %s", quantile(ratio, rounds, 0.5),
			       quantile(ratio, rounds, 0.25), quantile(ratio, rounds, 0.75),
			       ways[i].beside->name);
		}
		putchar('\n');
	}
}

static int compare(const char *rounds_text, const char *seconds)
{
	size_t rounds = strtoul(rounds_text, NULL, 10);
	size_t way_n = read_ways();

	if (rounds < 1 || rounds > ROUNDS_MAX || way_n == 0 || atof(seconds) <= 0) {
		fprintf(stderr, "netbench: 1 to %d rounds, some seconds, and ways on stdin\n",
			ROUNDS_MAX);
		return 1;
	}
	for (size_t r = 0; r < rounds; r++) {
		for (size_t t = 0; t < TESTS; t++) {
			for (size_t i = 0; i < way_n; i++) {
				ways[i].results[t][r] = measure(&ways[i], tests[t].name, seconds);
			}
		}
		for (size_t i = 0; i < way_n; i++) {
			long kib = pss_of(&ways[i]);

			ways[i].pss_max = kib > ways[i].pss_max ? kib : ways[i].pss_max;
		}
	}
	for (size_t t = 0; t < TESTS; t++) {
		print_test(t, way_n, rounds);
	}
	printf("\n%-44s %10s %10s\n", "memory of its processes (PSS, KiB)", "before", "after load");
	for (size_t i = 0; i < way_n; i++) {
		if (ways[i].pid_n > 0) {
			printf("%-44s %10ld %10ld\n", ways[i].name, ways[i].pss_idle,
			       ways[i].pss_max);
		}
		free(ways[i].line);
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
		return compare(argv[2], argv[3]);
	}
	fprintf(stderr, "usage: netbench serve PORT | client TEST SECONDS FROM TO | hello | "
			"compare ROUNDS SECONDS <ways\n");
	return 1;
}
