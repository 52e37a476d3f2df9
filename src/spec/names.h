/* SPDX-License-Identifier: Apache-2.0 */
/* names: what the specification calls a thing, and the kernel's value for it; each stated once. */
#pragma once

#include "base/table.h"

extern const struct name spec_namespace_names[]; /* "pid" … to CLONE_NEW* */
extern const struct name spec_rlimit_names[];	 /* "RLIMIT_NOFILE" … to RLIMIT_* */
extern const struct name spec_propagation_names[];
extern const struct name spec_device_type_names[];
extern const struct name spec_io_class_names[];
extern const struct name spec_sched_policy_names[];
extern const struct name spec_sched_flag_names[];
extern const struct name spec_personality_names[];
extern const struct name spec_mpol_mode_names[];
extern const struct name spec_mpol_flag_names[];
extern const struct name spec_seccomp_action_names[];
extern const struct name spec_seccomp_op_names[];
extern const struct name spec_seccomp_flag_names[];
extern const struct name spec_seccomp_arch_names[];
