/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: THE CONTRACT between deciding and acting.
 *
 * plan_build turns what the user asked for (struct spec) and what the machine allows (struct facts)
 * into this: fully resolved, no decision left open, printable, and const from then on. host/ and
 * guest/ only carry it out.
 * The guest inherits it copy-on-write through clone(2). Everything that pointers here lead to lives
 * in the plan's arena or in the spec's, both of which outlive it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "plan/map.h"

/* ---- ids ---- */

enum plan_ids_how {
	PLAN_IDS_NONE, /* no new user namespace */
	/* we write the maps ourselves: one own id, or we are privileged over all of them */
	PLAN_IDS_DIRECT,
	PLAN_IDS_HELPERS, /* newuidmap and newgidmap write them */
};

struct plan_ids {
	enum plan_ids_how how;
	/* must be written before the gid map, and for good (user_namespaces(7)) */
	bool deny_setgroups;
	struct plan_extents uid;
	struct plan_extents gid;
	const char *newuidmap;
	const char *newgidmap;
	/*
	 * The ids of the container that the guest takes for the set-up: 0, or where the map has no
	 * 0 those of the process. What has an id that is not mapped can make no file (EOVERFLOW).
	 */
	bool take_ids;
	uint32_t setup_uid;
	uint32_t setup_gid;
};

/* ---- namespaces ---- */

enum { PLAN_NS_MAX = 8 };

struct plan_join {
	int type;	  /* CLONE_NEW* */
	const char *name; /* "network" */
	const char *path;
	const char *where; /* "/linux/namespaces/2" */
};

/* One clock of a new time namespace, in its kernel name. */
struct plan_clock {
	const char *clock; /* "monotonic" or "boottime" */
	int64_t secs;
	uint32_t nanosecs;
};

struct plan_namespaces {
	uint64_t new; /* CLONE_NEW* of the namespaces that are made */
	struct plan_join join[PLAN_NS_MAX];
	size_t join_n;
	struct plan_clock clocks[2];
	size_t clock_n;
};

/* Is a namespace of this type (CLONE_NEW*) joined by path? */
static inline bool plan_joins(const struct plan_namespaces *ns, int type)
{
	for (size_t i = 0; i < ns->join_n; i++) {
		if (ns->join[i].type == type) {
			return true;
		}
	}
	return false;
}

/* The container's group in the resctrl filesystem. */
struct plan_rdt {
	const char *mount; /* where that is mounted */
	const char *group; /* absolute path; NULL: none */
	bool must_exist;   /* the group: nothing says how to make it */
	bool remove_group; /* made for this container, and removed with it */
	const char *l3_schema;
	const char *mb_schema;
	struct strs schemata;
	const char *monitor; /* absolute path of the monitoring group; NULL: none */
};

struct plan_sysctl {
	const char *key;  /* as the configuration has it */
	const char *path; /* below /proc/sys */
	const char *value;
};

/* A device of the runtime's network namespace that moves into the container's. */
struct plan_net_device {
	const char *where; /* "/linux/netDevices/eth0" */
	const char *host_name;
	const char *name; /* there; may be a template, "eth%d" */
};

struct net_config;
struct net_ports;

/* A network of rootlet's own, and what the host side does for it. */
struct plan_net {
	const char *where;		 /* "--net", for messages */
	const char *publish_where;	 /* "--publish" */
	const struct net_config *config; /* NULL: none */
	const struct net_ports *ports;	 /* published; NULL without a config */
	/* copies of the state folder's files stand in for those of the root filesystem */
	bool bind_resolv_conf;
	bool bind_hosts;
	/*
	 * These files are there before the guest, which reads them before it has the container's
	 * ids: with those the state folder is closed to it.
	 */
	bool names_first;
	struct plan_sysctl *early; /* set before slirp4netns comes */
	size_t early_n;
	/* struct sock_filter[] whose listener answers connect and bind (libnet); NULL: none */
	const void *accel;
	size_t accel_n; /* instructions */
};

/* ---- the file system ---- */

/* Where a container finds the socket for its notifications (sd_notify(3)): runc's place. */
#define PLAN_NOTIFY_SOCKET "/run/notify/notify.sock"

enum plan_mount_kind {
	PLAN_MOUNT_FS,	 /* a new filesystem of `fstype` */
	PLAN_MOUNT_BIND, /* `source` of the host */
	/* flags or propagation of what is already mounted there (remount, private, …) */
	PLAN_MOUNT_CHANGE,
};

/*
 * The owners of a mount's files, mapped by a user namespace (mount_setattr(2), MOUNT_ATTR_IDMAP).
 * Who may do that is who owns the superblock: for what a privileged caller binds into a user
 * namespace that is the host side.
 */
