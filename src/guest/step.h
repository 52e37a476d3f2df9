/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/step: what the steps of the set-up share. Private to src/guest.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"
#include "sys/namespaces.h"

struct sock_filter;

/* A child that carries a filter's listener out; pid 0: there is none. */
struct guest_courier {
	pid_t pid;
	int listener; /* its number-to-be */
};

/* Files of the state folder of which the container gets copies. */
enum { GUEST_NAMES = 2 };

enum { GUEST_COURIER_SWITCH, GUEST_COURIER_LISTENER, GUEST_COURIERS };

struct guest {
	const struct plan *plan;
	struct arena arena;
	int wire;
	int gate;
	int as_caller; /* the source of a mount, cloned while this had the caller's id; -1: none */
	int notify;    /* the notification socket, kept for `start`; -1: none */
	int init;      /* exec: pidfd of the container's first process */
	/* exec: the container's root, where it is not that of its mount namespace; -1: none */
	int root;
	/* the host's /proc, for when the container's is the only one to be seen; -1: not kept */
	int host_proc;
	/* exec: those to join, as sys_namespaces has them; NULL: they are had by `init` */
	const int *namespaces;
	int kept[SYS_NAMESPACES]; /* create: for an exec before the start; -1: not kept */
	/* the root directory of the container's mount tree; paths inside are opened below it */
	int rootfs;
	/*
	 * the mounts on /proc and on /sys, for use even when something else is mounted there later;
	 * -1: none
	 */
	int proc;
	int sys;
	struct guest_source *sources; /* rootlet mounts: one for each of the plan's mounts */
	/*
	 * a descriptor for each mount: its source, cloned while still tied to the host's; -1: none
	 */
	int *linked;
	int *sealed;  /* the same: mounts that become read-only when they are filled */
	int null_dev; /* a verified /dev/null of the host, for masking files */
	/* the terminal's own side, until it is the standard streams; -1: no terminal */
	int pty_peer;
	const struct sock_filter *filter; /* the seccomp filter until it is loaded; NULL: none */
	unsigned short filter_len;	  /* instructions */
	int apparmor;  /* where the profile of the next execve is written; -1: none */
	int selinux;   /* the same for the label */
	int hooks_out; /* where the hooks write; -1: /dev/null */
	int hooks_err; /* -1: kept for the message */
	/* the container's own, below the host's mount of it; NULL: none */
	const char *cgroup;
	ino_t cgroup_ino;
	int names_folder; /* the state folder, opened with the caller's id; -1: not, or no more */
	int names;	  /* the filesystem with copies of its files, which covers it; -1: none */
	const char *names_texts[GUEST_NAMES]; /* NULL: there is none */
	bool has_cgroup;		      /* the host side has said where the container's is */
	bool no_cgroup;	     /* systemd failed: the container stays in its caller's cgroup */
	bool started;	     /* READY was sent */
	const char *program; /* the file that execve gets, found in PATH */
	const char **env;
	size_t listen_pid; /* the place of LISTEN_PID in env, where there is one */
	struct guest_courier couriers[GUEST_COURIERS];
	struct guest_last *last; /* exec: what the host side reads of the last process */
	bool pids_joined;	 /* the next process is in the container's pid namespace */
	bool apart;		 /* of no terminal, and a process group of its own */
};

/*
 * What will be put at a mount's place. Both are empty where a mount that is there is changed, and
 * where an optional source is missing.
 */
struct guest_source {
	int fd;		  /* the detached mount, once it is placed the mount; -1: none */
	const char *link; /* the text of a symlink that is made in place of a mount; NULL: none */
};

/* A step returns 0 or -errno with err filled. The order and the reason for it stand in guest.c. */

/* namespaces.c */
int guest_new_namespaces(struct guest *g, struct err *err);
bool guest_is_guarded(const struct plan *plan);
int guest_fork_init(struct guest *g, uint64_t flags, struct err *err);
int guest_wait_ids(struct guest *g, struct err *err);
int guest_time_offsets(struct guest *g, struct err *err);
int guest_names(struct guest *g, struct err *err);
int guest_loopback(struct guest *g, struct err *err);
int guest_network(struct guest *g, struct err *err);
int guest_keyring(struct guest *g, struct err *err);

/* enter.c */
int guest_wait_placed(struct guest *g, struct err *err);
int guest_enter(struct guest *g, struct err *err);
/* The namespaces `types` (CLONE_NEW*) of the container; 0: none, and nothing is done. */
int guest_join(struct guest *g, uint64_t types, struct err *err);
/* Is the program another process than this one, made last of all (last.c)? */
bool guest_has_last(const struct guest *g);
/* From here on a fork of this process is in the container's pid namespace. */
int guest_join_pids(struct guest *g, struct err *err);
int guest_final_cpus(struct guest *g, struct err *err);
int guest_keep_namespaces(struct guest *g, struct err *err);
/* Sends those that are kept to whoever asked at the gate. */
void guest_give_namespaces(const struct guest *g, int caller);

/* procfs.c */
/*
 * Keeps the host's /proc in g->host_proc, if the plan needs it later. Situation: it is still to be
 * seen; with exec this is the last time.
 */
