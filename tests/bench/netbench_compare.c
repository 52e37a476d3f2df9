/* SPDX-License-Identifier: Apache-2.0 */
/* bench/netbench_compare: the ways side by side, round after round. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netbench.h"
#include "quantile.h"

enum { WAYS_MAX = 32, WORDS_MAX = 16, ROUNDS_MAX = 100, PIDS_MAX = 16 };

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
			netbench_die(path);
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
		netbench_die("a client");
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

int netbench_compare(const char *rounds_text, const char *seconds)
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
