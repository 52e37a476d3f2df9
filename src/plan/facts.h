/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts: everything a plan may know of this machine and of who asks.
 *
 * facts/facts.c fills this by probing; golden tests fill it from text. Nothing else probes the
 * machine, so a plan can be computed, printed and tested anywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

/* count ids from start. */
struct facts_range {
	uint32_t start;
	uint32_t count;
	uint32_t line; /* of the file, from 1 on; 0: not of a file */
};

struct facts_ranges {
	struct facts_range *v;
	size_t n;
	/* The user's lines that shadow's helpers can't read, the first ones, for messages. */
	struct strs faults;
};

/* One extent of /proc/self/uid_map: ids as seen in this namespace, as in its parent. */
struct facts_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct facts_extents {
	struct facts_extent *v;
	size_t n;
};

/* exec: what there is to know of the running container. */
struct facts_container {
	uint64_t other;		   /* CLONE_NEW* of its namespaces that this process is not in */
	struct facts_extents uids; /* its maps, where the user namespace is among them */
	struct facts_extents gids;
	bool setgroups_denied;
};

enum facts_access {
	FACTS_OPEN,	/* the user may open it, or that can't be told */
	FACTS_BY_GROUP, /* only as a member of a supplementary group */
	FACTS_DENIED,
};

/* A device node of the host that stands in for one of the bundle's. */
struct facts_device {
	enum facts_access access;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	const char *group; /* the gid's name; NULL when /etc/group has none */
};

#define FACTS_RLIMITS 16

enum facts_cgroup_mode {
	FACTS_CGROUP_NONE, /* nothing at /sys/fs/cgroup, or nobody looked */
	FACTS_CGROUP_V1,   /* version 1 alone */
	/* version 1 with an empty version 2 beside it, at /sys/fs/cgroup/unified */
	FACTS_CGROUP_HYBRID,
	FACTS_CGROUP_V2,
};

struct facts_cgroup {
	enum facts_cgroup_mode mode;
	const char *mount; /* of cgroup2; NULL: none */
	const char *own;   /* this process's, below mount */
	/*
	 * which is that of the whole machine, or can't be seen here; looked up only when one is
	 * mounted
	 */
	bool own_is_root;
	/*
	 * What is delegated to us and can be written: its top, and where in it the caller's cgroups
	 * belong. NULL: none.
	 */
	const char *top;
	const char *base;
	const char *why_not; /* there is no top */
	/* that top can hand down; looked up only when limits are asked for */
	struct strs controllers;
	/* addresses of the manager, looked up only when it may be needed; NULL: none */
	const char *systemd;
	const char *why_no_systemd;
	bool systemd_is_system; /* and no user's: slices are the system's */
	bool systemd_controllers_known;
	struct strs systemd_controllers; /* that the manager was given */
};

struct facts {
	uint32_t uid; /* effective, as seen in the namespace this process is in */
	uint32_t gid;
	const char *user; /* its name; NULL when the password database has none */
	bool privileged;  /* CAP_SYS_ADMIN in the current user namespace */
	/* it may write maps of user namespaces itself, CAP_SYS_ADMIN or not */
	bool maps_ids;
	/* this is not the initial user namespace: ids are a selection */
	bool in_userns;
	struct facts_extents own_uids; /* the current namespace's map, when in_userns */
	struct facts_extents own_gids;
	/* there, by whoever wrote its maps; every namespace made in it inherits that */
	bool setgroups_denied;

	/* Loaded only when the configuration needs more than one id (see facts_probe). */
	struct facts_ranges subuids;
	struct facts_ranges subgids;
	const char *subid_source; /* "/etc/subuid" or "NSS (subid: sss)" */
	const char *newuidmap;	  /* absolute path, NULL when not installed */
	const char *newgidmap;
	/* why the helpers can't work (not setuid, no_new_privs); NULL when they can */
	const char *helper_fault;

	uint64_t rlimit_hard[FACTS_RLIMITS]; /* indexed by RLIMIT_* */
	bool may_raise_rlimits;		     /* CAP_SYS_RESOURCE in the initial user namespace */
	/* this process's: the floor for a user without CAP_SYS_RESOURCE */
	int64_t oom_score_adj;
	bool has_apparmor; /* probed only when a profile is asked for */
	bool has_selinux;  /* the same for a label */
	/* its mount point, looked for only when intelRdt is there; or NULL */
	const char *resctrl;
	/* $RUN_OCI_SECCOMP_RECEIVER; NULL when it is not set */
	const char *seccomp_receiver;
	int listen_fds;		  /* passed by socket activation, from descriptor 3 on */
	const char *listen_names; /* $LISTEN_FDNAMES; NULL: none */
	/* for each of linux.devices; NULL: not probed (root) */
	struct facts_device *devices;
	/* for what stays: with the last session (user/session.h) */
	bool session_ends;
	unsigned last_cap; /* the kernel's highest capability number */
	struct facts_cgroup cgroup;
};
