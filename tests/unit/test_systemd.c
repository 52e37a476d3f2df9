/* SPDX-License-Identifier: Apache-2.0 */
/* Where a user's systemd manager is looked for, and that nothing waits there without end. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "systemd/address.h"
#include "tests/unit/scratch.h"

/* A folder for each test. */
static int make_folder(void **state)
{
	*state = malloc(PATH_MAX);
	return *state ? scratch_make(*state) : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	int rc = nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return rc;
}

/* A socket at path that listens and accepts nothing. */
static int listener(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/*
 * All addresses that are found with these variables, each with a blank behind; "+" before one that
 * is direct.
 */
static const char *look(struct arena *arena, const char *bus, const char *runtime,
			const char **ret_passed_over)
{
	struct systemd_addresses found;
	struct text text;

	bus ? setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1) : unsetenv("DBUS_SESSION_BUS_ADDRESS");
	runtime ? setenv("XDG_RUNTIME_DIR", runtime, 1) : unsetenv("XDG_RUNTIME_DIR");
	systemd_addresses_look(arena, false, &found);
	text_init(&text, arena);
	for (size_t i = 0; i < found.n; i++) {
		const char *address = systemd_address_text(arena, &found.v[i]);

		/* What this machine may really have is not for us to say. */
		if (!str_starts(address, "unix:path=/run/user/")) {
			text_add(&text, "%s%s ", found.v[i].direct ? "+" : "", address);
		}
	}
	if (ret_passed_over) {
		*ret_passed_over = found.passed_over;
	}
	return text.s;
}

static void addresses(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *dir = *state;
	const char *bus = arena_printf(&arena, "%s/bus", dir);
	const char *other = arena_printf(&arena, "%s/a b", dir);
	const char *direct = arena_printf(&arena, "%s/systemd/private", dir);
	/* '+': the manager's own socket. */
	const char *both = arena_printf(&arena, "+unix:path=%s unix:path=%s ", direct, bus);
	scope_fd int one = listener(bus, 1);
	scope_fd int two = listener(other, 1);
	scope_fd int three = -1;
	const char *passed_over;

	assert_int_equal(mkdir(arena_printf(&arena, "%s/systemd", dir), 0700), 0);
	three = listener(direct, 1);
	assert_string_equal(look(&arena, NULL, dir, &passed_over), both);
	assert_true(one >= 0 && two >= 0 && three >= 0);
	assert_non_null(strstr(passed_over, "$DBUS_SESSION_BUS_ADDRESS: not set"));
	/* The same socket by another way is tried once. */
	assert_string_equal(
		look(&arena, arena_printf(&arena, "unix:path=%s,guid=0123", bus), dir, NULL), both);
	assert_string_equal(
		look(&arena,
		     arena_printf(&arena, "tcp:host=h,port=1;;unix:guid=0,path=%s/a%%20b", dir),
		     dir, &passed_over),
		arena_printf(&arena, "unix:path=%s %s", other, both));
	assert_non_null(strstr(passed_over, "tcp:host=h,port=1: not a UNIX socket's address"));
	assert_string_equal(
		look(&arena, "unix:abstract=/tmp/dbus-x%2C1,guid=0", NULL, &passed_over),
		"unix:abstract=/tmp/dbus-x,1 ");
	assert_non_null(strstr(passed_over, "$XDG_RUNTIME_DIR: not set"));
}

static void addresses_refused(void **state)
{
	static const char *const bad[] = {
		"unix:",
		"unix:path=",
		"unix:path=relative",
		"unix:path=/a%2",
		"unix:path=/a%zz",
		"unix:path=/a%00",
		"unix:abstract=",
		"unix:tmpdir=/tmp",
		"unixexec:path=/bin/sh",
		"autolaunch:",
		"x",
	};
	scope_arena struct arena arena = ARENA_INIT;
	const char *dir = *state;
	const char *passed_over;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_string_equal(look(&arena, bad[i], dir, &passed_over), "");
		assert_non_null(
			strstr(passed_over,
			       arena_printf(&arena, "%s: not a UNIX socket's address", bad[i])));
	}
	assert_int_equal(mkdir(arena_printf(&arena, "%s/bus", dir), 0700), 0);
	assert_string_equal(look(&arena, NULL, dir, &passed_over), "");
	assert_non_null(strstr(passed_over, "/bus: not a socket"));
	assert_non_null(strstr(passed_over, "/systemd/private: No such file or directory"));
	assert_string_equal(look(&arena, NULL, "run/user/1", &passed_over), "");
	assert_non_null(strstr(passed_over, "$XDG_RUNTIME_DIR: not an absolute path"));
}

static void connects(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *dir = *state;
	struct systemd_address address = { .name = arena_printf(&arena, "%s/bus", dir) };
	scope_fd int one = listener(address.name, 0);
	char name[200];
	bool foreign = true;
	int sig = 0;

	scope_fd int first = systemd_address_connect(&address, 0, &foreign, &sig);

	assert_true(one >= 0 && first >= 0);
	assert_false(foreign);
	/* Its queue is full now. */
	assert_int_equal(systemd_address_connect(&address, 30, &foreign, &sig), -ETIMEDOUT);
	address.name = arena_printf(&arena, "%s/none", dir);
	assert_int_equal(systemd_address_connect(&address, 30, &foreign, &sig), -ENOENT);
	/* Longer than a socket's address may be. */
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	address.name = arena_printf(&arena, "%s/%s", dir, name);
	assert_int_equal(rename(arena_printf(&arena, "%s/bus", dir), address.name), 0);
	assert_int_equal(systemd_address_connect(&address, 30, &foreign, &sig), -ETIMEDOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(addresses, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(addresses_refused, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(connects, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
