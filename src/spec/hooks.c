/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: the field tables of config.md, "POSIX-platform Hooks". */
#include "spec/spec.h"
#include "spec/tables.h"

static const struct json_field hook_fields[] = {
	JSON_F_STR(struct spec_hook, path, "path", JSON_REQUIRED | JSON_ABSOLUTE),
	JSON_F_STRS(struct spec_hook, args, "args", 0),
	JSON_F_STRS(struct spec_hook, env, "env", 0),
	JSON_F_INT(struct spec_hook, timeout, "timeout", 0, 1, INT32_MAX),
	JSON_F_END,
};

static const struct json_table hook_table = {
	.name = "hooks.*[]",
	.size = sizeof(struct spec_hook),
	.fields = hook_fields,
};

static const struct json_field hooks_fields[] = {
	JSON_F_LIST(struct spec_hooks, prestart, "prestart", 0, &hook_table),
	JSON_F_LIST(struct spec_hooks, create_runtime, "createRuntime", 0, &hook_table),
	JSON_F_LIST(struct spec_hooks, create_container, "createContainer", 0, &hook_table),
	JSON_F_LIST(struct spec_hooks, start_container, "startContainer", 0, &hook_table),
	JSON_F_LIST(struct spec_hooks, poststart, "poststart", 0, &hook_table),
	JSON_F_LIST(struct spec_hooks, poststop, "poststop", 0, &hook_table),
	JSON_F_END,
};

const struct json_table spec_hooks_table = {
	.name = "hooks",
	.size = sizeof(struct spec_hooks),
	.fields = hooks_fields,
};