int guest_keep_proc(struct guest *g, struct err *err);
/* A folder that is surely procfs (CVE-2019-19921). Returns an O_PATH descriptor or -errno. */
int guest_open_procfs(int dir, const char *path, struct err *err);
/*
 * A file below such a folder, for writing: a regular file of procfs itself, whatever may be mounted
 * or linked on the way (CVE-2025-52881). Returns the descriptor or -errno; -EXDEV: it is not one.
 */
int guest_open_procfs_file(int folder, const char *path);

/* cgroup.c */
int guest_cgroup(struct guest *g, struct err *err);
int guest_cgroup_mount(struct guest *g, const struct plan_mount *m, int *ret, struct err *err);

/* rootfs.c */
int guest_rootfs(struct guest *g, struct err *err);
int guest_pivot(struct guest *g, struct err *err);
int guest_root_readonly(struct guest *g, struct err *err);

/* mounts.c */
int guest_caller_source(struct guest *g, struct err *err);
int guest_linked_sources(struct guest *g, struct err *err);
int guest_source_make(struct guest *g, const struct plan_mount *m, struct guest_source *ret,
		      struct err *err);
/* A filesystem that was to be filled first becomes read-only. */
int guest_seal(const struct plan_mount *m, int fd, struct err *err);
int guest_change_flags(struct guest *g, const struct plan_mount *m, int fd, struct err *err);
int guest_map_ids(struct guest *g, const struct plan_mount *m, int fd, struct err *err);

/* names.c */
/*
 * Opens the state folder that m's source is in, and reads the files that are to be copied. Called
 * again, it has done so already.
 */
int guest_names_read(struct guest *g, const struct plan_mount *m, struct err *err);
/*
 * From here on the state folder that m's source is in shows copies of the plan's own files alone,
 * on a filesystem of the container's. Called again, it is so already.
 */
int guest_names_make(struct guest *g, const struct plan_mount *m, struct err *err);
/* The copy of m's source, as a detached mount. Returns a descriptor or -errno. */
int guest_names_clone(const struct guest *g, const struct plan_mount *m);

/* places.c */
int guest_mounts(struct guest *g, struct err *err);
int guest_source_place(struct guest *g, const struct plan_mount *m,
		       const struct guest_source *source, struct err *err);
int guest_seal_mounts(struct guest *g, struct err *err);

/* change.c: rootlet mounts */
int guest_change_enter(struct guest *g, struct err *err);
int guest_change_sources(struct guest *g, struct err *err);
int guest_change_into(struct guest *g, struct err *err);
int guest_change_apply(struct guest *g, struct err *err);
int guest_change_done(struct guest *g, struct err *err);

/* devices.c */
int guest_devices(struct guest *g, struct err *err);
int guest_links(struct guest *g, struct err *err);

/* masks.c */
int guest_empty_directory(const char *source, struct err *err);
int guest_masks(struct guest *g, struct err *err);
int guest_readonly_paths(struct guest *g, struct err *err);

/* terminal.c */
int guest_terminal(struct guest *g, struct err *err);
/* exec: lets go of the caller's terminal. Situation: the host's /dev. */
int guest_apart(struct guest *g, struct err *err);
int guest_session(struct guest *g, struct err *err);

/* limits.c */
int guest_rlimits(struct guest *g, struct err *err);
int guest_oom_score(struct guest *g, struct err *err);

/* attributes.c */
int guest_sysctls(struct guest *g, struct err *err);
int guest_open_labels(struct guest *g, struct err *err);
int guest_attributes(struct guest *g, struct err *err);
/* System calls alone: of this process. 0 or -errno. */
int guest_set_scheduler(const struct plan_scheduler *s, uint64_t flags);
/* Does a fork not keep it? */
bool guest_scheduler_is_lost(const struct plan_scheduler *s);
int guest_labels(struct guest *g, struct err *err);

/* creds.c */
int guest_user(struct guest *g, struct err *err);
int guest_credentials(struct guest *g, struct err *err);

/* last.c */
/*
 * As guest_exec; where there is a pid namespace to enter, by a process that is made for it. Does
 * not return but for an error.
 */
int guest_last(struct guest *g, struct err *err);

/* filter.c */
int guest_filter_couriers(struct guest *g, struct err *err);
int guest_filter_receive(struct guest *g, struct err *err);
int guest_filter_early(struct guest *g, struct err *err);
int guest_filter_late(struct guest *g, struct err *err);

/*
 * What failed is a system call that may come after the bundle's filter: where its error is one that
 * filters give, err's remedy names the call. Returns -err->code.
 */
int guest_explain_filter(struct err *err, const char *call);

/* hooks.c */
int guest_host_setup(struct guest *g, struct err *err);
int guest_create_container_hooks(struct guest *g, struct err *err);
int guest_start_container_hooks(struct guest *g, struct err *err);

/* program.c */
int guest_make_cwd(struct guest *g, struct err *err);
int guest_cwd(struct guest *g, struct err *err);
int guest_find_program(struct guest *g, struct err *err);
int guest_wait_start(struct guest *g, struct err *err);
int guest_exec(struct guest *g, struct err *err);
/* code: errno of the execve(2) that failed. */
int guest_explain_exec(const struct guest *g, int code, struct err *err);

/* log.c: a warning, shown by the host. */
void guest_log(const struct guest *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
