/* SPDX-License-Identifier: Apache-2.0 */
/*
 * startbench: how long commands take from fork to exit, measured side by side.
 *
 * Commands come on stdin, one a line: a name, a tab, and words without quoting, the first of them a
 * path. A "{}" in a word becomes a number that no other run has. All commands are run once each
 * round, in turn, so that whatever else the machine does falls on all of them alike. A command that
 * fails its first run is left out, with its own words as the reason. The first command that runs is
 * what the ratios refer to.
 *
 * With --block N each command runs N times before the next one's turn, --pause MS apart: what the
 * kernel and the managers do late falls on the command that has caused it, and what they keep warm
 * serves the same one. Without a pause a command finds all of it warm, after 100 ms nothing.
 *
 * With --until-output the clock stops when the command's first byte of output has come: at the
 * start of what a container runs, so that its end is not measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "quantile.h"

enum { COMMANDS_MAX = 32, WORDS_MAX = 64, ROUNDS_MAX = 10000, TIMEOUT_S = 20 };

struct command {
	char *line;
	char *name;
	char *words[WORDS_MAX + 1];
	double *ms;
	long max_rss_kib;
	char reason[256];
	bool out;
};

static unsigned long run_count;
static bool until_output;
static size_t block = 1;
static long pause_ms;

static void die(const char *what)
{
	fprintf(stderr, "startbench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The words of the command with {} replaced; what is replaced is in room. */
static void expand(const struct command *command, char room[][256], char **argv)
{
	size_t i;

	run_count++;
	for (i = 0; command->words[i]; i++) {
		const char *hole = strstr(command->words[i], "{}");

		argv[i] = command->words[i];
		if (hole) {
			snprintf(room[i], sizeof(room[i]), "%.*s%d-%lu%s",
				 (int)(hole - command->words[i]), command->words[i], (int)getpid(),
				 run_count, hole + 2);
			argv[i] = room[i];
		}
	}
	argv[i] = NULL;
}

/*
 * When the first byte came; 0: none did. Closes the pipe's writing end, which is the command's
 * alone then.
 */
static double first_output(const int output[2])
{
	double when = 0;
	char byte;

	close(output[1]);
	if (read(output[0], &byte, 1) == 1) {
		when = now_ms();
	}
	return when;
}

