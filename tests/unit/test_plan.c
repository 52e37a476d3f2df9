/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden plans: tests/golden/plan/NAME.json with the facts of NAME.facts must give the text of
 * NAME.plan, or the error in NAME.error. Most of what rootlet decides is held here, without any
 * privilege. Without NAME.facts they are those of an ordinary user, default_facts.
 *
 * ROOTLET_GOLDEN_UPDATE=1 writes the expected files anew: read the difference before committing it.
 *
 * A facts file has one fact a line: "uid 1000", "subuid 100000 65536", "rlimit 7 4096",
 * "privileged", "outer 0 1000 1". What the command line would say is a line of its own, "option net
 * slirp4netns". With lines of exec ("exec-other pid", "exec-map 0 1000 1", "exec-arg sh",
 * "exec-user 5:6", "exec-process {...}") the plan is that of exec; with "exec-mounts add" or
 * "exec-mounts remove" it is that of `rootlet mounts` for the mounts of the configuration.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "base/table.h"
#include "lib/plan_print.h"
#include "plan/build.h"
#include "plan/enter.h"
#include "plan/exec.h"
#include "spec/load.h"
#include "spec/names.h"
#include "spec/tables.h"
#include "json/tree.h"

#define FOLDER TESTS_DIR "/golden/plan"

static const char default_facts[] = "uid 1000\n"
				    "gid 1000\n"
				    "user alice\n"
				    "helpers\n"
				    "subuid 100000 65536\n"
				    "subgid 100000 65536\n";

static char *read_text(const char *path)
{
	scope_file FILE *file = fopen(path, "re");
	char *text;
	size_t len;

	if (!file) {
		return NULL;
	}
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	len = fread(text, 1, (1 << 20) - 1, file);
	assert_true(len < (1 << 20) - 1);
	return text;
}

static void add_range(struct arena *arena, struct facts_ranges *ranges, unsigned start,
		      unsigned count)
{
	size_t room = 0;

	ranges->v = arena_grow(arena, ranges->v, ranges->n, &room, sizeof(*ranges->v));
	ranges->v[ranges->n++] = (struct facts_range){ .start = start, .count = count };
}

static void add_extent(struct arena *arena, struct facts_extents *extents, unsigned inside,
		       unsigned outside, unsigned count)
{
	size_t room = 0;

	extents->v = arena_grow(arena, extents->v, extents->n, &room, sizeof(*extents->v));
	extents->v[extents->n++] =
		(struct facts_extent){ .inside = inside, .outside = outside, .count = count };
}

struct exec_case {
	bool wanted;
	bool in_cgroup;
	struct facts_container container;
	struct plan_exec_wish wish;
	const char *process;	     /* what the file of --process holds; NULL: none */
	const char *mounts;	     /* "add" or "remove"; NULL: a process is started */
	struct plan_options options; /* what the command line says of a launch */
};

static void add_string(struct arena *arena, struct strs *list, const char *text)
{
	size_t room = 0;

	list->v = arena_grow(arena, list->v, list->n, &room, sizeof(*list->v));
	list->v[list->n++] = arena_strdup(arena, text);
}

/* What follows "exec-". */
static void read_exec(struct arena *arena, const char *word, const char *rest, struct exec_case *e)
{
	const struct name *kind = names_find(spec_namespace_names, rest);
	unsigned a = 0, b = 0, c = 0;

	e->wanted = true;
	if (str_eq(word, "other")) {
		assert_non_null(kind);
		e->container.other |= (uint64_t)kind->value;
	} else if (str_eq(word, "map")) {
		assert_int_equal(sscanf(rest, "%u %u %u", &a, &b, &c), 3);
		add_extent(arena, &e->container.uids, a, b, c);
		add_extent(arena, &e->container.gids, a, b, c);
	} else if (str_eq(word, "setgroups-denied")) {
		e->container.setgroups_denied = true;
	} else if (str_eq(word, "in-cgroup")) {
		e->in_cgroup = true;
	} else if (str_eq(word, "arg")) {
		add_string(arena, &e->wish.args, rest);
	} else if (str_eq(word, "env")) {
		add_string(arena, &e->wish.env, rest);
	} else if (str_eq(word, "cap")) {
		add_string(arena, &e->wish.caps, rest);
	} else if (str_eq(word, "groups")) {
		add_string(arena, &e->wish.groups, rest);
	} else if (str_eq(word, "user")) {
		e->wish.user = arena_strdup(arena, rest);
	} else if (str_eq(word, "cwd")) {
		e->wish.cwd = arena_strdup(arena, rest);
	} else if (str_eq(word, "tty")) {
		e->wish.set_terminal = e->wish.terminal = true;
	} else if (str_eq(word, "apparmor")) {
		e->wish.apparmor = arena_strdup(arena, rest);
	} else if (str_eq(word, "selinux")) {
		e->wish.selinux = arena_strdup(arena, rest);
	} else if (str_eq(word, "no-new-privs")) {
		e->wish.set_no_new_privs = true;
		e->wish.no_new_privs = str_eq(rest, "true");
	} else if (str_eq(word, "process")) {
		e->process = arena_strdup(arena, rest);
	} else if (str_eq(word, "mounts")) {
		e->mounts = arena_strdup(arena, rest);
	} else {
		fail_msg("unknown fact: exec-%s", word);
	}
}

