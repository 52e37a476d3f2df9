/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/remember: what a launch notes of its cgroup until state.json is there.
 *
 * state.json is written when the container is ready. What a launch that is killed before that
 * leaves is found by this file; so each thing is written down before it is made.
 */
#include "cgroup/remember.h"

#include "cgroup/record.h"
#include "cgroup/remove.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "json/decode.h"
#include "json/encode.h"
#include "json/tree.h"

#define FILE_NAME "cgroup.json"
#define TEXT_MAX 65536

int cgroup_remember(int dir, const char *path, const struct cgroup *cgroup, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct json_writer w;
	struct text text;
	int rc;

	text_init(&text, &arena);
	json_writer_init(&w, &text, true);
	json_object_begin(&w, NULL);
	cgroup_write(&w, cgroup);
	json_object_end(&w);
	text_add(&text, "\n");
	rc = sys_replace_file(dir, FILE_NAME, text.s, text.len);
	if (rc < 0) {
		return err_errno(err, -rc, "cannot write %s/" FILE_NAME, path);
	}
	return 0;
}

int cgroup_forget(int dir, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct cgroup cg = { .manager = PLAN_CGROUP_NONE };
	struct err ignored;
	const struct json *tree, *member;
	const char *text;
	ssize_t len = sys_read_file(&arena, dir, FILE_NAME, TEXT_MAX, &text);

	if (len < 0) {
		return 0;
	}
	/* Cut off by a power failure, or by nobody: then there is nothing to go by. */
	if (json_parse(&arena, text, (size_t)len, &tree, &ignored) < 0 ||
	    !(member = json_member(tree, "cgroup")) ||
	    json_decode(&arena, &cgroup_table, member, &cg, &ignored) < 0) {
		return 0;
	}
	if (cgroup_remove(&cg, err) < 0) {
		return err_wrap(err, "the cgroup that a killed launch left");
	}
	return 0;
}
