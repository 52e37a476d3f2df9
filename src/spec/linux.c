/* SPDX-License-Identifier: Apache-2.0 */
/* linux: the field tables of config-linux.md, apart from cgroups and seccomp. */
#include <sys/stat.h>

#include "spec/names.h"
#include "spec/spec.h"
#include "spec/tables.h"

/* What the kernel has room for in a device number. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

static const struct json_field namespace_fields[] = {
	JSON_F_NAME(struct spec_namespace, type, "type", JSON_REQUIRED, spec_namespace_names),
	/* Some clients write "", and mean a new one, as with runc. */
	JSON_F_STR(struct spec_namespace, path, "path", JSON_ABSOLUTE | JSON_EMPTY_IS_NONE),
	JSON_F_END,
};

static const struct json_table namespace_table = {
	.name = "linux.namespaces[]",
	.size = sizeof(struct spec_namespace),
	.fields = namespace_fields,
};

static const struct json_field clock_fields[] = {
	JSON_F_INT(struct spec_time_clock, secs, "secs", 0, INT64_MIN, INT64_MAX),
	JSON_F_UINT(struct spec_time_clock, nanosecs, "nanosecs", 0, 999999999),
	JSON_F_END,
};

static const struct json_table clock_table = {
	.name = "linux.timeOffsets.*",
	.size = sizeof(struct spec_time_clock),
	.fields = clock_fields,
};

static const struct json_field time_fields[] = {
	JSON_F_PTR(struct spec_time_offsets, boottime, "boottime", 0, &clock_table),
	JSON_F_PTR(struct spec_time_offsets, monotonic, "monotonic", 0, &clock_table),
	JSON_F_END,
};

/* The members are clocks, not properties: an offset of one that isn't known can't be honoured. */
static const struct json_table time_table = {
	.name = "linux.timeOffsets",
	.size = sizeof(struct spec_time_offsets),
	.fields = time_fields,
	.closed = true,
};

/* podman copies st_mode into fileMode, with the bits of the file type. */
static const struct json_field device_fields[] = {
	JSON_F_NAME(struct spec_device, type, "type", JSON_REQUIRED, spec_device_type_names),
	JSON_F_STR(struct spec_device, path, "path", JSON_REQUIRED | JSON_ABSOLUTE),
	JSON_F_INT(struct spec_device, major, "major", 0, 0, MAJOR_MAX),
	JSON_F_INT(struct spec_device, minor, "minor", 0, 0, MINOR_MAX),
	JSON_F_UINT(struct spec_device, file_mode, "fileMode", 0, S_IFMT | 07777),
	JSON_F_UINT(struct spec_device, uid, "uid", 0, UINT32_MAX),
	JSON_F_UINT(struct spec_device, gid, "gid", 0, UINT32_MAX),
	JSON_F_END,
};

static const struct json_table device_table = {
	.name = "linux.devices[]",
	.size = sizeof(struct spec_device),
	.fields = device_fields,
};

static const struct json_field net_device_fields[] = {
	JSON_F_STR(struct spec_net_device, name, "name", 0),
	JSON_F_END,
};

static const struct json_table net_device_table = {
	.name = "linux.netDevices.*",
	.size = sizeof(struct spec_net_device),
	.fields = net_device_fields,
};

static const struct json_field personality_fields[] = {
	JSON_F_NAME(struct spec_personality, domain, "domain", JSON_REQUIRED,
		    spec_personality_names),
	JSON_F_STRS(struct spec_personality, flags, "flags", 0),
	JSON_F_END,
};

static const struct json_table personality_table = {
	.name = "linux.personality",
	.size = sizeof(struct spec_personality),
	.fields = personality_fields,
};

static const struct json_field rdt_fields[] = {
	JSON_F_STR(struct spec_intel_rdt, clos_id, "closID", JSON_NONEMPTY),
	JSON_F_STRS(struct spec_intel_rdt, schemata, "schemata", 0),
	JSON_F_STR(struct spec_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	JSON_F_STR(struct spec_intel_rdt, mem_bw_schema, "memBwSchema", 0),
	JSON_F_BOOL(struct spec_intel_rdt, enable_monitoring, "enableMonitoring", 0),
	JSON_F_END,
};

static const struct json_table rdt_table = {
	.name = "linux.intelRdt",
	.size = sizeof(struct spec_intel_rdt),
	.fields = rdt_fields,
};

static const struct json_field mpol_fields[] = {
	JSON_F_NAME(struct spec_memory_policy, mode, "mode", JSON_REQUIRED, spec_mpol_mode_names),
	JSON_F_STR(struct spec_memory_policy, nodes, "nodes", 0),
	JSON_F_BITS(struct spec_memory_policy, flags, "flags", 0, spec_mpol_flag_names),
	JSON_F_END,
};

static const struct json_table mpol_table = {
	.name = "linux.memoryPolicy",
	.size = sizeof(struct spec_memory_policy),
	.fields = mpol_fields,
};

static const struct json_field linux_fields[] = {
	JSON_F_LIST(struct spec_linux, namespaces, "namespaces", 0, &namespace_table),
	JSON_F_LIST(struct spec_linux, uid_mappings, "uidMappings", 0, &spec_id_mapping_table),
	JSON_F_LIST(struct spec_linux, gid_mappings, "gidMappings", 0, &spec_id_mapping_table),
	JSON_F_PTR(struct spec_linux, time_offsets, "timeOffsets", 0, &time_table),
	JSON_F_LIST(struct spec_linux, devices, "devices", 0, &device_table),
	JSON_F_MAP(struct spec_linux, net_devices, "netDevices", 0, &net_device_table),
	JSON_F_STR(struct spec_linux, cgroups_path, "cgroupsPath", 0),
	JSON_F_PTR(struct spec_linux, resources, "resources", 0, &spec_resources_table),
	JSON_F_PTR(struct spec_linux, intel_rdt, "intelRdt", 0, &rdt_table),
	JSON_F_PTR(struct spec_linux, memory_policy, "memoryPolicy", 0, &mpol_table),
	JSON_F_PAIRS(struct spec_linux, sysctl, "sysctl", 0),
	JSON_F_PTR(struct spec_linux, seccomp, "seccomp", 0, &spec_seccomp_table),
	JSON_F_NAME(struct spec_linux, rootfs_propagation, "rootfsPropagation", 0,
		    spec_propagation_names),
	JSON_F_STRS(struct spec_linux, masked_paths, "maskedPaths", JSON_ABSOLUTE),
	JSON_F_STRS(struct spec_linux, readonly_paths, "readonlyPaths", JSON_ABSOLUTE),
	JSON_F_STR(struct spec_linux, mount_label, "mountLabel", 0),
	JSON_F_PTR(struct spec_linux, personality, "personality", 0, &personality_table),
	JSON_F_END,
};

const struct json_table spec_linux_table = {
	.name = "linux",
	.size = sizeof(struct spec_linux),
	.fields = linux_fields,
};