static struct strs words(struct arena *arena, const char *text)
{
	struct strs list = { .v = arena_array(arena, strlen(text) + 1, sizeof(*list.v)) };
	char *copy = arena_strdup(arena, text);
	char *rest = NULL;

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		list.v[list.n++] = word;
	}
	return list;
}

/*
 * "cgroup v2", "cgroup-mount /sys/fs/cgroup", "cgroup-top /a", "cgroup-base /a/b", "systemd
 * unix:path=…".
 */
static bool read_cgroup_fact(struct arena *arena, const char *word, const char *rest,
			     struct facts_cgroup *f)
{
	static const struct name modes[] = {
		{ "none", FACTS_CGROUP_NONE },
		{ "v1", FACTS_CGROUP_V1 },
		{ "hybrid", FACTS_CGROUP_HYBRID },
		{ "v2", FACTS_CGROUP_V2 },
		NAMES_END,
	};
	const char *text = arena_strdup(arena, rest);

	if (str_eq(word, "cgroup")) {
		const struct name *mode = names_find(modes, rest);

		assert_non_null(mode);
		f->mode = (enum facts_cgroup_mode)mode->value;
	} else if (str_eq(word, "cgroup-mount")) {
		f->mount = text;
	} else if (str_eq(word, "cgroup-top")) {
		f->top = text;
	} else if (str_eq(word, "cgroup-base")) {
		f->base = text;
	} else if (str_eq(word, "cgroup-own-is-root")) {
		f->own_is_root = true;
	} else if (str_eq(word, "cgroup-why-not")) {
		f->why_not = text;
	} else if (str_eq(word, "cgroup-controllers")) {
		f->controllers = words(arena, rest);
	} else if (str_eq(word, "systemd")) {
		f->systemd = text;
	} else if (str_eq(word, "systemd-is-system")) {
		f->systemd_is_system = true;
	} else if (str_eq(word, "systemd-why-not")) {
		f->why_no_systemd = text;
	} else if (str_eq(word, "systemd-controllers")) {
		f->systemd_controllers = words(arena, rest);
		f->systemd_controllers_known = true;
	} else {
		return false;
	}
	return true;
}

/* What follows "device": INDEX ACCESS MODE UID GID NAME. */
static void read_device_fact(struct arena *arena, const char *rest, struct facts *f)
{
	unsigned a = 0, b = 0;
	struct facts_device d = { 0 };
	char name[64] = "";

	assert_true(sscanf(rest, "%u %u %o %u %u %63s", &a, &b, &d.mode, &d.uid, &d.gid, name) >=
		    5);
	d.access = (enum facts_access)b;
	d.group = name[0] ? arena_strdup(arena, name) : NULL;
	if (!f->devices) {
		f->devices = arena_array(arena, 16, sizeof(*f->devices));
	}
	f->devices[a] = d;
}

