/* SPDX-License-Identifier: Apache-2.0 */
/* resources: the field tables of config-linux.md, "Control groups". */
#include "spec/spec.h"
#include "spec/tables.h"

/* What the kernel has room for in a device number. -1 is a client's "all". */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

static const struct json_field device_rule_fields[] = {
	JSON_F_OPT_BOOL(struct spec_device_rule, allow, "allow", JSON_REQUIRED),
	JSON_F_STR(struct spec_device_rule, type, "type", 0),
	JSON_F_INT(struct spec_device_rule, major, "major", 0, -1, MAJOR_MAX),
	JSON_F_INT(struct spec_device_rule, minor, "minor", 0, -1, MINOR_MAX),
	JSON_F_STR(struct spec_device_rule, access, "access", 0),
	JSON_F_END,
};

static const struct json_table device_rule_table = {
	.name = "linux.resources.devices[]",
	.size = sizeof(struct spec_device_rule),
	.fields = device_rule_fields,
};

static const struct json_field memory_fields[] = {
	JSON_F_INT(struct spec_memory, limit, "limit", 0, INT64_MIN, INT64_MAX),
	JSON_F_INT(struct spec_memory, reservation, "reservation", 0, INT64_MIN, INT64_MAX),
	JSON_F_INT(struct spec_memory, swap, "swap", 0, INT64_MIN, INT64_MAX),
	JSON_F_INT(struct spec_memory, kernel, "kernel", 0, INT64_MIN, INT64_MAX),
	JSON_F_INT(struct spec_memory, kernel_tcp, "kernelTCP", 0, INT64_MIN, INT64_MAX),
	JSON_F_UINT(struct spec_memory, swappiness, "swappiness", 0, 100),
	JSON_F_OPT_BOOL(struct spec_memory, disable_oom_killer, "disableOOMKiller", 0),
	JSON_F_OPT_BOOL(struct spec_memory, use_hierarchy, "useHierarchy", 0),
	JSON_F_OPT_BOOL(struct spec_memory, check_before_update, "checkBeforeUpdate", 0),
	JSON_F_END,
};

static const struct json_table memory_table = {
	.name = "linux.resources.memory",
	.size = sizeof(struct spec_memory),
	.fields = memory_fields,
};

static const struct json_field cpu_fields[] = {
	JSON_F_UINT(struct spec_cpu, shares, "shares", 0, UINT64_MAX),
	JSON_F_INT(struct spec_cpu, quota, "quota", 0, INT64_MIN, INT64_MAX),
	JSON_F_UINT(struct spec_cpu, burst, "burst", 0, UINT64_MAX),
	JSON_F_UINT(struct spec_cpu, period, "period", 0, UINT64_MAX),
	JSON_F_INT(struct spec_cpu, realtime_runtime, "realtimeRuntime", 0, INT64_MIN, INT64_MAX),
	JSON_F_UINT(struct spec_cpu, realtime_period, "realtimePeriod", 0, UINT64_MAX),
	JSON_F_STR(struct spec_cpu, cpus, "cpus", 0),
	JSON_F_STR(struct spec_cpu, mems, "mems", 0),
	JSON_F_INT(struct spec_cpu, idle, "idle", 0, 0, 1),
	JSON_F_END,
};

static const struct json_table cpu_table = {
	.name = "linux.resources.cpu",
	.size = sizeof(struct spec_cpu),
	.fields = cpu_fields,
};

static const struct json_field block_weight_fields[] = {
	JSON_F_INT(struct spec_block_device, major, "major", JSON_REQUIRED, 0, MAJOR_MAX),
	JSON_F_INT(struct spec_block_device, minor, "minor", JSON_REQUIRED, 0, MINOR_MAX),
	JSON_F_UINT(struct spec_block_device, weight, "weight", 0, UINT16_MAX),
	JSON_F_UINT(struct spec_block_device, leaf_weight, "leafWeight", 0, UINT16_MAX),
	JSON_F_END,
};

static const struct json_table block_weight_table = {
	.name = "linux.resources.blockIO.weightDevice[]",
	.size = sizeof(struct spec_block_device),
	.fields = block_weight_fields,
};

static const struct json_field block_rate_fields[] = {
	JSON_F_INT(struct spec_block_device, major, "major", JSON_REQUIRED, 0, MAJOR_MAX),
	JSON_F_INT(struct spec_block_device, minor, "minor", JSON_REQUIRED, 0, MINOR_MAX),
	JSON_F_UINT(struct spec_block_device, rate, "rate", JSON_REQUIRED, UINT64_MAX),
	JSON_F_END,
};

