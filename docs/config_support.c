/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_support: writes docs/config-support.md, from the field tables that decode config.json and
 * the verdicts on what becomes of each property.
 *
 * A property without a verdict, two verdicts on one property or a verdict without a property is an
 * error: whoever adds a field says what becomes of it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/mount.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/str.h"
#include "docs/config_support.h"
#include "plan/annotations.h"
#include "plan/options.h"
#include "spec/names.h"
#include "spec/spec.h"
#include "spec/tables.h"

struct page {
	struct arena *arena;
	struct text properties;
	struct text values;
	bool used[1024]; /* rows of verdict_properties that matched */
	int faults;
};

/* ---- verdicts ---- */

/* "*" stands for characters other than a dot. */
static bool matches(const char *key, const char *path)
{
	for (; *key && *key != '*'; key++, path++) {
		if (*key != *path) {
			return false;
		}
	}
	if (!*key) {
		return !*path;
	}
	for (; *path && *path != '.'; path++) {
		if (matches(key + 1, path)) {
			return true;
		}
	}
	return matches(key + 1, path);
}

static const struct verdict_row *find(struct page *page, const char *path)
{
	const struct verdict_row *found = NULL;

	for (size_t i = 0; verdict_properties[i].key; i++) {
		if (!matches(verdict_properties[i].key, path)) {
			continue;
		}
		if (found) {
			fprintf(stderr, "config_support: %s: two verdicts, %s and %s\n", path,
				found->key, verdict_properties[i].key);
			page->faults++;
		}
		found = &verdict_properties[i];
		page->used[i] = true;
	}
	if (!found) {
		fprintf(stderr,
			"config_support: %s: no verdict: say in docs/config_verdicts.c what "
			"becomes of it\n",
			path);
		page->faults++;
	}
	return found;
}

static const char *verdict_text(struct arena *arena, const struct verdict *v)
{
	static const char *const words[] = {
		[VERDICT_DONE] = "done",
		[VERDICT_ADAPTED] = "adapted",
		[VERDICT_REFUSED] = "refused",
	};

	return v->text ? arena_printf(arena, "%s: %s", words[v->kind], v->text) : words[v->kind];
}

static void add_row(struct text *out, struct arena *arena, const char *name,
		    const struct verdict_row *row)
{
	const char *user = verdict_text(arena, &row->user);
	const char *root = verdict_text(arena, &row->root);

	text_add(out, "| %s | %s | %s |\n", name, user, str_eq(user, root) ? "the same" : root);
}

/* ---- properties ---- */

static void add_names(struct text *out, const char *path, const struct name *names)
{
	text_add(out, "| `%s` |", path);
	for (const struct name *n = names; n->name; n++) {
		text_add(out, "%s `%s`", n == names ? "" : ",", n->name);
	}
	text_add(out, " |\n");
}

static void walk(struct page *page, const char *prefix, const struct json_table *table)
{
	for (const struct json_field *f = table->fields; f->key; f++) {
		const char *path = arena_printf(page->arena, "%s%s", prefix, f->key);
		const char *below = f->kind == JSON_K_LIST ? "[]" :
				    f->kind == JSON_K_MAP  ? "{}" :
							     "";
		const struct verdict_row *row = find(page, path);

		if (row) {
			add_row(&page->properties, page->arena,
				arena_printf(page->arena, "`%s`%s", path,
					     f->flags & JSON_REQUIRED ? " (required)" : ""),
				row);
		}
		if (f->names) {
			add_names(&page->values, path, f->names);
		}
		if (f->table) {
			walk(page, arena_printf(page->arena, "%s%s.", path, below), f->table);
		}
	}
}

static void check_verdicts(struct page *page)
{
	for (size_t i = 0; verdict_properties[i].key; i++) {
		const char *key = verdict_properties[i].key;
		const char *last = strrchr(key, '.');

		if (!page->used[i]) {
			fprintf(stderr, "config_support: %s: a verdict, but no such property\n",
				key);
			page->faults++;
		}
		if (strchr(last ? last : key, '*')) {
			fprintf(stderr, "config_support: %s: no * in the last part\n", key);
			page->faults++;
		}
	}
}

