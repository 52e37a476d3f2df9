/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criu/criu: checkpoint and restore, by the program criu.
 *
 * criu is driven by its command line, as root: what it does is its business, what a container adds
 * to it (mounts of the host, standard streams, namespaces that others own) is ours. What it can't
 * know is told to it, and kept beside the images.
 *
 * Containers with a terminal are refused: only criu's RPC could hand the other side back.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* What both commands are told by their options. */
struct criu_options {
	const char *images; /* folder of the image files */
	const char *work;   /* of logs; NULL: that of the images */
	const char *parent; /* of an earlier pre-dump, relative to `images`; NULL: none */
	const char *manage_cgroups;
	const char *network_lock;
	const char *page_server; /* ADDRESS:PORT */
	const char *lsm_profile;
	const char *lsm_mount_context;
	int status_fd; /* -1: none */
	bool pre_dump;
	bool leave_running;
	bool tcp_established;
	bool tcp_skip_in_flight;
	bool tcp_close;
	bool ext_unix_sk;
	bool shell_job;
	bool file_locks;
	bool link_remap;
	bool lazy_pages;
	bool auto_dedup;
	bool empty_net;
};

/* A command line under construction. */
struct criu {
	struct arena *arena;
	const char *path;
	const char *action; /* "dump", "pre-dump", "restore" */
	const char *images; /* absolute, as the next one */
	const char *work;
	const char **argv;
	size_t n;
};

/*
 * May this process checkpoint and restore at all? Errors: EPERM, with the capability. `who` is the
 * command.
 */
int criu_allowed(const char *who, struct err *err);

/*
 * Is criu there, and does it get along with this kernel? Then begins the command line with what
 * both actions share. make_images: the folder is made where it is missing. Errors: ENOENT with the
 * package, ENOTSUP with criu's own words.
 */
int criu_begin(struct criu *c, struct arena *arena, const char *who, const char *action,
	       const struct criu_options *options, const char *config, bool make_images,
	       struct err *err);

/* Append an argument, or an option and its value made by a format. */
void criu_flag(struct criu *c, bool on, const char *flag);
void criu_add(struct criu *c, const char *option, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs it to its end. The first error of its log becomes part of ours. */
int criu_run(struct criu *c, struct err *err);
