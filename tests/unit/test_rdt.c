/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt in a tree that looks like resctrl. The kernel fills a new folder there with its
 * files; here the test does, between host_rdt_make and host_rdt_enter.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "host/rdt.h"
#include "scratch.h"
#include "sys/fd.h"

struct tree {
	struct arena arena;
	char path[PATH_MAX];
};

static const char *at(struct tree *t, const char *below)
{
	return arena_printf(&t->arena, "%s/%s", t->path, below);
}

static void put(struct tree *t, const char *below, const char *text)
{
	scope_file FILE *file = fopen(at(t, below), "we");

	assert_non_null(file);
	fputs(text, file);
}

static const char *get(struct tree *t, const char *below)
{
	const char *text = NULL;

	assert_true(sys_read_file(&t->arena, AT_FDCWD, at(t, below), 65536, &text) >= 0);
	return text;
}

static bool is_there(struct tree *t, const char *below)
{
	return access(at(t, below), F_OK) == 0;
}

static int set_up(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_int_equal(scratch_make(t->path), 0);
	assert_int_equal(mkdir(at(t, "info"), 0755), 0);
	assert_int_equal(mkdir(at(t, "mon_groups"), 0755), 0);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct tree *t = *state;
	int rc = system(arena_printf(&t->arena, "rm -rf '%s'", t->path));

	arena_done(&t->arena);
	free(t);
	return rc;
}

static struct plan_rdt rdt_of(struct tree *t, const char *group)
{
	return (struct plan_rdt){ .mount = t->path, .group = *group ? at(t, group) : t->path };
}

static void nothing_asked_for(void **state)
{
	struct plan_rdt none = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(host_rdt_make(&none, &err), 0);
	assert_int_equal(host_rdt_enter(&none, 1, &err), 0);
	assert_int_equal(host_rdt_remove(NULL, NULL, &err), 0);
}

static void own_group(void **state)
{
	struct tree *t = *state;
	struct plan_rdt rdt = rdt_of(t, "box");
	const char *lines[] = { "L2:0=f", NULL };
	char written[100] = "";
	scope_fd int pipe = -1;
	struct err err = { 0 };

	rdt.remove_group = true;
	rdt.l3_schema = "L3:0=7f0";
	rdt.mb_schema = "MB:0=20";
	rdt.schemata = (struct strs){ .v = lines, .n = 1 };
	assert_int_equal(host_rdt_make(&rdt, &err), 0);
	assert_true(is_there(t, "box"));
	/* The kernel's files are not there: nothing is made in their place. */
	assert_int_equal(host_rdt_enter(&rdt, 4711, &err), -ENOENT);
	/* A pipe keeps what is written in its order. */
	assert_int_equal(mkfifo(at(t, "box/schemata"), 0600), 0);
	pipe = open(at(t, "box/schemata"), O_RDWR | O_CLOEXEC);
	assert_true(pipe >= 0);
	put(t, "box/tasks", "");
	assert_int_equal(host_rdt_enter(&rdt, 4711, &err), 0);
	assert_string_equal(get(t, "box/tasks"), "4711\n");
	assert_true(read(pipe, written, sizeof(written) - 1) > 0);
	assert_string_equal(written, "L3:0=7f0\nMB:0=20\nL2:0=f\n");
	/* A second container of that name, or what a crash left. */
	assert_int_equal(host_rdt_make(&rdt, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "rmdir"));
	unlink(at(t, "box/schemata"));
	unlink(at(t, "box/tasks"));
	assert_int_equal(host_rdt_remove(rdt.group, NULL, &err), 0);
	assert_false(is_there(t, "box"));
	/* Somebody was faster. */
	assert_int_equal(host_rdt_remove(rdt.group, NULL, &err), 0);
}

static void a_class_by_name(void **state)
{
	struct tree *t = *state;
	struct plan_rdt rdt = rdt_of(t, "gold");
	struct err err = { 0 };

	rdt.must_exist = true;
	assert_int_equal(host_rdt_make(&rdt, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "must have been made before"));
	assert_false(is_there(t, "gold"));
	rdt.must_exist = false;
	rdt.l3_schema = "L3:0=7f0;1=1f";
	assert_int_equal(host_rdt_make(&rdt, &err), 0);
	assert_true(is_there(t, "gold"));
	/* The default class is the root. */
	rdt = rdt_of(t, "");
	rdt.must_exist = true;
	put(t, "tasks", "");
	assert_int_equal(host_rdt_make(&rdt, &err), 0);
	assert_int_equal(host_rdt_enter(&rdt, 12, &err), 0);
	assert_string_equal(get(t, "tasks"), "12\n");
}

