/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec: what the user asked for, as config.json says it (runtime-spec 1.3.0, Linux).
 *
 * Pure data. Everything that a pointer here leads to lives in the arena given to spec_load. A
 * property that is absent is NULL, empty, or `set == false`; the decoder adds no defaults (plan
 * does).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/table.h"
#include "json/decode.h"

/* The version this runtime speaks, and writes into state and new bundles. */
#define SPEC_VERSION "1.3.0"

/* ---- process ---- */

struct spec_user {
	uint32_t uid;
	uint32_t gid;
	struct opt_u64 umask;
	struct {
		uint32_t *v;
		size_t n;
	} additional_gids;
	const char *username; /* Windows only; decoded so that it is checked */
};

/*
 * Names as written: what the kernel lacks is a warning, not an error (config.md, "capabilities").
 */
struct spec_capabilities {
	struct strs bounding;
	struct strs effective;
	struct strs inheritable;
	struct strs permitted;
	struct strs ambient;
};

struct spec_rlimit {
	int resource; /* RLIMIT_* */
	struct opt_u64 soft;
	struct opt_u64 hard;
};

struct spec_console_size {
	struct opt_u64 height;
	struct opt_u64 width;
};

struct spec_io_priority {
	int class; /* IOPRIO_CLASS_*: 1 RT, 2 BE, 3 IDLE */
	struct opt_i64 priority;
};

struct spec_scheduler {
	int policy; /* SCHED_* */
	struct opt_i64 nice;
	struct opt_i64 priority;
	uint64_t flags; /* SCHED_FLAG_* */
	struct opt_u64 runtime;
	struct opt_u64 deadline;
	struct opt_u64 period;
};

struct spec_cpu_affinity {
	const char *initial;
	const char *final;
};

struct spec_process {
	bool terminal;
	struct spec_console_size *console_size;
	const char *cwd;
	struct strs env;
	struct strs args;
	const char *command_line; /* Windows only */
	struct spec_user user;
	struct spec_capabilities *capabilities; /* NULL: the property is absent */
	struct {
		struct spec_rlimit *v;
		size_t n;
	} rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	const char *selinux_label;
	struct opt_i64 oom_score_adj;
	struct spec_scheduler *scheduler;
	struct spec_io_priority *io_priority;
	struct spec_cpu_affinity *exec_cpu_affinity;
};

/* ---- root, mounts, hooks ---- */

struct spec_root {
	const char *path;
	bool readonly;
};

struct spec_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct spec_id_mappings {
	struct spec_id_mapping *v;
	size_t n;
};

struct spec_mount {
	const char *destination;
	const char *source;
	const char *type;
	struct strs options;
	struct spec_id_mappings uid_mappings;
	struct spec_id_mappings gid_mappings;
};

struct spec_hook {
	const char *path;
	struct strs args;
	struct strs env;
	struct opt_i64 timeout; /* seconds, > 0 */
};

struct spec_hook_list {
	struct spec_hook *v;
	size_t n;
};

struct spec_hooks {
	struct spec_hook_list prestart;
	struct spec_hook_list create_runtime;
	struct spec_hook_list create_container;
	struct spec_hook_list start_container;
	struct spec_hook_list poststart;
	struct spec_hook_list poststop;
};

/* ---- linux ---- */

/* The values are the CLONE_NEW* flags. */
struct spec_namespace {
	int type;
	const char *path;
};

struct spec_device {
	int type; /* 'c', 'b', 'u' or 'p' */
	const char *path;
	struct opt_i64 major;
	struct opt_i64 minor;
	struct opt_u64 file_mode;
	struct opt_u64 uid;
	struct opt_u64 gid;
};

struct spec_net_device {
	const char *host_name; /* the member's key; first, as JSON_K_MAP wants it */
	const char *name;
};

struct spec_time_offsets {
	struct spec_time_clock {
		struct opt_i64 secs;
		struct opt_u64 nanosecs;
	} * boottime, *monotonic; /* NULL when absent */
};

struct spec_personality {
	int domain; /* PER_LINUX or PER_LINUX32 */
	struct strs flags;
};