/* ---- mount options ---- */

static const struct name attr_names[] = {
	{ "MOUNT_ATTR_RDONLY", MOUNT_ATTR_RDONLY },
	{ "MOUNT_ATTR_NOSUID", MOUNT_ATTR_NOSUID },
	{ "MOUNT_ATTR_NODEV", MOUNT_ATTR_NODEV },
	{ "MOUNT_ATTR_NOEXEC", MOUNT_ATTR_NOEXEC },
	{ "MOUNT_ATTR_NOATIME", MOUNT_ATTR_NOATIME },
	{ "MOUNT_ATTR_STRICTATIME", MOUNT_ATTR_STRICTATIME },
	{ "MOUNT_ATTR_NODIRATIME", MOUNT_ATTR_NODIRATIME },
	{ "MOUNT_ATTR_NOSYMFOLLOW", 0x00200000 },
	NAMES_END,
};

static void add_attrs(struct text *out, const char *verb, uint64_t bits)
{
	for (const struct name *n = attr_names; n->name; n++) {
		if (bits & (uint64_t)n->value) {
			text_add(out, "%s%s %s", out->len ? ", " : "", verb, n->name);
		}
	}
}

static const struct name propagation_names[] = {
	{ "MS_PRIVATE", MS_PRIVATE },
	{ "MS_SHARED", MS_SHARED },
	{ "MS_SLAVE", MS_SLAVE },
	{ "MS_UNBINDABLE", MS_UNBINDABLE },
	NAMES_END,
};

/* What the rows of plan_mount_options say in bits. */
static const char *option_effect(struct arena *arena, const struct mount_option *o)
{
	static const struct {
		unsigned bit;
		const char *text;
	} effects[] = {
		{ MOUNT_OPT_RBIND, "bind, with the mounts below" },
		{ MOUNT_OPT_REMOUNT, "change what is mounted there" },
		{ MOUNT_OPT_COPY_UP, "tmpfs only: filled with what the directory held" },
		{ MOUNT_OPT_IDMAP, "ids mapped by the container's user namespace" },
		{ MOUNT_OPT_SUPERBLOCK, "passed on to the filesystem" },
		{ MOUNT_OPT_NOTHING, "taken, without an effect" },
		{ MOUNT_OPT_NOFOLLOW, "a source that is a symlink is bound itself" },
		{ MOUNT_OPT_DEST_NOFOLLOW, "a destination that is a symlink is mounted over" },
		{ MOUNT_OPT_COPY_LINK, "a source that is a symlink is made anew in the container" },
	};
	struct text out;

	text_init(&out, arena);
	add_attrs(&out, "set", o->set);
	add_attrs(&out, "clear", o->clear);
	if (o->propagation) {
		text_add(&out, "%s%s",
			 names_of(propagation_names,
				  (int64_t)(o->propagation & ~(unsigned long)MS_REC)),
			 o->propagation & MS_REC ? ", with the mounts below" : "");
	}
	if ((o->what & MOUNT_OPT_BIND) && !(o->what & MOUNT_OPT_RBIND)) {
		text_add(&out, "bind");
	}
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		if (o->what & effects[i].bit) {
			text_add(&out, "%s%s", out.len ? ", " : "", effects[i].text);
		}
	}
	if (o->what & MOUNT_OPT_READONLY) {
		text_add(&out, ", and a new filesystem itself");
	}
	if (o->what & MOUNT_OPT_RECURSIVE) {
		text_add(&out, ", for the whole tree");
	}
	return out.s;
}

static const struct verdict_row *row_of(const struct verdict_row *rows, const char *key)
{
	static const struct verdict_row done = { "",
						 { VERDICT_DONE, NULL },
						 { VERDICT_DONE, NULL } };

	for (; rows->key; rows++) {
		if (str_eq(rows->key, key)) {
			return rows;
		}
	}
	return &done;
}

