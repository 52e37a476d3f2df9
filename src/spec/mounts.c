/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: the field tables of config.md, "Root" and "Mounts", and of id mappings. */
#include "spec/spec.h"
#include "spec/tables.h"

static const struct json_field root_fields[] = {
	JSON_F_STR(struct spec_root, path, "path", JSON_REQUIRED | JSON_NONEMPTY),
	JSON_F_BOOL(struct spec_root, readonly, "readonly", 0),
	JSON_F_END,
};

const struct json_table spec_root_table = {
	.name = "root",
	.size = sizeof(struct spec_root),
	.fields = root_fields,
};

static const struct json_field id_mapping_fields[] = {
	JSON_F_U32(struct spec_id_mapping, container_id, "containerID", JSON_REQUIRED, UINT32_MAX),
	JSON_F_U32(struct spec_id_mapping, host_id, "hostID", JSON_REQUIRED, UINT32_MAX),
	JSON_F_U32(struct spec_id_mapping, size, "size", JSON_REQUIRED, UINT32_MAX),
	JSON_F_END,
};

const struct json_table spec_id_mapping_table = {
	.name = "linux.uidMappings[]",
	.size = sizeof(struct spec_id_mapping),
	.fields = id_mapping_fields,
};

/* A relative destination is legal on Linux and starts at the container's root. */
static const struct json_field mount_fields[] = {
	JSON_F_STR(struct spec_mount, destination, "destination", JSON_REQUIRED | JSON_NONEMPTY),
	JSON_F_STR(struct spec_mount, source, "source", 0),
	JSON_F_STR(struct spec_mount, type, "type", 0),
	JSON_F_STRS(struct spec_mount, options, "options", 0),
	JSON_F_LIST(struct spec_mount, uid_mappings, "uidMappings", 0, &spec_id_mapping_table),
	JSON_F_LIST(struct spec_mount, gid_mappings, "gidMappings", 0, &spec_id_mapping_table),
	JSON_F_END,
};

const struct json_table spec_mount_table = {
	.name = "mounts[]",
	.size = sizeof(struct spec_mount),
	.fields = mount_fields,
};