static void the_schemata_of_a_class_must_match(void **state)
{
	static const struct {
		const char *l3, *mb;
		int rc;
	} cases[] = {
		{ "L3:0=7f0;1=1f", NULL, 0 },
		{ "L3:1=1F;0=07f0", NULL, 0 },
		{ "L3:1=1f", "MB:0=20;1=100", 0 },
		{ NULL, "MB:1= 100", 0 },
		{ "L3:0=7f0\nL3:1=1f", NULL, 0 },
		{ "L3:0=7f", NULL, -EINVAL },
		{ "L3:0=7f0;1=1", NULL, -EINVAL },
		{ "L3:2=1f", NULL, -EINVAL },
		{ "L3:0=7f0\nL3:1=1", NULL, -EINVAL },
		{ "L2:0=f", NULL, -EINVAL },
		{ "L3", NULL, -EINVAL },
		{ "L3:", NULL, -EINVAL },
		{ "L3:0", NULL, -EINVAL },
		{ "L3:0=7f0", "MB:0=30", -EINVAL },
		{ NULL, "MB:0=2", -EINVAL },
	};
	struct tree *t = *state;
	struct err err = { 0 };

	assert_int_equal(mkdir(at(t, "gold"), 0755), 0);
	put(t, "gold/schemata", "    L3:0=007f0;1=0001f\n    MB:0=  20;1= 100\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_rdt rdt = rdt_of(t, "gold");

		rdt.l3_schema = cases[i].l3;
		rdt.mb_schema = cases[i].mb;
		if (host_rdt_make(&rdt, &err) != cases[i].rc) {
			fail_msg("%zu: %s %s", i, cases[i].l3, cases[i].mb);
		}
	}
	assert_string_equal(get(t, "gold/schemata"),
			    "    L3:0=007f0;1=0001f\n    MB:0=  20;1= 100\n");
}

static void monitoring(void **state)
{
	struct tree *t = *state;
	struct plan_rdt rdt = rdt_of(t, "");
	struct err err = { 0 };

	rdt.must_exist = true;
	rdt.monitor = at(t, "mon_groups/box");
	put(t, "tasks", "");
	assert_int_equal(host_rdt_make(&rdt, &err), 0);
	put(t, "mon_groups/box/tasks", "");
	assert_int_equal(host_rdt_enter(&rdt, 5, &err), 0);
	assert_string_equal(get(t, "mon_groups/box/tasks"), "5\n");
	unlink(at(t, "mon_groups/box/tasks"));
	assert_int_equal(host_rdt_remove(NULL, rdt.monitor, &err), 0);
	assert_false(is_there(t, "mon_groups/box"));
	assert_true(is_there(t, "tasks"));
	/* No monitoring group to be had: the group that was made for it goes too. */
	rdt = rdt_of(t, "box");
	rdt.remove_group = true;
	rdt.monitor = at(t, "box/mon_groups/box");
	assert_int_equal(host_rdt_make(&rdt, &err), -ENOENT);
	assert_false(is_there(t, "box"));
}

static void the_kernels_reason(void **state)
{
	struct tree *t = *state;
	struct plan_rdt rdt = rdt_of(t, "gold");
	struct err err = { 0 };

	assert_int_equal(mkdir(at(t, "gold"), 0755), 0);
	assert_int_equal(mkdir(at(t, "gold/schemata"), 0755), 0);
	put(t, "info/last_cmd_status", "mask f0f has non-consecutive 1-bits\n");
	rdt.l3_schema = "L3:0=f0f";
	assert_true(host_rdt_enter(&rdt, 5, &err) < 0);
	assert_non_null(strstr(err.msg, "L3:0=f0f"));
	assert_non_null(strstr(err.msg, "; mask f0f has non-consecutive 1-bits"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for),
		cmocka_unit_test_setup_teardown(own_group, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_class_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_schemata_of_a_class_must_match, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(monitoring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_kernels_reason, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("rdt", tests, NULL, NULL);
}
