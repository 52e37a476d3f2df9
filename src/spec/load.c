/* SPDX-License-Identifier: Apache-2.0 */
/* load: from the bytes of config.json to a checked struct spec. */
#include "spec/load.h"

#include <errno.h>

#include "spec/check.h"
#include "spec/check_resources.h"
#include "spec/tables.h"
#include "json/tree.h"

static const struct json_field spec_fields[] = {
	JSON_F_STR(struct spec, oci_version, "ociVersion", JSON_REQUIRED),
	JSON_F_PTR(struct spec, root, "root", 0, &spec_root_table),
	JSON_F_PTR(struct spec, process, "process", 0, &spec_process_table),
	JSON_F_STR(struct spec, hostname, "hostname", 0),
	JSON_F_STR(struct spec, domainname, "domainname", 0),
	JSON_F_LIST(struct spec, mounts, "mounts", 0, &spec_mount_table),
	JSON_F_PTR(struct spec, hooks, "hooks", 0, &spec_hooks_table),
	JSON_F_PTR(struct spec, linux_, "linux", 0, &spec_linux_table),
	JSON_F_PAIRS(struct spec, annotations, "annotations", 0),
	JSON_F_END,
};

const struct json_table spec_table = {
	.name = "",
	.size = sizeof(struct spec),
	.fields = spec_fields,
};

/* A new struct of the table, filled from the bytes. */
static int load(struct arena *arena, const struct json_table *table, const char *bytes, size_t len,
		void **ret, struct err *err)
{
	void *out = arena_alloc(arena, table->size);
	const struct json *tree;

	TRY(json_parse(arena, bytes, len, &tree, err));
	TRY(json_decode(arena, table, tree, out, err));
	*ret = out;
	return 0;
}

int spec_load(struct arena *arena, const char *bytes, size_t len, struct spec **ret,
	      struct err *err)
{
	void *out;

	TRY(load(arena, &spec_table, bytes, len, &out, err));
	TRY(spec_check(out, err));
	*ret = out;
	return 0;
}

int spec_load_process(struct arena *arena, const char *bytes, size_t len, struct spec_process **ret,
		      struct err *err)
{
	void *out;

	TRY(load(arena, &spec_process_table, bytes, len, &out, err));
	TRY(spec_check_process(out, "", err));
	*ret = out;
	return 0;
}

int spec_load_resources(struct arena *arena, const char *bytes, size_t len,
			struct spec_resources **ret, struct err *err)
{
	void *out;

	TRY(load(arena, &spec_resources_table, bytes, len, &out, err));
	TRY(spec_check_resources(out, "", err));
	*ret = out;
	return 0;
}

int spec_load_mounts(struct arena *arena, const char *bytes, size_t len, struct spec_mount **ret,
		     size_t *ret_n, struct err *err)
{
	struct spec_mount *mounts;
	const struct json *tree;
	size_t n = 0;

	TRY(json_parse(arena, bytes, len, &tree, err));
	if (tree->type != JSON_ARRAY) {
		return err_set(err, EINVAL, "expected an array of mounts, found %s",
			       json_type_name(tree->type));
	}
	mounts = arena_array(arena, tree->count, sizeof(*mounts));
	for (const struct json *element = tree->first; element; element = element->next) {
		TRY(json_decode(arena, &spec_mount_table, element, &mounts[n++], err));
	}
	TRY(spec_check_mounts(mounts, n, "", err));
	*ret = mounts;
	*ret_n = n;
	return 0;
}
