/* SPDX-License-Identifier: Apache-2.0 */
/* guest/accelguest: what its parts have in common. Include it first. */
#pragma once

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

union accelguest_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

/* Exits when the text is no address. */
static inline socklen_t accelguest_parse(const char *text, const char *port,
					 union accelguest_address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((unsigned short)atoi(port));
		return sizeof(ret->v4);
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) != 1) {
		fprintf(stderr, "accelguest: %s\n", text);
		exit(2);
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons((unsigned short)atoi(port));
	return sizeof(ret->v6);
}

/* Prints the error's name. Returns 1. */
static inline int accelguest_fails(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* Tries to reach what it must not: HOW ADDRESS PORT SECRET-PORT TRIES. */
int accelguest_race(char **argv);

/* Binds a socket that was switched and is idle again: ADDRESS PORT OTHER. */
int accelguest_rebind(char **argv);