struct spec_intel_rdt {
	const char *clos_id;
	struct strs schemata;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	bool enable_monitoring;
};

struct spec_memory_policy {
	int mode; /* MPOL_* */
	const char *nodes;
	uint64_t flags; /* MPOL_F_* */
};

/* ---- linux.seccomp ---- */

struct spec_seccomp_arg {
	uint32_t index;
	struct opt_u64 value;
	struct opt_u64 value_two;
	int op; /* enum spec_seccomp_op */
};

enum spec_seccomp_op {
	SPEC_CMP_NE,
	SPEC_CMP_LT,
	SPEC_CMP_LE,
	SPEC_CMP_EQ,
	SPEC_CMP_GE,
	SPEC_CMP_GT,
	SPEC_CMP_MASKED_EQ,
};

enum spec_seccomp_action {
	SPEC_ACT_KILL, /* the thread, as libseccomp has it */
	SPEC_ACT_KILL_PROCESS,
	SPEC_ACT_KILL_THREAD,
	SPEC_ACT_TRAP,
	SPEC_ACT_ERRNO,
	SPEC_ACT_TRACE,
	SPEC_ACT_ALLOW,
	SPEC_ACT_LOG,
	SPEC_ACT_NOTIFY,
};

struct spec_seccomp_syscall {
	struct strs names;
	int action;
	struct opt_u64 errno_ret;
	struct {
		struct spec_seccomp_arg *v;
		size_t n;
	} args;
};

struct spec_seccomp {
	int default_action;
	struct opt_u64 default_errno_ret;
	struct strs architectures; /* SCMP_ARCH_*, checked against the table of names */
	uint64_t flags;		   /* SECCOMP_FILTER_FLAG_* */
	const char *listener_path;
	const char *listener_metadata;
	struct {
		struct spec_seccomp_syscall *v;
		size_t n;
	} syscalls;
};

/* ---- linux.resources ---- */

struct spec_device_rule {
	struct opt_bool allow; /* required */
	const char *type;      /* "a", "c" or "b"; NULL means all */
	struct opt_i64 major;
	struct opt_i64 minor;
	const char *access; /* of r, w, m */
};

struct spec_memory {
	struct opt_i64 limit;
	struct opt_i64 reservation;
	struct opt_i64 swap;
	struct opt_i64 kernel;
	struct opt_i64 kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer;
	struct opt_bool use_hierarchy;
	struct opt_bool check_before_update;
};

struct spec_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;
	struct opt_u64 burst;
	struct opt_u64 period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	const char *cpus;
	const char *mems;
	struct opt_i64 idle;
};

struct spec_block_device {
	struct opt_i64 major;
	struct opt_i64 minor;
	struct opt_u64 weight;
	struct opt_u64 leaf_weight;
	struct opt_u64 rate;
};

struct spec_block_devices {
	struct spec_block_device *v;
	size_t n;
};

struct spec_block_io {
	struct opt_u64 weight;
	struct opt_u64 leaf_weight;
	struct spec_block_devices weight_device;
	struct spec_block_devices throttle_read_bps;
	struct spec_block_devices throttle_write_bps;
	struct spec_block_devices throttle_read_iops;
	struct spec_block_devices throttle_write_iops;
};

struct spec_hugepage_limit {
	const char *page_size; /* ^[1-9][0-9]*[KMG]B$ */
	struct opt_u64 limit;
};

struct spec_interface_priority {
	const char *name;
	struct opt_u64 priority;
};

struct spec_network {
	struct opt_u64 class_id;
	struct {
		struct spec_interface_priority *v;
		size_t n;
	} priorities;
};

struct spec_rdma {
	const char *device; /* the member's key; first, as JSON_K_MAP wants it */
	struct opt_u64 hca_handles;
	struct opt_u64 hca_objects;
};

struct spec_pids {
	struct opt_i64 limit;
};

struct spec_resources {
	struct {
		struct spec_device_rule *v;
		size_t n;
	} devices;
	struct spec_memory *memory;
	struct spec_cpu *cpu;
	struct spec_pids *pids;
	struct spec_block_io *block_io;
	struct {
		struct spec_hugepage_limit *v;
		size_t n;
	} hugepage_limits;
	struct spec_network *network;
	struct {
		struct spec_rdma *v;
		size_t n;
	} rdma;
	struct pairs unified;
};

