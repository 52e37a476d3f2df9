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
 * left behind: it counts as absent and is reused. Every global choice is kept in state.json,
 * because clients call start, kill and delete later with a stripped environment and without the
 * global options.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "json/decode.h"

#define STATE_ID_MAX 255

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
	uint64_t start_time;	/* clock ticks after boot: /proc/PID/stat field 22 */
	const char *boot_id;	/* only where the state folder may outlive a boot; else NULL */
	bool own_pid_namespace; /* killing init ends every process of the container */
	bool has_hooks;		/* start and delete have hooks to run */
	bool own_keyring;	/* a session keyring that exec joins */
	bool no_pivot;		/* the root of its mount namespace may not be its root */
	const char *rdt_group;	/* groups of resctrl to be removed with the container; NULL: none */
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

/* "creating", "created", "running", "paused", "stopped". */
const char *state_status_name(enum state_status status);

/*
 * [A-Za-z0-9_+.-]+, not starting with a dot, at most STATE_ID_MAX bytes.
 * Errors: EINVAL, naming the first character that is not allowed.
 */
int state_id_check(const char *id, struct err *err);

/*
 * The folder for all state: `option` (--root) when given, else `rootlet` in the first of
 * $XDG_RUNTIME_DIR, /run/user/UID and (as uid 0) /run that belongs to us, is written by no one else
 * and can be written (`su` leaves wrong values behind), else a private /tmp/rootlet-UID. Real root:
 * /run/rootlet at once. UID is that of the session's user: under an outer user namespace read from
 * /proc/self/uid_map, never geteuid() alone. The folder itself must be ours and written by no one
 * else, or this fails (EPERM) and names the remedy; made with mode 0700 when `create`. Missing and
 * not `create`: success all the same; list then finds nothing, and a container "does not exist".
 */
int state_root(struct arena *arena, const char *option, bool create, const char **ret,
	       struct err *err);

/*
 * The runtime directory that is looked for so, by its name alone: for what all containers of a user
 * share. NULL: none.
 */
const char *state_runtime_dir(struct arena *arena);

/* Makes and locks ROOT/ID. Errors: EEXIST "container with given ID already exists: `ID`". */
int state_reserve(const char *root, const char *id, struct state_dir *ret, struct err *err);

/*
 * Opens and locks (blocking) an existing one. Errors: ENOENT "container `ID` does not exist". The
 * leftovers of a killed create open as well: there state_read says that it does not exist.
 */
int state_open(const char *root, const char *id, struct state_dir *ret, struct err *err);

/*
 * The same without the lock, for those who only look. The caller drops ret->fd, and never calls
 * state_close with it.
 */
int state_open_unlocked(const char *root, const char *id, struct state_dir *ret, struct err *err);

/* Writes one file of the folder aside and renames it. */
int state_write_file(const struct state_dir *dir, const char *name, const void *bytes, size_t len,
		     struct err *err);

/* Writes state.json, with this boot's id when the folder isn't in memory. */
int state_save(const struct state_dir *dir, const struct state *state, struct err *err);

/*
 * Reads state.json of an open folder; checks types and that the id is the folder's.
 * Errors: ENOENT "container `ID` does not exist"; EBADMSG for a damaged file, naming it and the
 * remedy.
 */
int state_read(struct arena *arena, const struct state_dir *dir, struct state *ret,
	       struct err *err);

/* Open without a lock, read, close. Errors: ENOENT "container `ID` does not exist". */
int state_load(struct arena *arena, const char *root, const char *id, struct state *ret,
	       struct err *err);

/*
 * From the kernel and the gate, never from the file: is it alive (pid, start time, not a zombie),
 * was it started?
 */
enum state_status state_status(const char *root, const struct state *state);

/*
 * A pidfd of the container's init, made sure by its start time; -ESRCH when it is gone (or a
 * zombie).
 */
int state_pidfd(const struct state *state, int *ret_pidfd);

/*
 * Whether the container's process has ended, exits, or has SIGKILL pending. What is in its pid
 * namespace dies first, and its cgroup may go with it: to whoever was busy there this is the reason
 * for what failed.
 */
bool state_is_ending(const struct state *state);

/* Removes the folder and all in it. The lock is released, on failure too. */
int state_remove(struct state_dir *dir, struct err *err);

/*
 * Unlocks and closes; fd becomes -1. The lock belongs to the open file, which a cloned child holds
 * too until it executes: this releases it for both. Such a child therefore closes its copy of fd by
 * close(2), never by this.
 */
void state_close(struct state_dir *dir);

/* Lets others act on the container while this process stays with it; and takes the folder back. */
void state_unlock(const struct state_dir *dir);

/* Locks again. Returns true, or false when the folder was removed (or replaced) meanwhile. */
bool state_relock(const struct state_dir *dir);

/* IDs of all containers with a state.json, sorted. */
int state_list(struct arena *arena, const char *root, struct strs *ret, struct err *err);
