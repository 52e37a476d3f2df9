/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/record: struct cgroup in files. */
#include <errno.h>
#include <stddef.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/internal.h"
#include "sys/fd.h"
#include "json/decode.h"
#include "json/encode.h"
#include "json/tree.h"

#define REMEMBERED_MAX 65536

static const struct json_field fields[] = {
	{ .key = "manager",
	  .kind = JSON_K_NAME,
	  .offset = offsetof(struct cgroup, manager),
	  .flags = JSON_REQUIRED,
	  .names = cgroup_manager_names },
	JSON_F_STR(struct cgroup, mount, "mount", JSON_ABSOLUTE),
	JSON_F_STR(struct cgroup, path, "path", JSON_ABSOLUTE),
	JSON_F_STR(struct cgroup, sub, "sub", JSON_NONEMPTY),
	JSON_F_STR(struct cgroup, unit, "unit", JSON_NONEMPTY),
	JSON_F_STR(struct cgroup, made, "made", JSON_ABSOLUTE),
	JSON_F_STR(struct cgroup, leaf, "leaf", JSON_ABSOLUTE),
	JSON_F_STR(struct cgroup, why, "why", 0),
	JSON_F_END,
};

const struct json_table cgroup_table = {
	.name = "cgroup",
	.size = sizeof(struct cgroup),
	.fields = fields,
};

static void write_if(struct json_writer *w, const char *key, const char *value)
{
	if (value) {
		json_string(w, key, value);
	}
}

void cgroup_write(struct json_writer *w, const struct cgroup *cg)
{
	json_object_begin(w, "cgroup");
	json_string(w, "manager", names_of(cgroup_manager_names, cg->manager));
	write_if(w, "mount", cg->mount);
	write_if(w, "path", cg->path);
	write_if(w, "sub", cg->sub);
	write_if(w, "unit", cg->unit);
	write_if(w, "made", cg->made);
	write_if(w, "leaf", cg->leaf);
	write_if(w, "why", cg->why);
	json_object_end(w);
}

void cgroup_forget(int dir_fd)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct cgroup cg = { .manager = PLAN_CGROUP_NONE };
	struct err err = { .code = 0 };
	const struct json *tree, *member;
	const char *text;
	ssize_t len = sys_read_file(&arena, dir_fd, CGROUP_REMEMBERED, REMEMBERED_MAX, &text);

	if (len < 0) {
		return;
	}
	/* Cut off by a power failure, or by nobody: then there is nothing to go by. */
	if (json_parse(&arena, text, (size_t)len, &tree, &err) < 0 ||
	    !(member = json_member(tree, "cgroup")) ||
	    json_decode(&arena, &cgroup_table, member, &cg, &err) < 0) {
		return;
	}
	if (cgroup_remove(&cg, &err) < 0) {
		log_warning("the cgroup that a killed launch left: %s", err.msg);
	}
}