/* The ids that the user has, and who maps them: "subuid 100000 65536", "outer 0 1000 1". */
static bool read_id_fact(struct arena *arena, const char *word, const char *rest, struct facts *f)
{
	unsigned a = 0, b = 0, c = 0;

	if (str_eq(word, "maps-ids")) {
		f->maps_ids = true;
	} else if (str_eq(word, "subid-source")) {
		f->subid_source = arena_strdup(arena, rest);
	} else if (str_eq(word, "setgroups-denied")) {
		f->setgroups_denied = true;
	} else if (str_eq(word, "outer")) {
		assert_int_equal(sscanf(rest, "%u %u %u", &a, &b, &c), 3);
		add_extent(arena, &f->own_uids, a, b, c);
		add_extent(arena, &f->own_gids, a, b, c);
	} else if (str_eq(word, "subuid")) {
		assert_int_equal(sscanf(rest, "%u %u", &a, &b), 2);
		add_range(arena, &f->subuids, a, b);
	} else if (str_eq(word, "subgid")) {
		assert_int_equal(sscanf(rest, "%u %u", &a, &b), 2);
		add_range(arena, &f->subgids, a, b);
	} else if (str_eq(word, "subuid-fault")) {
		f->subuids.faults.v = arena_alloc(arena, sizeof(*f->subuids.faults.v));
		f->subuids.faults.v[f->subuids.faults.n++] = arena_strdup(arena, rest);
	} else if (str_eq(word, "helpers")) {
		f->newuidmap = "/usr/bin/newuidmap";
		f->newgidmap = "/usr/bin/newgidmap";
	} else if (str_eq(word, "helper-uid")) {
		f->newuidmap = "/usr/bin/newuidmap";
	} else if (str_eq(word, "helper-fault")) {
		f->helper_fault = arena_strdup(arena, rest);
	} else {
		return false;
	}
	return true;
}

/* One line of a facts file. */
static void read_fact(struct arena *arena, const char *line, struct facts *f, struct exec_case *e)
{
	unsigned a = 0;
	unsigned long long big;
	char word[128] = "";
	char rest[256] = "";

	sscanf(line, "%127s %255[^\n]", word, rest);
	if (str_starts(word, "exec-")) {
		read_exec(arena, word + strlen("exec-"), rest, e);
	} else if (str_eq(word, "uid")) {
		assert_int_equal(sscanf(rest, "%u", &f->uid), 1);
	} else if (str_eq(word, "gid")) {
		assert_int_equal(sscanf(rest, "%u", &f->gid), 1);
	} else if (str_eq(word, "user")) {
		f->user = arena_strdup(arena, rest);
	} else if (str_eq(word, "privileged")) {
		f->privileged = true;
		f->maps_ids = true;
	} else if (str_eq(word, "in-userns")) {
		f->in_userns = true;
	} else if (str_eq(word, "apparmor")) {
		f->has_apparmor = true;
	} else if (str_eq(word, "device")) {
		read_device_fact(arena, rest, f);
	} else if (str_eq(word, "selinux")) {
		f->has_selinux = true;
	} else if (str_eq(word, "session-ends")) {
		f->session_ends = true;
	} else if (str_eq(word, "rlimit")) {
		assert_int_equal(sscanf(rest, "%u %llu", &a, &big), 2);
		f->rlimit_hard[a] = big;
	} else if (str_eq(word, "raise-rlimits")) {
		f->may_raise_rlimits = true;
	} else if (str_eq(word, "oom-score")) {
		f->oom_score_adj = strtol(rest, NULL, 10);
	} else if (str_eq(word, "resctrl")) {
		f->resctrl = arena_strdup(arena, rest);
	} else if (str_eq(word, "seccomp-receiver")) {
		f->seccomp_receiver = arena_strdup(arena, rest);
	} else if (str_eq(word, "listen-fds")) {
		f->listen_fds = (int)strtol(rest, NULL, 10);
	} else if (str_eq(word, "listen-names")) {
		f->listen_names = arena_strdup(arena, rest);
	} else if (str_eq(word, "last-cap")) {
		f->last_cap = (unsigned)strtoul(rest, NULL, 10);
	} else if (!read_id_fact(arena, word, rest, f) &&
		   !read_cgroup_fact(arena, word, rest, &f->cgroup)) {
		fail_msg("unknown fact: %s", line);
	}
}

