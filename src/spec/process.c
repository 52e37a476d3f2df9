/* SPDX-License-Identifier: Apache-2.0 */
/* process: the field tables of config.md, "Process", with its POSIX and Linux parts. */
#include "spec/names.h"
#include "spec/spec.h"
#include "spec/tables.h"

/* The id (uint32_t)-1 means "leave it" to setresuid(2) and is refused by the kernel. */
#define ID_MAX (UINT32_MAX - 1)

static const struct json_field user_fields[] = {
	JSON_F_U32(struct spec_user, uid, "uid", 0, ID_MAX),
	JSON_F_U32(struct spec_user, gid, "gid", 0, ID_MAX),
	JSON_F_UINT(struct spec_user, umask, "umask", 0, 0777),
	JSON_F_U32S(struct spec_user, additional_gids, "additionalGids", 0),
	JSON_F_STR(struct spec_user, username, "username", 0),
	JSON_F_END,
};

static const struct json_table user_table = {
	.name = "process.user",
	.size = sizeof(struct spec_user),
	.fields = user_fields,
};

static const struct json_field capabilities_fields[] = {
	JSON_F_STRS(struct spec_capabilities, bounding, "bounding", 0),
	JSON_F_STRS(struct spec_capabilities, effective, "effective", 0),
	JSON_F_STRS(struct spec_capabilities, inheritable, "inheritable", 0),
	JSON_F_STRS(struct spec_capabilities, permitted, "permitted", 0),
	JSON_F_STRS(struct spec_capabilities, ambient, "ambient", 0),
	JSON_F_END,
};

static const struct json_table capabilities_table = {
	.name = "process.capabilities",
	.size = sizeof(struct spec_capabilities),
	.fields = capabilities_fields,
};

static const struct json_field rlimit_fields[] = {
	JSON_F_NAME(struct spec_rlimit, resource, "type", JSON_REQUIRED, spec_rlimit_names),
	JSON_F_UINT(struct spec_rlimit, soft, "soft", JSON_REQUIRED, UINT64_MAX),
	JSON_F_UINT(struct spec_rlimit, hard, "hard", JSON_REQUIRED, UINT64_MAX),
	JSON_F_END,
};

static const struct json_table rlimit_table = {
	.name = "process.rlimits[]",
	.size = sizeof(struct spec_rlimit),
	.fields = rlimit_fields,
};

static const struct json_field console_fields[] = {
	JSON_F_UINT(struct spec_console_size, height, "height", JSON_REQUIRED, UINT64_MAX),
	JSON_F_UINT(struct spec_console_size, width, "width", JSON_REQUIRED, UINT64_MAX),
	JSON_F_END,
};

static const struct json_table console_table = {
	.name = "process.consoleSize",
	.size = sizeof(struct spec_console_size),
	.fields = console_fields,
};

static const struct json_field scheduler_fields[] = {
	JSON_F_NAME(struct spec_scheduler, policy, "policy", JSON_REQUIRED,
		    spec_sched_policy_names),
	JSON_F_INT(struct spec_scheduler, nice, "nice", 0, -20, 19),
	JSON_F_INT(struct spec_scheduler, priority, "priority", 0, 0, 99),
	JSON_F_BITS(struct spec_scheduler, flags, "flags", 0, spec_sched_flag_names),
	JSON_F_UINT(struct spec_scheduler, runtime, "runtime", 0, UINT64_MAX),
	JSON_F_UINT(struct spec_scheduler, deadline, "deadline", 0, UINT64_MAX),
	JSON_F_UINT(struct spec_scheduler, period, "period", 0, UINT64_MAX),
	JSON_F_END,
};

static const struct json_table scheduler_table = {
	.name = "process.scheduler",
	.size = sizeof(struct spec_scheduler),
	.fields = scheduler_fields,
};

/* config.md calls the priority required, its schema does not; absent it is 0. */
static const struct json_field io_priority_fields[] = {
	JSON_F_NAME(struct spec_io_priority, class, "class", JSON_REQUIRED, spec_io_class_names),
	JSON_F_INT(struct spec_io_priority, priority, "priority", 0, 0, 7),
	JSON_F_END,
};

static const struct json_table io_priority_table = {
	.name = "process.ioPriority",
	.size = sizeof(struct spec_io_priority),
	.fields = io_priority_fields,
};

static const struct json_field affinity_fields[] = {
	JSON_F_STR(struct spec_cpu_affinity, initial, "initial", 0),
	JSON_F_STR(struct spec_cpu_affinity, final, "final", 0),
	JSON_F_END,
};

static const struct json_table affinity_table = {
	.name = "process.execCPUAffinity",
	.size = sizeof(struct spec_cpu_affinity),
	.fields = affinity_fields,
};

static const struct json_field process_fields[] = {
	JSON_F_BOOL(struct spec_process, terminal, "terminal", 0),
	JSON_F_PTR(struct spec_process, console_size, "consoleSize", 0, &console_table),
	JSON_F_STR(struct spec_process, cwd, "cwd", JSON_REQUIRED),
	JSON_F_STRS(struct spec_process, env, "env", 0),
	JSON_F_STRS(struct spec_process, args, "args", 0),
	JSON_F_STR(struct spec_process, command_line, "commandLine", 0),
	JSON_F_STRUCT(struct spec_process, user, "user", 0, &user_table),
	JSON_F_PTR(struct spec_process, capabilities, "capabilities", 0, &capabilities_table),
	JSON_F_LIST(struct spec_process, rlimits, "rlimits", 0, &rlimit_table),
	JSON_F_BOOL(struct spec_process, no_new_privileges, "noNewPrivileges", 0),
	JSON_F_STR(struct spec_process, apparmor_profile, "apparmorProfile", 0),
	JSON_F_STR(struct spec_process, selinux_label, "selinuxLabel", 0),
	JSON_F_INT(struct spec_process, oom_score_adj, "oomScoreAdj", 0, -1000, 1000),
	JSON_F_PTR(struct spec_process, scheduler, "scheduler", 0, &scheduler_table),
	JSON_F_PTR(struct spec_process, io_priority, "ioPriority", 0, &io_priority_table),
	JSON_F_PTR(struct spec_process, exec_cpu_affinity, "execCPUAffinity", 0, &affinity_table),
	JSON_F_END,
};

const struct json_table spec_process_table = {
	.name = "process",
	.size = sizeof(struct spec_process),
	.fields = process_fields,
};
