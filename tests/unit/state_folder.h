/* SPDX-License-Identifier: Apache-2.0 */
/* A state folder in a scratch folder, and the processes that stand for a container in it. */
#pragma once

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "host/delete.h"
#include "host/kill.h"
#include "state/file.h"
#include "state/folder.h"
#include "sys/proc.h"
#include "tests/unit/scratch.h"

static char root[PATH_MAX];
static struct arena arena;
static struct err err;

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static inline int setup(void **unused)
{
	(void)unused;
	memset(&err, 0, sizeof(err));
	return scratch_make(root);
}

static inline int teardown(void **unused)
{
	(void)unused;
	chmod(root, 0700);
	arena_done(&arena);
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline char *path(const char *name)
{
	return arena_printf(&arena, "%s/%s", root, name);
}

static inline void put_file(const char *name, const char *text)
{
	scope_file FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
}

static inline pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			pause();
		}
	}
	assert_true(pid > 0);
	return pid;
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline struct state state_of(pid_t pid)
{
	static struct pair pairs[] = { { "org.example.a", "1 \"quoted\"\n" }, { "b", "" } };
	struct state state = {
		.oci_version = "1.3.0",
		.id = "c1",
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.created = "2026-01-02T15:04:05.123456789Z",
		.owner = "nobody",
		.pid = pid,
		.annotations = { .v = pairs, .n = 2 },
	};
	char letter;

	assert_int_equal(sys_process_start_time(pid, &state.start_time, &letter), 0);
	return state;
}

/* ROOT/c1 with the state given, unlocked. */
static inline void make(const struct state *state, bool gate)
{
	struct state_dir dir = { .fd = -1 };

	assert_int_equal(state_reserve(root, "c1", &dir, &err), 0);
	if (gate) {
		assert_int_equal(state_write_file(&dir, "gate", "", 0, &err), 0);
	}
	assert_int_equal(state_save(&dir, state, &err), 0);
	state_close(&dir);
	assert_int_equal(dir.fd, -1);
}

/* As the command does: the name is enough. */
static inline int delete_it(const char *id, bool force)
{
	struct container c = container_named(root, id);
	int rc = host_delete(&c, force, &err);

	container_done(&c);
	return rc;
}

static inline int kill_it(int sig)
{
	const struct container_want any = { .status = 0 };
	struct container c;
	int rc = container_find(root, "c1", &any, &c, &err);

	if (rc < 0) {
		return rc;
	}
	rc = host_kill(&c, sig, false, &err);
	container_done(&c);
	return rc;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