/* "option net slirp4netns", "option publish 8080:80": what the command line would say. */
static void read_option(struct arena *arena, const char *text, struct plan_options *options)
{
	static const struct name managers[] = {
		{ "systemd", PLAN_CGROUP_ONLY_SYSTEMD },
		{ "cgroupfs", PLAN_CGROUP_ONLY_FS },
		{ "disabled", PLAN_CGROUP_DISABLED },
		NAMES_END,
	};
	char *value = arena_strdup(arena, text);
	const char *key = strsep(&value, " ");

	if (str_eq(key, "cgroup-manager")) {
		const struct name *manager = names_find(managers, value);

		assert_non_null(manager);
		options->cgroup_manager = (enum plan_cgroup_choice)manager->value;
	} else if (str_eq(text, "limits best-effort")) {
		options->best_effort = true;
	} else if (str_eq(key, "net")) {
		options->net = value;
	} else if (str_eq(key, "net-of")) {
		options->net_of = value;
	} else if (str_eq(key, "net-of-ours")) {
		options->net_of_ours = true;
	} else if (str_eq(key, "net-names")) {
		options->net_names = true;
	} else if (str_eq(key, "net-accel")) {
		options->net_accel = true;
	} else if (str_eq(key, "publish")) {
		add_string(arena, &options->publish, value);
	} else if (str_eq(key, "notify")) {
		options->notify = value;
	} else if (str_eq(key, "preserve-fds")) {
		options->preserve_fds = (int)strtol(value, NULL, 10);
	} else if (str_eq(key, "state")) {
		options->state = value;
	} else if (str_eq(key, "trace")) {
		options->trace = true;
	} else if (str_eq(key, "no-pivot")) {
		options->no_pivot = true;
	} else if (str_eq(key, "no-new-keyring")) {
		options->no_new_keyring = true;
	} else {
		fail_msg("unknown option: %s", text);
	}
}

static void read_facts(struct arena *arena, char *text, struct facts *f, struct exec_case *e)
{
	f->last_cap = 40;
	for (int i = 0; i < FACTS_RLIMITS; i++) {
		f->rlimit_hard[i] = RLIM_INFINITY;
	}
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (str_starts(line, "option ")) {
			read_option(arena, line + strlen("option "), &e->options);
		} else if (line[0] != '#' && line[0]) {
			read_fact(arena, line, f, e);
		}
	}
}

static void compare(const char *path, const char *got)
{
	scope_free char *want = NULL;

	if (getenv("ROOTLET_GOLDEN_UPDATE")) {
		scope_file FILE *file = fopen(path, "we");

		assert_non_null(file);
		fputs(got, file);
		return;
	}
	want = read_text(path);
	if (!want) {
		fail_msg("%s is missing; got:\n%s", path, got);
	}
	if (!str_eq(got, want)) {
		fail_msg("%s differs; got:\n%s", path, got);
	}
}

static int make_plan(struct arena *arena, const char *json, const struct facts *facts,
		     const struct exec_case *e, const struct plan **ret, struct err *err)
{
	const struct plan_options *options = &e->options;
	struct spec_process *process, *file = NULL;
	struct spec *spec;

	TRY(spec_load(arena, json, strlen(json), &spec, err));
	if (!e->wanted) {
		return plan_build(arena, spec, facts, options, ret, err);
	}
	if (e->mounts) {
		const struct plan_mounts_wish wish = {
			.file = "mounts.json",
			.v = spec->mounts.v,
			.n = spec->mounts.n,
			.remove = str_eq(e->mounts, "remove"),
			.cgroup = e->in_cgroup ? PLAN_CGROUP_FS : PLAN_CGROUP_NONE,
		};

		return plan_enter_mounts(arena, spec, facts, &e->container, options, &wish, ret,
					 err);
	}
	if (e->process) {
		TRY(spec_load_process(arena, e->process, strlen(e->process), &file, err));
	}
	TRY(plan_exec_process(arena, spec, file, &e->wish, &process, err));
	return plan_exec(arena, spec, process, facts, &e->container, e->in_cgroup, options, ret,
			 err);
}

static void one_golden(void **state)
{
	const char *name = *state;
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *json = read_text(arena_printf(&arena, "%s/%s.json", FOLDER, name));
	scope_free char *facts_text = read_text(arena_printf(&arena, "%s/%s.facts", FOLDER, name));
	struct exec_case exec = {
		.options = { .id = "golden", .bundle = "/bundle", .state = "/state/golden" }
	};
	struct facts facts = { 0 };
	struct err err = { 0 };
	const struct plan *plan;

	assert_non_null(json);
	if (!facts_text) {
		facts_text = strdup(default_facts);
		assert_non_null(facts_text);
	}
	read_facts(&arena, facts_text, &facts, &exec);
	if (make_plan(&arena, json, &facts, &exec, &plan, &err) < 0) {
		compare(arena_printf(&arena, "%s/%s.error", FOLDER, name),
			arena_printf(&arena, "%s\n", err.msg));
		return;
	}
	compare(arena_printf(&arena, "%s/%s.plan", FOLDER, name), plan_print(&arena, plan));
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && str_eq(entry->d_name + len - 5, ".json");
}

