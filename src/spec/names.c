/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names: what the specification calls a thing, and the kernel's value for it.
 *
 * The order is the one that messages and `features` show. Where the build machine's headers are
 * older than the specification the constant is given here; these values are kernel ABI and never
 * change.
 */
#include "spec/names.h"

#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "spec/spec.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* linux/ioprio.h came with Linux 5.15 only. */
#define CLASS_RT 1
#define CLASS_BE 2
#define CLASS_IDLE 3

#ifndef SCHED_ISO
#define SCHED_ISO 4 /* reserved, in no kernel: sched_setattr answers EINVAL */
#endif
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* sched_setattr(2). linux/sched.h has them, but can't be included beside sched.h. */
#ifndef SCHED_FLAG_RESET_ON_FORK
#define SCHED_FLAG_RESET_ON_FORK 0x01
#endif
#ifndef SCHED_FLAG_RECLAIM
#define SCHED_FLAG_RECLAIM 0x02
#endif
#ifndef SCHED_FLAG_DL_OVERRUN
#define SCHED_FLAG_DL_OVERRUN 0x04
#endif
#ifndef SCHED_FLAG_KEEP_POLICY
#define SCHED_FLAG_KEEP_POLICY 0x08
#endif
#ifndef SCHED_FLAG_KEEP_PARAMS
#define SCHED_FLAG_KEEP_PARAMS 0x10
#endif
#ifndef SCHED_FLAG_UTIL_CLAMP_MIN
#define SCHED_FLAG_UTIL_CLAMP_MIN 0x20
#endif
#ifndef SCHED_FLAG_UTIL_CLAMP_MAX
#define SCHED_FLAG_UTIL_CLAMP_MAX 0x40
#endif

/* An enum in linux/mempolicy.h, so #ifndef can't see which of them are there. */
#define MODE_PREFERRED_MANY 5	   /* Linux 5.15 */
#define MODE_WEIGHTED_INTERLEAVE 6 /* Linux 6.9 */

#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

const struct name spec_namespace_names[] = {
	{ "pid", CLONE_NEWPID },       { "network", CLONE_NEWNET }, { "mount", CLONE_NEWNS },
	{ "ipc", CLONE_NEWIPC },       { "uts", CLONE_NEWUTS },	    { "user", CLONE_NEWUSER },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },   NAMES_END,
};

const struct name spec_rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	NAMES_END,
};

/*
 * The r-forms are no part of the specification, but Docker and podman write them; all are recursive
 * anyway.
 */
const struct name spec_propagation_names[] = {
	{ "private", SPEC_PROPAGATION_PRIVATE },
	{ "shared", SPEC_PROPAGATION_SHARED },
	{ "slave", SPEC_PROPAGATION_SLAVE },
	{ "unbindable", SPEC_PROPAGATION_UNBINDABLE },
	{ "rprivate", SPEC_PROPAGATION_PRIVATE },
	{ "rshared", SPEC_PROPAGATION_SHARED },
	{ "rslave", SPEC_PROPAGATION_SLAVE },
	{ "runbindable", SPEC_PROPAGATION_UNBINDABLE },
	NAMES_END,
};

/* 'u' is an unbuffered character device, mknod(1). */
const struct name spec_device_type_names[] = {
	{ "c", 'c' }, { "b", 'b' }, { "u", 'u' }, { "p", 'p' }, NAMES_END,
};

const struct name spec_io_class_names[] = {
	{ "IOPRIO_CLASS_RT", CLASS_RT },
	{ "IOPRIO_CLASS_BE", CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", CLASS_IDLE },
	NAMES_END,
};

const struct name spec_sched_policy_names[] = {
	{ "SCHED_OTHER", SCHED_OTHER },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", SCHED_ISO },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	NAMES_END,
};

const struct name spec_sched_flag_names[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	NAMES_END,
};

const struct name spec_personality_names[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	NAMES_END,
};

const struct name spec_mpol_mode_names[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MODE_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	NAMES_END,
};

const struct name spec_mpol_flag_names[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	NAMES_END,
};

const struct name spec_seccomp_action_names[] = {
	{ "SCMP_ACT_KILL", SPEC_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SPEC_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SPEC_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SPEC_ACT_TRAP },
	{ "SCMP_ACT_ERRNO", SPEC_ACT_ERRNO },
	{ "SCMP_ACT_TRACE", SPEC_ACT_TRACE },
	{ "SCMP_ACT_ALLOW", SPEC_ACT_ALLOW },
	{ "SCMP_ACT_LOG", SPEC_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SPEC_ACT_NOTIFY },
	NAMES_END,
};

const struct name spec_seccomp_op_names[] = {
	{ "SCMP_CMP_NE", SPEC_CMP_NE },
	{ "SCMP_CMP_LT", SPEC_CMP_LT },
	{ "SCMP_CMP_LE", SPEC_CMP_LE },
	{ "SCMP_CMP_EQ", SPEC_CMP_EQ },
	{ "SCMP_CMP_GE", SPEC_CMP_GE },
	{ "SCMP_CMP_GT", SPEC_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SPEC_CMP_MASKED_EQ },
	NAMES_END,
};

const struct name spec_seccomp_flag_names[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	NAMES_END,
};

/*
 * Running numbers: plan asks libseccomp, which this layer does not know, for the token of a name.
 */
const struct name spec_seccomp_arch_names[] = {
	{ "SCMP_ARCH_X86", 1 },	      { "SCMP_ARCH_X86_64", 2 },       { "SCMP_ARCH_X32", 3 },
	{ "SCMP_ARCH_ARM", 4 },	      { "SCMP_ARCH_AARCH64", 5 },      { "SCMP_ARCH_MIPS", 6 },
	{ "SCMP_ARCH_MIPS64", 7 },    { "SCMP_ARCH_MIPS64N32", 8 },    { "SCMP_ARCH_MIPSEL", 9 },
	{ "SCMP_ARCH_MIPSEL64", 10 }, { "SCMP_ARCH_MIPSEL64N32", 11 }, { "SCMP_ARCH_PPC", 12 },
	{ "SCMP_ARCH_PPC64", 13 },    { "SCMP_ARCH_PPC64LE", 14 },     { "SCMP_ARCH_S390", 15 },
	{ "SCMP_ARCH_S390X", 16 },    { "SCMP_ARCH_PARISC", 17 },      { "SCMP_ARCH_PARISC64", 18 },
	{ "SCMP_ARCH_RISCV64", 19 },  { "SCMP_ARCH_LOONGARCH64", 20 }, { "SCMP_ARCH_M68K", 21 },
	{ "SCMP_ARCH_SH", 22 },	      { "SCMP_ARCH_SHEB", 23 },	       NAMES_END,
};
