/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: the field tables of config-linux.md, "Seccomp". */
#include "spec/names.h"
#include "spec/spec.h"
#include "spec/tables.h"

/* A system call has six arguments. */
#define ARG_INDEX_MAX 5

static const struct json_field arg_fields[] = {
	JSON_F_U32(struct spec_seccomp_arg, index, "index", JSON_REQUIRED, ARG_INDEX_MAX),
	JSON_F_UINT(struct spec_seccomp_arg, value, "value", JSON_REQUIRED, UINT64_MAX),
	JSON_F_UINT(struct spec_seccomp_arg, value_two, "valueTwo", 0, UINT64_MAX),
	JSON_F_NAME(struct spec_seccomp_arg, op, "op", JSON_REQUIRED, spec_seccomp_op_names),
	JSON_F_END,
};

static const struct json_table arg_table = {
	.name = "linux.seccomp.syscalls[].args[]",
	.size = sizeof(struct spec_seccomp_arg),
	.fields = arg_fields,
};

static const struct json_field syscall_fields[] = {
	JSON_F_STRS(struct spec_seccomp_syscall, names, "names", JSON_REQUIRED | JSON_NONEMPTY),
	JSON_F_NAME(struct spec_seccomp_syscall, action, "action", JSON_REQUIRED,
		    spec_seccomp_action_names),
	JSON_F_UINT(struct spec_seccomp_syscall, errno_ret, "errnoRet", 0, UINT32_MAX),
	JSON_F_LIST(struct spec_seccomp_syscall, args, "args", 0, &arg_table),
	JSON_F_END,
};

static const struct json_table syscall_table = {
	.name = "linux.seccomp.syscalls[]",
	.size = sizeof(struct spec_seccomp_syscall),
	.fields = syscall_fields,
};

static const struct json_field seccomp_fields[] = {
	JSON_F_NAME(struct spec_seccomp, default_action, "defaultAction", JSON_REQUIRED,
		    spec_seccomp_action_names),
	JSON_F_UINT(struct spec_seccomp, default_errno_ret, "defaultErrnoRet", 0, UINT32_MAX),
	JSON_F_STRS(struct spec_seccomp, architectures, "architectures", 0),
	JSON_F_BITS(struct spec_seccomp, flags, "flags", 0, spec_seccomp_flag_names),
	JSON_F_STR(struct spec_seccomp, listener_path, "listenerPath", 0),
	JSON_F_STR(struct spec_seccomp, listener_metadata, "listenerMetadata", 0),
	JSON_F_LIST(struct spec_seccomp, syscalls, "syscalls", 0, &syscall_table),
	JSON_F_END,
};

const struct json_table spec_seccomp_table = {
	.name = "linux.seccomp",
	.size = sizeof(struct spec_seccomp),
	.fields = seccomp_fields,
};