/* ---- each property ---- */

/* Of Windows: that its type is right is all that is asked. */
static const char *const not_ours[] = { "process.commandLine", "process.user.username" };

struct walk {
	struct arena *arena;
	struct strs seen; /* "linux.uidMappings[].size" */
	size_t room;
	int missing;
};

static bool holds(const struct strs *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->v[i], text)) {
			return true;
		}
	}
	return false;
}

static const char *below(struct arena *arena, const char *path, enum json_kind kind)
{
	if (kind == JSON_K_LIST) {
		return arena_printf(arena, "%s[].", path);
	}
	return arena_printf(arena, "%s.", path);
}

/* Notes which properties of the table the object has. */
static void note_seen(struct walk *w, const char *prefix, const struct json_table *table,
		      const struct json *object)
{
	for (const struct json_field *f = table->fields; f->key; f++) {
		const char *path = arena_printf(w->arena, "%s%s", prefix, f->key);
		const struct json *value = json_member(object, f->key);

		if (!value) {
			continue;
		}
		if (!holds(&w->seen, path)) {
			w->seen.v = arena_grow(w->arena, w->seen.v, w->seen.n, &w->room,
					       sizeof(*w->seen.v));
			w->seen.v[w->seen.n++] = path;
		}
		if (f->kind == JSON_K_LIST || f->kind == JSON_K_MAP) {
			for (value = value->first; value; value = value->next) {
				note_seen(w, below(w->arena, path, f->kind), f->table, value);
			}
		} else if (f->table) {
			note_seen(w, below(w->arena, path, f->kind), f->table, value);
		}
	}
}

static void tell_missing(struct walk *w, const char *prefix, const struct json_table *table)
{
	for (const struct json_field *f = table->fields; f->key; f++) {
		const char *path = arena_printf(w->arena, "%s%s", prefix, f->key);

		if (!holds(&w->seen, path) && !str_eq(path, not_ours[0]) &&
		    !str_eq(path, not_ours[1])) {
			print_message("%s: a property of which there is no golden plan\n", path);
			w->missing++;
		}
		if (f->table) {
			tell_missing(w, below(w->arena, path, f->kind), f->table);
		}
	}
}

/* Whoever adds a property shows what is planned for it. */
static void each_property(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct walk w = { .arena = &arena };
	struct dirent **entries;
	int n = scandir(FOLDER, &entries, is_case, alphasort);

	(void)state;
	for (int i = 0; i < n; i++) {
		size_t len = strlen(entries[i]->d_name) - strlen(".json");
		scope_free char *json = read_text(
			arena_printf(&arena, "%s/%.*s.json", FOLDER, (int)len, entries[i]->d_name));
		const struct json *tree;
		struct err err;

		assert_non_null(json);
		if (json_parse(&arena, json, strlen(json), &tree, &err) == 0) {
			note_seen(&w, "", &spec_table, tree);
		}
		free(entries[i]);
	}
	free(entries);
	tell_missing(&w, "", &spec_table);
	assert_int_equal(w.missing, 0);
}

int main(void)
{
	struct dirent **entries;
	int n = scandir(FOLDER, &entries, is_case, alphasort);
	struct arena names = { 0 };
	struct CMUnitTest *tests;
	int failed;

	if (n <= 0) {
		fprintf(stderr, "no golden plans in %s\n", FOLDER);
		return 1;
	}
	tests = arena_array(&names, (size_t)n + 1, sizeof(*tests));
	for (int i = 0; i < n; i++) {
		char *name =
			arena_strndup(&names, entries[i]->d_name, strlen(entries[i]->d_name) - 5);

		tests[i] = (struct CMUnitTest){ .name = name,
						.test_func = one_golden,
						.initial_state = name };
		free(entries[i]);
	}
	free(entries);
	tests[n] = (struct CMUnitTest)cmocka_unit_test(each_property);
	failed = _cmocka_run_group_tests("plan", tests, (size_t)n + 1, NULL, NULL);
	arena_done(&names);
	return failed;
}
