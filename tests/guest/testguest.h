/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testguest: its commands are spread over its files. Each takes what follows its name and returns
 * the exit status: 0, or 1 when the question could not be asked.
 */
#ifndef ROOTLET_TESTS_GUEST_TESTGUEST_H
#define ROOTLET_TESTS_GUEST_TESTGUEST_H

#include <stddef.h>

/* Prints errno by its name where RC is negative, else "ok". Always 0, as an exit status. */
int testguest_answer(int rc);

/* A listening Unix socket at PATH, or -1. */
int testguest_listen_at(const char *path);

/*
 * Takes one connection of it and one descriptor from that; what came with it is in PAYLOAD, ended
 * by a NUL. Or -1.
 */
int testguest_receive_fd(int listener, char *payload, size_t size);

/* calls.c: system calls as they are, and filters of them. */
int testguest_agent(char **argv);
int testguest_as_5_7(char **argv);
int testguest_as_6_14(char **argv);
int testguest_call32(char **argv);
int testguest_calls(char **argv);
int testguest_syscall(char **argv);
int testguest_syscalls(char **argv);

#endif