static void add_options(struct page *page, struct text *out)
{
	for (const struct mount_option *o = plan_mount_options; o->name; o++) {
		add_row(out, page->arena,
			arena_printf(page->arena, "`%s` | %s", o->name,
				     option_effect(page->arena, o)),
			row_of(verdict_options, o->name));
	}
	for (const struct verdict_row *r = verdict_options; r->key; r++) {
		if (!plan_mount_option(r->key)) {
			fprintf(stderr,
				"config_support: mount option %s: a verdict, but no such option\n",
				r->key);
			page->faults++;
		}
	}
}

/* ---- annotations ---- */

static bool is_annotation(const char *name)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		if (str_eq(plan_annotations[i].name, name)) {
			return true;
		}
	}
	return false;
}

static void add_annotations(struct page *page, struct text *out)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		const struct plan_annotation_row *a = &plan_annotations[i];
		bool beginning = a->name[strlen(a->name) - 1] == '.';

		add_row(out, page->arena,
			arena_printf(page->arena, "`%s%s` | %s | %s", a->name, beginning ? "*" : "",
				     a->value, a->meaning),
			row_of(verdict_annotations, a->name));
	}
	for (const struct verdict_row *r = verdict_annotations; r->key; r++) {
		if (!is_annotation(r->key)) {
			fprintf(stderr,
				"config_support: annotation %s: a verdict, but no such "
				"annotation\n",
				r->key);
			page->faults++;
		}
	}
}

/* ---- the page ---- */

static const char head[] =
	"# What becomes of each property of config.json\n\n"
	"Made by `make update-docs` from the tables that decode the configuration and from "
	"`docs/config_verdicts.c`; "
	"not "
	"to be\nedited. `make check` fails where it is not up to date.\n\n"
	"The rows are the properties of runtime-spec " SPEC_VERSION
	" for Linux, each as an ordinary user and as root gets it:\n\n"
	"- **done**: as the specification says.\n"
	"- **adapted**: the nearest thing that is possible, and how; what is missing is told in a "
	"note.\n"
	"- **refused**: an error of one line, before anything is made, and why.\n\n"
	"What Windows, Solaris, FreeBSD, z/OS and virtual machines have of their own (`windows`, "
	"`solaris`, `freebsd`, "
	"`zos`, `vm`)\nis ignored, as are properties that the specification does not know.\n";

static void print_page(const struct page *page, const char *annotations, const char *options)
{
	printf("%s\n## Properties\n\n`[]` stands for an entry of a list, `{}` for a member of a "
	       "map.\n\n"
	       "| property | ordinary user | root |\n|---|---|---|\n%s",
	       head, page->properties.s);
	printf("\n## Values\n\nWhat the properties take that have a fixed set of values. All of "
	       "them do what they say, "
	       "unless the table above\nhas an exception.\n\n| property | values |\n|---|---|\n%s",
	       page->values.s);
	printf("\n## Annotations\n\nA `*` stands for the rest of a name. One of "
	       "`org.rootlet.*` that is not here is refused.\n\n"
	       "| annotation | value | meaning | ordinary user | root |\n|---|---|---|---|---|\n%s",
	       annotations);
	printf("\n## Mount options\n\nEvery other string of `mounts[].options` goes to the "
	       "filesystem as it is.\n\n"
	       "| option | effect | ordinary user | root |\n|---|---|---|---|\n%s",
	       options);
}

int main(void)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct page page = { .arena = &arena };
	struct text annotations, options;

	text_init(&page.properties, &arena);
	text_init(&page.values, &arena);
	text_init(&annotations, &arena);
	text_init(&options, &arena);
	walk(&page, "", &spec_table);
	check_verdicts(&page);
	add_names(&page.values, "linux.seccomp.architectures", spec_seccomp_arch_names);
	add_annotations(&page, &annotations);
	add_options(&page, &options);
	if (page.faults > 0) {
		return 1;
	}
	print_page(&page, annotations.s, options.s);
	return fflush(stdout) == 0 ? 0 : 1;
}