enum spec_propagation {
	SPEC_PROPAGATION_UNSET,
	SPEC_PROPAGATION_PRIVATE,
	SPEC_PROPAGATION_SHARED,
	SPEC_PROPAGATION_SLAVE,
	SPEC_PROPAGATION_UNBINDABLE,
};

struct spec_linux {
	struct {
		struct spec_namespace *v;
		size_t n;
	} namespaces;
	struct spec_id_mappings uid_mappings;
	struct spec_id_mappings gid_mappings;
	struct spec_time_offsets *time_offsets;
	struct {
		struct spec_device *v;
		size_t n;
	} devices;
	struct {
		struct spec_net_device *v;
		size_t n;
	} net_devices;
	const char *cgroups_path;
	struct spec_resources *resources;
	struct spec_intel_rdt *intel_rdt;
	struct spec_memory_policy *memory_policy;
	struct pairs sysctl;
	struct spec_seccomp *seccomp;
	int rootfs_propagation; /* enum spec_propagation */
	struct strs masked_paths;
	struct strs readonly_paths;
	const char *mount_label;
	struct spec_personality *personality;
};

struct spec {
	const char *oci_version;
	struct spec_root *root;
	struct spec_process *process;
	const char *hostname;
	const char *domainname;
	struct {
		struct spec_mount *v;
		size_t n;
	} mounts;
	struct spec_hooks *hooks;
	struct spec_linux *linux_; /* `linux` is a macro of gnu11; NULL when absent */
	struct pairs annotations;
};

/*
 * Parses, decodes and checks a configuration. Everything lives in the arena.
 * Errors: EINVAL and one line with the JSON path of the fault.
 */
int spec_load(struct arena *arena, const char *bytes, size_t len, struct spec **ret,
	      struct err *err);

/* The same for a bare `process` object, as exec's process file has it. */
int spec_load_process(struct arena *arena, const char *bytes, size_t len, struct spec_process **ret,
		      struct err *err);

/*
 * The same for a bare array of mounts, as `mounts add` reads it. Paths in errors begin with the
 * index: "/0/destination".
 */
int spec_load_mounts(struct arena *arena, const char *bytes, size_t len, struct spec_mount **ret,
		     size_t *ret_n, struct err *err);

/* The same for a bare `resources` object, as `update` reads it. */
int spec_load_resources(struct arena *arena, const char *bytes, size_t len,
			struct spec_resources **ret, struct err *err);

/*
 * What the tables can't say: ranges across fields, duplicates, absolute paths, names. Called by
 * spec_load; of its own for a spec that was put together in memory. Errors: EINVAL with the JSON
 * path.
 */
int spec_check(const struct spec *spec, struct err *err);

/*
 * Parts of it, for what `exec` and `update` put together. at goes in front of the paths:
 * "/process", or "".
 */
int spec_check_process(const struct spec_process *process, const char *at, struct err *err);
int spec_check_resources(const struct spec_resources *resources, const char *at, struct err *err);
int spec_check_mounts(const struct spec_mount *mounts, size_t n, const char *at, struct err *err);

/*
 * The next entry of a list such as "0-3,7", as cpus, mems and nodes are written (spaces, empty
 * entries and a final newline are taken as the kernel takes them). Moves *rest. Returns 1, 0 at the
 * end, -EINVAL for anything else, also for a range that descends. The numbers are not limited: the
 * caller must before it counts through a range.
 */
int spec_list_next(const char **rest, uint32_t *ret_first, uint32_t *ret_last);

/* The value of an annotation, or NULL. */
const char *spec_annotation(const struct spec *spec, const char *key);

/*
 * A new bundle's configuration as JSON text, in the arena. rootless: with a user namespace and
 * without id mappings, so that it gets the whole range of whoever runs it; else as root would want
 * it. net and publish become the annotations org.rootlet.net and org.rootlet.publish; NULL: none.
 */
const char *spec_template(struct arena *arena, bool rootless, const char *net, const char *publish);

/* Names and their values, each stated once (names.c). */
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
