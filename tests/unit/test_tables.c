/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in tables, once more as text: the fields of config.json with their limits, names and
 * the kernel's numbers for them, mount options, and the templates. A wrong digit in a table is seen
 * by no other test, as it is looked up by name on both sides.
 *
 * ROOTLET_GOLDEN_UPDATE=1 writes the expected files anew: read the difference before committing it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "plan/caps.h"
#include "plan/options.h"
#include "spec/spec.h"
#include "spec/tables.h"
#include "spec/names.h"
#include "spec/template.h"

static void compare(struct arena *arena, const char *name, const char *got)
{
	const char *path = arena_printf(arena, "%s/golden/tables/%s", TESTS_DIR, name);
	char *want = arena_alloc(arena, 1 << 16);
	scope_file FILE *file = NULL;

	if (getenv("ROOTLET_GOLDEN_UPDATE")) {
		file = fopen(path, "we");
		assert_non_null(file);
		fputs(got, file);
		return;
	}
	file = fopen(path, "re");
	if (!file || fread(want, 1, (1 << 16) - 1, file) == 0) {
		fail_msg("%s is missing; got:\n%s", path, got);
	}
	if (!str_eq(got, want)) {
		fail_msg("%s differs; got:\n%s", path, got);
	}
}

/* ---- fields ---- */

static void put_fields(struct text *out, const struct json_table *table, unsigned depth);

static void put_field(struct text *out, const struct json_field *f, unsigned depth)
{
	static const char *const kinds[] = {
		[JSON_K_BOOL] = "bool",	    [JSON_K_OPT_BOOL] = "bool or absent",
		[JSON_K_U32] = "u32",	    [JSON_K_OPT_INT] = "int",
		[JSON_K_OPT_UINT] = "uint", [JSON_K_STR] = "string",
		[JSON_K_STRS] = "strings",  [JSON_K_U32S] = "u32s",
		[JSON_K_PAIRS] = "pairs",   [JSON_K_NAME] = "name",
		[JSON_K_NAMES] = "names",   [JSON_K_BITS] = "bits",
		[JSON_K_STRUCT] = "struct", [JSON_K_PTR] = "struct or absent",
		[JSON_K_LIST] = "list of",  [JSON_K_MAP] = "map to",
	};

	text_add(out, "%*s%s: %s", (int)depth * 2, "", f->key, kinds[f->kind]);
	if (f->kind == JSON_K_OPT_INT || f->kind == JSON_K_U32) {
		text_add(out, " %" PRId64 " to %" PRId64, f->min, f->max);
	} else if (f->kind == JSON_K_OPT_UINT) {
		text_add(out, " to %" PRIu64, f->umax);
	}
	if (f->names) {
		text_add(out, " %s ...", f->names->name);
	}
	text_add(out, "%s%s%s%s\n", f->flags & JSON_REQUIRED ? ", required" : "",
		 f->flags & JSON_NONEMPTY ? ", not empty" : "",
		 f->flags & JSON_ABSOLUTE ? ", absolute" : "",
		 f->flags & JSON_EMPTY_IS_NONE ? ", or empty" : "");
	if (f->table) {
		put_fields(out, f->table, depth + 1);
	}
}

static void put_fields(struct text *out, const struct json_table *table, unsigned depth)
{
	if (table->closed) {
		text_add(out, "%*sno others\n", (int)depth * 2, "");
	}
	for (const struct json_field *f = table->fields; f->key; f++) {
		put_field(out, f, depth);
	}
}

static void fields(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct text out;

	(void)state;
	text_init(&out, &arena);
	put_fields(&out, &spec_table, 0);
	compare(&arena, "fields", out.s);
}

/* ---- names ---- */

static void put_names(struct text *out, const char *title, const struct name *names)
{
	text_add(out, "%s\n", title);
	for (const struct name *n = names; n->name; n++) {
		text_add(out, "  %s = 0x%" PRIx64 "\n", n->name, (uint64_t)n->value);
	}
}

static void names(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct text out;

	(void)state;
	text_init(&out, &arena);
	put_names(&out, "capabilities", plan_cap_names);
	put_names(&out, "namespaces", spec_namespace_names);
	put_names(&out, "rlimits", spec_rlimit_names);
	put_names(&out, "propagation", spec_propagation_names);
	put_names(&out, "device types", spec_device_type_names);
	put_names(&out, "I/O classes", spec_io_class_names);
	put_names(&out, "scheduler policies", spec_sched_policy_names);
	put_names(&out, "scheduler flags", spec_sched_flag_names);
	put_names(&out, "personalities", spec_personality_names);
	put_names(&out, "memory policies", spec_mpol_mode_names);
	put_names(&out, "memory policy flags", spec_mpol_flag_names);
	put_names(&out, "seccomp actions", spec_seccomp_action_names);
	put_names(&out, "seccomp operators", spec_seccomp_op_names);
	put_names(&out, "seccomp flags", spec_seccomp_flag_names);
	put_names(&out, "seccomp architectures", spec_seccomp_arch_names);
	compare(&arena, "names", out.s);
}

static void mount_options(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct text out;

	(void)state;
	text_init(&out, &arena);
	for (const struct mount_option *o = plan_mount_options; o->name; o++) {
		text_add(&out, "%s: set 0x%llx clear 0x%llx propagation 0x%lx what 0x%x\n", o->name,
			 (unsigned long long)o->set, (unsigned long long)o->clear,
			 (unsigned long)o->propagation, o->what);
	}
	compare(&arena, "mount-options", out.s);
}

/* ---- templates ---- */

static void templates(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;

	(void)state;
	compare(&arena, "template-root.json", spec_template(&arena, false, NULL, NULL));
	compare(&arena, "template-rootless.json", spec_template(&arena, true, NULL, NULL));
	compare(&arena, "template-net.json", spec_template(&arena, true, "slirp4netns", NULL));
	compare(&arena, "template-publish.json",
		spec_template(&arena, true, "slirp4netns:mtu=1500", "8080:80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(names),
		cmocka_unit_test(mount_options),
		cmocka_unit_test(templates),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