struct plan_mount_ids {
	bool present;
	bool by_host;	/* the host clones and maps the source, the wire brings it */
	bool recursive; /* the mounts below too */
	/* take the maps of this one; NULL: of one that is made with those below */
	const char *namespace;
	struct plan_extents uid; /* inside: in the filesystem; outside: as whoever maps sees them */
	struct plan_extents gid;
};

struct plan_mount {
	enum plan_mount_kind kind;
	const char *where;  /* "/mounts/3", for messages */
	const char *target; /* inside the rootfs; resolved with RESOLVE_IN_ROOT */
	const char *source; /* BIND: an absolute host path; FS: a label */
	const char *fstype; /* FS */
	const char *
		*data; /* FS, CHANGE: filesystem options "key" or "key=value", NULL-terminated */
	size_t data_n;
	uint64_t set;	  /* MOUNT_ATTR_* to set on this mount */
	uint64_t clear;	  /* MOUNT_ATTR_* to clear where they are not locked */
	uint64_t set_all; /* the same for the whole tree below, mount_setattr(AT_RECURSIVE) */
	uint64_t clear_all;
	bool recursive;		   /* BIND: with the mounts below */
	bool fs_readonly;	   /* FS: the superblock too */
	bool sealed_last;	   /* FS: read-only when all is in it that lies below */
	unsigned long propagation; /* MS_PRIVATE, MS_REC|MS_SLAVE, …; 0: as it comes */
	bool copy_up;		   /* FS: tmpfs filled with what the target held */
	bool source_nofollow;	   /* BIND: a symlink is bound itself */
	bool target_nofollow;	   /* a symlink at the target is mounted over */
	bool copy_link;		   /* BIND: a symlink is made anew at the target */
	/* FS: cgroup2 that can't be mounted: the container's own is bound, or nothing shown */
	bool fall_back;
	const char *label; /* FS: SELinux label of its root directory, by attribute; NULL: none */
	/* BIND: lies where only the caller's own id leads (one such mount at most) */
	bool as_caller;
	bool optional; /* BIND: skipped when the source does not exist */
	/* BIND: the source is a file of the state folder: a copy of it is bound (guest/names.c) */
	bool own;
	struct plan_mount_ids ids;
};

/*
 * Does this mount wait for the container's cgroup? The one that shows it, and one that is filled:
 * what that takes of the memory is the container's.
 */
static inline bool plan_mount_in_cgroup(const struct plan_mount *m)
{
	return m->fall_back || m->copy_up;
}

enum plan_device_how {
	PLAN_DEVICE_BIND, /* the host's node, after its type and number were checked */
	PLAN_DEVICE_NODE, /* mknod: as real root only */
	PLAN_DEVICE_FIFO,
};

struct plan_device {
	enum plan_device_how how;
	const char *where;  /* "/linux/devices/0", "default device" */
	const char *path;   /* in the container */
	const char *source; /* BIND: the host path to try */
	int type;	    /* 'c', 'b', 'p' */
	uint32_t major;
	uint32_t minor;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
};

struct plan_link {
	const char *path;
	const char *target;
};

struct plan_fs {
	const char *rootfs; /* absolute host path */
	bool readonly;
	/* move and chroot instead: for a root that can't be pivoted (initramfs) */
	bool no_pivot;
	/* for the host's mounts as this namespace sees them: MS_REC|MS_PRIVATE … */
	unsigned long host_propagation;
	/* for the container's own root, after the pivot; 0: private */
	unsigned long root_propagation;
	struct plan_mount *mounts;
	size_t mount_n;
	struct plan_device *devices;
	size_t device_n;
	struct plan_link *links;
	size_t link_n;
	struct strs masked;
	struct strs readonly_paths;
};

/* ---- the process ---- */

struct plan_rlimit {
	int resource;
	const char *name;
	uint64_t soft;
	uint64_t hard;
};

struct plan_scheduler {
	bool set;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime; /* nanoseconds, as the next two */
	uint64_t deadline;
	uint64_t period;
};

enum { PLAN_NODES_MAX = 1024 };

struct plan_memory_policy {
	bool set;
	int mode; /* MPOL_* | MPOL_F_* */
	uint64_t nodes[PLAN_NODES_MAX / 64];
};

