/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/accelguest_race: a hostile program: the address or the descriptor changes while a call is
 * looked at.
 */
#include "accelguest.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

static struct {
	volatile int stop;
	union accelguest_address good, bad, shown;
	socklen_t len;
	int fds[4];
	int number; /* the descriptor that is flipped */
} shared;

static void *flip_address(void *unused)
{
	while (!shared.stop) {
		shared.shown = shared.good;
		shared.shown = shared.bad;
	}
	return unused;
}

static void *flip_descriptor(void *unused)
{
	while (!shared.stop) {
		dup2(shared.fds[0], shared.number);
		dup2(shared.fds[1], shared.number);
	}
	return unused;
}

/* What was reached says a word at once; the harmless peer does not say this one. */
static bool is_secret(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char text[16] = "";

	return poll(&p, 1, 2) > 0 && recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0 &&
	       strncmp(text, "secret", 6) == 0;
}

/* The address in memory changes while the call is looked at. */
static int race_address(int tries)
{
	int reached = 0;

	for (int i = 0; i < tries; i++) {
		int fd = socket(shared.good.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (connect(fd, &shared.shown.any, shared.len) == 0 || errno == EINPROGRESS) {
			reached += (i % 64) == 0 && is_secret(fd);
		}
		close(fd);
	}
	return reached;
}

/* A socket of the host's, connecting to where nobody answers, is shut down: idle again. */
static int idle_client(void)
{
	int fd = socket(shared.good.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	connect(fd, &shared.good.any, shared.len);
	shutdown(fd, SHUT_RDWR);
	return fd;
}

int accelguest_rebind(char **argv)
{
	union accelguest_address any = {
		.v4 = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2])) }
	};
	int fd;

	shared.len = accelguest_parse(argv[0], argv[1], &shared.good);
	fd = idle_client();
	if (bind(fd, &any.any, sizeof(any.v4)) < 0) {
		return accelguest_fails("bind");
	}
	puts("bound");
	return 0;
}

/* The same of a listener on a published port. */
static int idle_listener(void)
{
	int fd = socket(shared.good.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &shared.good.any, shared.len) < 0 || listen(fd, 1) < 0 ||
	    shutdown(fd, SHUT_RDWR) < 0) {
		accelguest_fails("idle_listener");
	}
	return fd;
}

/* Then connect is called on an innocent socket, and the host's is put under its number. */
static int race_descriptor(int tries, int (*idle)(void))
{
	int reached = 0;

	for (int i = 0; i < tries; i++) {
		if (i % 16 == 0) {
			reached += i > 0 && is_secret(shared.fds[0]);
			close(shared.fds[0]);
			shared.fds[0] = idle();
		}
		connect(shared.number, &shared.bad.any, shared.len);
	}
	return reached;
}

static int race_client(int tries)
{
	return race_descriptor(tries, idle_client);
}

static int race_listener(int tries)
{
	return race_descriptor(tries, idle_listener);
}

static const struct {
	const char *name;
	void *(*flip)(void *);
	int (*run)(int tries);
} races[] = {
	{ "address", flip_address, race_address },
	{ "descriptor", flip_descriptor, race_client },
	{ "listener", flip_descriptor, race_listener },
};

int accelguest_race(char **argv)
{
	pthread_t thread;

	shared.len = accelguest_parse(argv[1], argv[2], &shared.good);
	accelguest_parse(shared.good.any.sa_family == AF_INET ? "127.0.0.1" : "::1", argv[3],
			 &shared.bad);
	shared.shown = shared.good;
	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++) {
		if (strcmp(races[i].name, argv[0]) != 0) {
			continue;
		}
		shared.fds[0] = socket(shared.good.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		shared.fds[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		shared.number = dup(shared.fds[1]);
		pthread_create(&thread, NULL, races[i].flip, NULL);
		printf("reached %d\n", races[i].run(atoi(argv[4])));
		shared.stop = 1;
		pthread_join(thread, NULL);
		return 0;
	}
	return 2;
}