/* Runs it once. Returns the milliseconds, or -1 with command->reason set. */
static double run_once(struct command *command, int errors, struct rusage *ret_usage)
{
	static char room[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1];
	double begin, end;
	int status, output[2] = { -1, -1 };
	pid_t pid;

	expand(command, room, argv);
	if (ftruncate(errors, 0) < 0 || lseek(errors, 0, SEEK_SET) < 0) {
		die("the error file");
	}
	if (until_output && pipe2(output, O_CLOEXEC) < 0) {
		die("pipe2");
	}
	begin = now_ms();
	pid = vfork();
	if (pid < 0) {
		die("vfork");
	}
	if (pid == 0) {
		dup2(errors, STDERR_FILENO);
		if (until_output) {
			dup2(output[1], STDOUT_FILENO);
		}
		alarm(TIMEOUT_S);
		execv(argv[0], argv);
		_exit(127);
	}
	end = until_output ? first_output(output) : 0;
	while (wait4(pid, &status, 0, ret_usage) < 0) {
		if (errno != EINTR) {
			die("wait4");
		}
	}
	if (until_output) {
		close(output[0]);
	} else {
		end = now_ms();
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && end >= begin) {
		return end - begin;
	}

	char text[sizeof(command->reason)] = "";
	ssize_t n = pread(errors, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (text[0]) {
		snprintf(command->reason, sizeof(command->reason), "%s", text);
	} else if (WIFSIGNALED(status)) {
		snprintf(command->reason, sizeof(command->reason), "ended by signal %d%s",
			 WTERMSIG(status), WTERMSIG(status) == SIGALRM ? " (out of time)" : "");
	} else if (WEXITSTATUS(status) == 0) {
		snprintf(command->reason, sizeof(command->reason), "no output");
	} else if (WEXITSTATUS(status) == 127) {
		snprintf(command->reason, sizeof(command->reason), "cannot be executed");
	} else {
		snprintf(command->reason, sizeof(command->reason), "exit status %d",
			 WEXITSTATUS(status));
	}
	return -1;
}

static size_t read_commands(struct command *commands, size_t rounds)
{
	size_t n = 0, room;

	for (;;) {
		struct command *command = &commands[n];
		char *word, *rest;
		size_t words = 0;

		room = 0;
		command->line = NULL;
		if (getline(&command->line, &room, stdin) < 0) {
			free(command->line);
			return n;
		}
		command->name = strtok_r(command->line, "\t\n", &rest);
		while (words < WORDS_MAX && (word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
			command->words[words++] = word;
		}
		command->ms = calloc(rounds, sizeof(*command->ms));
		if (!command->name || words == 0 || !command->ms || n + 1 == COMMANDS_MAX) {
			fprintf(stderr, "startbench: bad line or too many commands\n");
			exit(1);
		}
		n++;
	}
}

static void print_table(struct command *commands, size_t n, size_t rounds)
{
	double base = 0;

	printf("%-44s %9s %9s %9s %7s %9s\n", "", "median ms", "p90 ms", "min ms", "ratio",
	       "RSS KiB");
	for (size_t i = 0; i < n; i++) {
		struct command *command = &commands[i];
		double median;

		if (command->out) {
			continue;
		}
		qsort(command->ms, rounds, sizeof(*command->ms), by_value);
		median = quantile(command->ms, rounds, 0.5);
		if (base == 0) {
			base = median;
		}
		printf("%-44s %9.2f %9.2f %9.2f %7.2f %9ld\n", command->name, median,
		       quantile(command->ms, rounds, 0.9), command->ms[0], median / base,
		       command->max_rss_kib);
	}
	for (size_t i = 0; i < n; i++) {
		if (commands[i].out) {
			printf("left out: %s: %s\n", commands[i].name, commands[i].reason);
		}
	}
}

static void pause_between(void)
{
	struct timespec t = { .tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000 };

	if (pause_ms > 0) {
		nanosleep(&t, NULL);
	}
}

/* Its runs of one block, from number `first` on; a negative one warms the caches. */
static void run_block(struct command *command, int errors, long first, size_t rounds)
{
	for (size_t i = 0; i < block && !command->out; i++) {
		struct rusage usage;
		double ms;

		pause_between();
		ms = run_once(command, errors, &usage);
		if (ms < 0) {
			command->out = true;
			return;
		}
		if (usage.ru_maxrss > command->max_rss_kib) {
			command->max_rss_kib = usage.ru_maxrss;
		}
		if (first >= 0 && (size_t)first + i < rounds) {
			command->ms[(size_t)first + i] = ms;
		}
	}
}

/* Takes the options from the front of the arguments; returns how many there are, or -1. */
static int take_options(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--until-output") == 0) {
			until_output = true;
		} else if (strcmp(argv[i], "--block") == 0 && i + 1 < argc) {
			block = strtoul(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--pause") == 0 && i + 1 < argc) {
			pause_ms = strtol(argv[++i], NULL, 10);
		} else {
			return -1;
		}
	}
	return block == 0 || pause_ms < 0 ? -1 : i;
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	size_t rounds;
	int options = take_options(argc, argv);
	int errors = memfd_create("errors", MFD_CLOEXEC);
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n;

	rounds = options > 0 && options < argc ? strtoul(argv[options], NULL, 10) : 50;
	if (options < 0 || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr,
			"usage: startbench [--until-output] [--block N] [--pause MS] ROUNDS "
			"<commands   (1 to %d rounds)\n",
			ROUNDS_MAX);
		return 1;
	}
	if (errors < 0 || saved < 0 || null < 0) {
		die("files");
	}
	n = read_commands(commands, rounds);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);

	/* The first block warms the caches and finds out what runs here at all. */
	for (long first = -(long)block; first < (long)rounds; first += (long)block) {
		for (size_t i = 0; i < n; i++) {
			run_block(&commands[i], errors, first, rounds);
		}
	}
	dup2(saved, STDOUT_FILENO);
	print_table(commands, n, rounds);
	for (size_t i = 0; i < n; i++) {
		free(commands[i].line);
		free(commands[i].ms);
	}
	return 0;
}