/* Bit n is capability n. A configuration without the property has all sets empty (config.md). */
struct plan_caps {
	uint64_t bounding;
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

struct plan_process {
	bool present;
	bool terminal;
	uint16_t rows; /* 0: as the caller's terminal has it */
	uint16_t columns;
	const char *cwd;
	struct strs args;
	struct strs env;
	const char *path; /* value of PATH in env, or the default */
	uint32_t uid;
	uint32_t gid;
	bool set_groups; /* false: setgroups(2) is denied or would lose the caller's groups */
	/* none is asked for, and a joined user namespace may have setgroups(2) denied for good */
	bool groups_may_stay;
	const uint32_t *groups;
	size_t group_n;
	bool set_umask;
	uint32_t umask;
	struct plan_caps caps;
	bool no_new_privs;
	struct plan_rlimit *rlimits;
	size_t rlimit_n;
	bool set_oom_score_adj;
	int oom_score_adj;
	struct plan_scheduler scheduler;
	struct plan_memory_policy memory_policy;
	bool set_io_priority;
	int io_priority; /* as ioprio_set(2) takes it */
	bool set_personality;
	unsigned long personality;
	const char *apparmor; /* profile; NULL: none */
	const char *selinux;  /* label; NULL: none */
	int preserve_fds;     /* how many descriptors from 3 on reach the container */
	/* the first ones of them are for socket activation: the guest adds LISTEN_PID */
	int listen_fds;
};

/* ---- entering a container (exec) ---- */

enum { PLAN_CPUS_MAX = 8192 };

/* CPUs that a process may run on, sched_setaffinity(2). */
struct plan_cpus {
	bool set;
	uint64_t bits[PLAN_CPUS_MAX / 64];
};

enum plan_enter_mounts {
	PLAN_ENTER_NO_MOUNTS, /* a process is started */
	PLAN_ENTER_ADD_MOUNTS,
	PLAN_ENTER_REMOVE_MOUNTS,
};

/*
 * A plan with this is exec's or that of `rootlet mounts`: the process joins what is there instead
 * of making it.
 */
struct plan_enter {
	bool present;
	/* CLONE_NEW* of the container's namespaces that the caller is not in */
	uint64_t join;
	struct plan_cpus initial; /* until it is in the container's cgroup; the host sets it */
	struct plan_cpus final;	  /* from then on */
	enum plan_enter_mounts mounts;
	bool place; /* the host says when the process is where it belongs (cgroup, CPUs) */
};

/* ---- hooks ---- */

enum plan_hook_kind {
	PLAN_HOOK_PRESTART,	    /* host, before the pivot */
	PLAN_HOOK_CREATE_RUNTIME,   /* host, before the pivot */
	PLAN_HOOK_CREATE_CONTAINER, /* guest, before the pivot */
	PLAN_HOOK_START_CONTAINER,  /* guest, after START */
	PLAN_HOOK_POSTSTART,	    /* host, after the program began */
	PLAN_HOOK_POSTSTOP,	    /* host, after the container is gone */
	PLAN_HOOK_KINDS,
};

struct plan_hook {
	const char *where; /* "/hooks/poststop/0" */
	const char *path;
	const char **argv; /* NULL-terminated */
	const char **env;  /* NULL-terminated; NULL: rootlet's own */
	int timeout;	   /* seconds, 0: none */
};

struct plan_hooks {
	struct {
		struct plan_hook *v;
		size_t n;
	} of[PLAN_HOOK_KINDS];
	const char *out; /* file that the hooks' output is appended to; NULL: /dev/null */
	/* the same for their errors; NULL: the end of them becomes part of the message */
	const char *err;
	/*
	 * The state that a hook reads, around its status and pid: {"id":"x","status":" and
	 * ,"bundle":"/b"}
	 */
	const char *state_head;
	const char *state_tail;
};

/* ---- what was adapted ---- */

/* One deviation from the letter of the configuration. */
struct plan_note {
	const char *path; /* JSON path in config.json */
	const char *what; /* what is done instead */
	const char *why;
	const char *remedy; /* how to get the real thing; may be NULL */
	bool quiet;	    /* not worth a line in a run: only `explain` shows it */
};

/* ---- the control group ---- */

enum plan_cgroup_manager {
	PLAN_CGROUP_NONE,    /* the container stays in its caller's cgroup */
	PLAN_CGROUP_FS,	     /* made by us, in a part of the hierarchy that we may write */
	PLAN_CGROUP_SYSTEMD, /* a transient scope of the user's (as root: the system's) manager */
};

/* A limit: a file of cgroup v2 and what is written to it. */
struct plan_limit {
	const char *where;   /* "/linux/resources/memory/limit" */
	const char *file;    /* "memory.max" */
	const char *value;   /* "1048576" */
	bool optional;	     /* passed over where the kernel has no such file */
	const char *or_file; /* written in its place where there is no `file`; NULL: none */
	const char *or_value;
};

struct plan_device_id {
	const char *path; /* "/dev/block/8:0" */
	uint64_t value;
};

/* A property of a systemd unit, with the D-Bus type that its value has. */
struct plan_property {
	const char *where; /* the JSON path that it comes of */
	const char *name;  /* "MemoryMax" */
	const char *type;  /* signature: b s as i u x t d ay a(st) */
	union {
		bool boolean;	   /* b */
		int64_t integer;   /* i x */
		uint64_t number;   /* u t; UINT64_MAX is "infinity" where the property has one */
		double real;	   /* d */
		const char *text;  /* s */
		struct strs texts; /* as */
		struct {
			const uint8_t *v;
			size_t n;
		} bytes; /* ay: AllowedCPUs, AllowedMemoryNodes */
		struct {
			const struct plan_device_id *v;
			size_t n;
		} devices; /* a(st): IODeviceWeight, IOReadBandwidthMax … */
	};
};

/* The same wish twice: for the files of the cgroup, and for the unit. */
struct plan_limits {
	struct plan_limit *files;
	size_t file_n;
	struct plan_property *properties;
	size_t property_n;
	/* a memory limit below what is in use is an error, not an OOM kill */
	bool check_before_update;
};

/* What is done to a device node: the kernel's BPF_DEVCG_ACC_*. */
#define PLAN_DEVICE_MKNOD 1u
#define PLAN_DEVICE_READ 2u
#define PLAN_DEVICE_WRITE 4u

/* -1 as a number means all. */
struct plan_device_rule {
	bool allow;
	char type; /* 'c', 'b', or 'a' for both */
	int major;
	int minor;
	unsigned access; /* PLAN_DEVICE_* */
};

struct bpf_insn;

/* For a device controller. Without a program every device is allowed. */
struct plan_device_filter {
	const struct plan_device_rule *rules; /* the first that speaks of an access decides it */
	size_t rule_n;
	bool rest;			/* what no rule speaks of is allowed */
	const struct bpf_insn *program; /* the same for the kernel */
	size_t program_n;		/* in instructions */
};

/* What the command line asks for. */
enum plan_cgroup_choice {
	PLAN_CGROUP_AUTO,
	PLAN_CGROUP_ONLY_SYSTEMD,
	PLAN_CGROUP_ONLY_FS,
	PLAN_CGROUP_DISABLED,
};

struct plan_cgroup {
	enum plan_cgroup_manager manager;
	const char *why; /* NONE: why there is none */
	/* nobody asked for it: where systemd fails, the container runs without */
	bool optional;
	bool best_effort;  /* a limit that can't be had after all is a warning */
	const char *mount; /* where cgroup2 is mounted */
	/* FS: below mount, the highest directory of the hierarchy that we may write */
	const char *top;
	const char *path;  /* FS: below mount, the container's */
	const char *slice; /* SYSTEMD */
	const char *unit;
	const char *description;
	struct plan_property *properties; /* from annotations */
	size_t property_n;
	/* below the cgroup that has the limits: where the processes are; NULL: in that itself */
	const char *sub;
	const char *payload; /* below that, entered once the namespace is made; NULL: none */
	bool delegate;	     /* the container may make cgroups of its own */
	/*
	 * without one of its own, a cgroup namespace would show all that the machine has, or
	 * nothing
	 */
	bool caller_is_root;
	uint32_t uid;		 /* who gets them, as the container has it */
	struct strs controllers; /* that the limits need */
	struct plan_limits limits;
	struct plan_device_filter devices;
};

/* ---- system calls ---- */

struct plan_filter {
	bool present;
	bool notify;	/* a listener is asked for */
	bool strict;	/* a system call that is not known is an error */
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	const char *listener_path;
	const char *listener_metadata;
	/* struct sock_filter[] that came ready-made; NULL: linux.seccomp is compiled */
	const void *program;
	size_t program_size; /* in bytes */
};

/* ---- annotations ---- */

enum plan_annotation {
#define ROW(which, ...) which,
#include "plan/annotation_rows.h"
#undef ROW
	PLAN_ANNOTATION_N,
};

/* What one of them says, by its kind in plan/annotation_rows.h. */
struct plan_value {
	const char *text;  /* as it is written; NULL: it is not there */
	const char *where; /* "/annotations/org.rootlet.net", for messages */
	bool flag;
	int64_t number;
};

struct plan {
	const char *id;
	const char *bundle; /* absolute */
	struct plan_value annotations[PLAN_ANNOTATION_N];
	struct plan_ids ids;
	struct plan_namespaces ns;
	struct plan_net net;
	struct plan_fs fs;
	struct plan_process process;
	struct plan_enter enter;
	struct plan_filter filter;
	struct plan_cgroup cgroup;
	const char *hostname;	/* NULL: left alone */
	const char *domainname; /* NULL: left alone */
	struct plan_hooks hooks;
	struct plan_sysctl *sysctls;
	size_t sysctl_n;
	struct plan_rdt rdt;
	struct plan_net_device *net_devices;
	size_t net_device_n;
	bool loopback_up; /* a new network namespace: bring lo up */
	bool new_keyring; /* a session keyring of its own, of the name: */
	const char *keyring;
	bool host_setup; /* the host has something to do between the mounts and the pivot */
	bool trace;	 /* the guest tells when each of its steps is done */
	struct plan_note *notes;
	size_t note_n;
};
