/* SPDX-License-Identifier: Apache-2.0 */
/* Which facts a configuration makes necessary: what is not needed is not looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/cgroup.h"
#include "plan/ids.h"
#include "plan/mount_adapt.h"
#include "spec/load.h"

#define TOP(members) "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}" members "}"
#define LINUX(members) TOP(", \"linux\": {" members "}")
#define USER "\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"user\"}]"
#define NO_USER "\"namespaces\": [{\"type\": \"mount\"}]"
#define JOINED "\"namespaces\": [{\"type\": \"user\", \"path\": \"/proc/7/ns/user\"}]"
#define RANGE(host, size) "{\"containerID\": 0, \"hostID\": " host ", \"size\": " size "}"
#define MORE ", {\"containerID\": 9, \"hostID\": 90, \"size\": 1}"
#define MAPS(uids, gids) USER ", \"uidMappings\": [" uids "], \"gidMappings\": [" gids "]"

static struct spec *load(struct arena *arena, const char *text)
{
	struct spec *spec = NULL;
	struct err err = { 0 };

	if (spec_load(arena, text, strlen(text), &spec, &err) < 0) {
		fail_msg("%s: %s", text, err.msg);
	}
	return spec;
}

struct row {
	const char *text;
	bool needed;
};

/* The caller is 1000:100. */
static void check_subids(const struct row *rows, size_t n, bool maps_ids, bool in_userns)
{
	const struct facts facts = {
		.uid = 1000,
		.gid = 100,
		.maps_ids = maps_ids,
		.in_userns = in_userns,
	};

	for (size_t i = 0; i < n; i++) {
		scope_arena struct arena arena = ARENA_INIT;

		if (plan_needs_subids(load(&arena, rows[i].text), &facts) != rows[i].needed) {
			fail_msg("%s", rows[i].text);
		}
	}
}

static void subids_of_a_user(void **state)
{
	static const struct row rows[] = {
		{ TOP(""), true },
		{ LINUX(NO_USER), true },
		{ LINUX(USER), true },
		{ LINUX(JOINED), false },
		/* The own ids alone can be mapped without help. */
		{ LINUX(MAPS(RANGE("1000", "1"), RANGE("100", "1"))), false },
		{ LINUX(MAPS(RANGE("1000", "2"), RANGE("100", "1"))), true },
		{ LINUX(MAPS(RANGE("1000", "1"), RANGE("100", "2"))), true },
		{ LINUX(MAPS(RANGE("1001", "1"), RANGE("100", "1"))), true },
		{ LINUX(MAPS(RANGE("1000", "1"), RANGE("101", "1"))), true },
		{ LINUX(MAPS(RANGE("1000", "1") MORE, RANGE("100", "1"))), true },
		{ LINUX(MAPS(RANGE("1000", "1"), RANGE("100", "1") MORE)), true },
	};

	(void)state;
	check_subids(rows, sizeof(rows) / sizeof(rows[0]), false, false);
	check_subids(rows, sizeof(rows) / sizeof(rows[0]), false, true);
}

static void subids_of_who_maps_himself(void **state)
{
	static const struct row rows[] = {
		{ TOP(""), false },
		{ LINUX(NO_USER), false },
		{ LINUX(USER), true },
		{ LINUX(JOINED), false },
		{ LINUX(MAPS(RANGE("5", "5"), RANGE("5", "5"))), false },
	};
	static const struct row inside[] = {
		{ LINUX(USER), false },
		{ LINUX(NO_USER), false },
	};

	(void)state;
	check_subids(rows, sizeof(rows) / sizeof(rows[0]), true, false);
	check_subids(inside, sizeof(inside) / sizeof(inside[0]), true, true);
}

#define RESOURCES(members) LINUX("\"resources\": {" members "}")

static void limits(void **state)
{
	static const struct row rows[] = {
		{ TOP(""), false },
		{ LINUX(""), false },
		{ RESOURCES(""), false },
		{ RESOURCES("\"devices\": [{\"allow\": false}]"), false },
		{ RESOURCES("\"network\": {}"), false },
		{ RESOURCES("\"memory\": {}"), true },
		{ RESOURCES("\"cpu\": {}"), true },
		{ RESOURCES("\"pids\": {}"), true },
		{ RESOURCES("\"blockIO\": {}"), true },
		{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 0}]"), true },
		{ RESOURCES("\"rdma\": {\"a\": {\"hcaHandles\": 1}}"), true },
		{ RESOURCES("\"unified\": {\"memory.high\": \"1\"}"), true },
		{ RESOURCES("\"hugepageLimits\": [], \"rdma\": {}, \"unified\": {}"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;

		if (plan_wants_limits(load(&arena, rows[i].text)) != rows[i].needed) {
			fail_msg("%s", rows[i].text);
		}
	}
}

#define MOUNTS(list) TOP(", \"mounts\": [" list "]")
#define MOUNT(type) "{\"destination\": \"/a\", \"type\": \"" type "\"}"

static void mounted_cgroups(void **state)
{
	static const struct row rows[] = {
		{ TOP(""), false },
		{ MOUNTS("{\"destination\": \"/a\"}"), false },
		{ MOUNTS(MOUNT("tmpfs") "," MOUNT("cgroupfs")), false },
		{ MOUNTS(MOUNT("cgroup")), true },
		{ MOUNTS(MOUNT("tmpfs") "," MOUNT("cgroup2")), true },
		{ MOUNTS(MOUNT("cgroup2") "," MOUNT("tmpfs")), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;

		if (plan_mounts_cgroup(load(&arena, rows[i].text)) != rows[i].needed) {
			fail_msg("%s", rows[i].text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subids_of_a_user),
		cmocka_unit_test(subids_of_who_maps_himself),
		cmocka_unit_test(limits),
		cmocka_unit_test(mounted_cgroups),
	};

	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
