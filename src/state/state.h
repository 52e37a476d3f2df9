/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/state: what is remembered of a container between commands.
 *
 *	ROOT/ID/state.json	written aside and renamed; its presence means "created"
 *	ROOT/ID/config.json	the configuration as it was read at create
 *	ROOT/ID/gate		the socket on which the container waits for `start`; gone once it
 *				was started
 *
 * The folder itself is the lock (flock): held by create, start and delete while they work; kill and
 * the readers do without. A folder without state.json whose lock is free is what a killed `create`
 * left behind: it counts as absent and is reused, if it has the mark of ours (state/contents.h).
 * Every global choice is kept in state.json, because clients call start, kill and delete later with
 * a stripped environment and without the global options.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "cgroup/cgroup.h"
#include "json/decode.h"

enum state_status {
	STATE_CREATING,
	STATE_CREATED,
	STATE_RUNNING,
	STATE_PAUSED,
	STATE_STOPPED,
};

/* The helper of its network (libnet). */
struct state_network {
	struct opt_i64 pid; /* not set: none */
	struct opt_u64 start_time;
	bool by_slirp; /* slirp4netns forwards the ports */
	bool accel;    /* it answers for the connects of a filter */
};

struct state {
	const char *oci_version;
	const char *id;
	const char *bundle;
	const char *rootfs;
	const char *created; /* RFC 3339, UTC, nanoseconds */
	const char *owner;   /* user name, or the uid where it has none */
	int64_t pid;
	uint64_t start_time; /* sys_process_start_time */
	/* in which the numbers of processes are meant, sys_pid_namespace; not set: not known */
	struct opt_u64 pid_namespace;
	const char *boot_id;	/* only where the state folder may outlive a boot; else NULL */
	bool own_pid_namespace; /* killing init ends every process of the container */
	/*
	 * Its own mount namespace, by sys_mount_namespace: what its processes are known by without
	 * a pid namespace. Not set: it has one, or this is not known.
	 */
	struct opt_u64 mount_namespace;
	bool has_hooks;	       /* start and delete have hooks to run */
	bool own_keyring;      /* a session keyring that exec joins */
	const char *keyring;   /* its name; NULL: it has none */
	bool no_pivot;	       /* the root of its mount namespace may not be its root */
	const char *rdt_group; /* groups of resctrl to be removed with the container; NULL: none */
	const char *rdt_monitor;
	/* the service manager's socket that `start` passes notifications on to; NULL: none */
	const char *notify;
	struct cgroup cgroup;
	struct state_network network;
	struct pairs annotations;
};

/* An open, locked state folder. */
struct state_dir {
	int fd;		  /* -1: none */
	const char *root; /* the folder that holds all containers */
	const char *id;
};
