/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/record: struct cgroup in files. */
#include "cgroup/record.h"

#include <stddef.h>

#include "json/decode.h"
#include "json/encode.h"

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