static const struct json_table block_rate_table = {
	.name = "linux.resources.blockIO.throttle*Device[]",
	.size = sizeof(struct spec_block_device),
	.fields = block_rate_fields,
};

static const struct json_field block_io_fields[] = {
	JSON_F_UINT(struct spec_block_io, weight, "weight", 0, UINT16_MAX),
	JSON_F_UINT(struct spec_block_io, leaf_weight, "leafWeight", 0, UINT16_MAX),
	JSON_F_LIST(struct spec_block_io, weight_device, "weightDevice", 0, &block_weight_table),
	JSON_F_LIST(struct spec_block_io, throttle_read_bps, "throttleReadBpsDevice", 0,
		    &block_rate_table),
	JSON_F_LIST(struct spec_block_io, throttle_write_bps, "throttleWriteBpsDevice", 0,
		    &block_rate_table),
	JSON_F_LIST(struct spec_block_io, throttle_read_iops, "throttleReadIOPSDevice", 0,
		    &block_rate_table),
	JSON_F_LIST(struct spec_block_io, throttle_write_iops, "throttleWriteIOPSDevice", 0,
		    &block_rate_table),
	JSON_F_END,
};

static const struct json_table block_io_table = {
	.name = "linux.resources.blockIO",
	.size = sizeof(struct spec_block_io),
	.fields = block_io_fields,
};

static const struct json_field hugepage_fields[] = {
	JSON_F_STR(struct spec_hugepage_limit, page_size, "pageSize", JSON_REQUIRED),
	JSON_F_UINT(struct spec_hugepage_limit, limit, "limit", JSON_REQUIRED, UINT64_MAX),
	JSON_F_END,
};

static const struct json_table hugepage_table = {
	.name = "linux.resources.hugepageLimits[]",
	.size = sizeof(struct spec_hugepage_limit),
	.fields = hugepage_fields,
};

static const struct json_field priority_fields[] = {
	JSON_F_STR(struct spec_interface_priority, name, "name", JSON_REQUIRED | JSON_NONEMPTY),
	JSON_F_UINT(struct spec_interface_priority, priority, "priority", JSON_REQUIRED,
		    UINT32_MAX),
	JSON_F_END,
};

static const struct json_table priority_table = {
	.name = "linux.resources.network.priorities[]",
	.size = sizeof(struct spec_interface_priority),
	.fields = priority_fields,
};

static const struct json_field network_fields[] = {
	JSON_F_UINT(struct spec_network, class_id, "classID", 0, UINT32_MAX),
	JSON_F_LIST(struct spec_network, priorities, "priorities", 0, &priority_table),
	JSON_F_END,
};

static const struct json_table network_table = {
	.name = "linux.resources.network",
	.size = sizeof(struct spec_network),
	.fields = network_fields,
};

static const struct json_field rdma_fields[] = {
	JSON_F_UINT(struct spec_rdma, hca_handles, "hcaHandles", 0, UINT32_MAX),
	JSON_F_UINT(struct spec_rdma, hca_objects, "hcaObjects", 0, UINT32_MAX),
	JSON_F_END,
};

static const struct json_table rdma_table = {
	.name = "linux.resources.rdma.*",
	.size = sizeof(struct spec_rdma),
	.fields = rdma_fields,
};

/* Since 1.3.0 config-linux.md has the limit as optional, though its schema requires it still. */
static const struct json_field pids_fields[] = {
	JSON_F_INT(struct spec_pids, limit, "limit", 0, INT64_MIN, INT64_MAX),
	JSON_F_END,
};

static const struct json_table pids_table = {
	.name = "linux.resources.pids",
	.size = sizeof(struct spec_pids),
	.fields = pids_fields,
};

static const struct json_field resources_fields[] = {
	JSON_F_LIST(struct spec_resources, devices, "devices", 0, &device_rule_table),
	JSON_F_PTR(struct spec_resources, memory, "memory", 0, &memory_table),
	JSON_F_PTR(struct spec_resources, cpu, "cpu", 0, &cpu_table),
	JSON_F_PTR(struct spec_resources, pids, "pids", 0, &pids_table),
	JSON_F_PTR(struct spec_resources, block_io, "blockIO", 0, &block_io_table),
	JSON_F_LIST(struct spec_resources, hugepage_limits, "hugepageLimits", 0, &hugepage_table),
	JSON_F_PTR(struct spec_resources, network, "network", 0, &network_table),
	JSON_F_MAP(struct spec_resources, rdma, "rdma", 0, &rdma_table),
	JSON_F_PAIRS(struct spec_resources, unified, "unified", 0),
	JSON_F_END,
};

const struct json_table spec_resources_table = {
	.name = "linux.resources",
	.size = sizeof(struct spec_resources),
	.fields = resources_fields,
};
