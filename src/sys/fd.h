/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/fd: opening files where a hostile rootfs may have laid symlinks, and closing what must not
 * leak.
 *
 * Every path inside a rootfs is opened through one directory descriptor with
 * openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), or on kernels before 5.6 component by component
 * with O_NOFOLLOW and our own symlink resolution (CVE-2019-5736, CVE-2021-30465, CVE-2024-45310).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * openat2 below root: symlinks and ".." stay inside. Returns a descriptor (close-on-exec) or
 * -errno. flags: with O_PATH, since nothing of a tree is opened before it was looked at; who reads
 * a file of it has sys/tree.
 */
int sys_open_in_root(int root, const char *path, int flags, mode_t mode);

/* The same without openat2(2), as on kernels that lack it. For sys_open_in_root and its tests. */
int sys_open_by_walk(int root, const char *path, int flags, mode_t mode);

/*
 * Makes path (and its parents, mode 0755) below root if it is not there. type: S_IFDIR for a
 * directory, S_IFREG for an empty file of mode 0644 that is made with O_EXCL|O_NOFOLLOW. What is
 * there already may be of any type. Returns an O_PATH descriptor of it, or -errno. Symlinks are
 * followed inside the root; what a dangling one points to is made there too.
 */
int sys_make_in_root(int root, const char *path, mode_t type);

/* As sys_make_in_root for the parent of path; *ret_name is the last component inside path. */
int sys_make_parent_in_root(struct arena *arena, int root, const char *path, const char **ret_name);

/*
 * Reads a whole file of at most max bytes into the arena. Returns its length or -errno (-EFBIG past
 * max).
 */
ssize_t sys_read_file(struct arena *arena, int dirfd, const char *path, size_t max,
		      const char **ret);

/* The same for what is open already: to the end of the file, pipe or socket. */
ssize_t sys_read_fd(struct arena *arena, int fd, size_t max, const char **ret);

/* Writes all bytes in one write(2), as files under /proc want it. Returns 0 or -errno. */
int sys_write_file(int dirfd, const char *path, const char *bytes, size_t len);

/*
 * Adds to err which part of a host path is missing or may not be entered, when it is not the last
 * one.
 */
void sys_explain_path(const char *path, struct err *err);

/*
 * Closes every descriptor from `first` on except two (either may be -1). Returns 0 or -errno: one
 * is open still, as a seccomp filter forbids close(2).
 */
int sys_close_except(int first, int keep, int also);

/*
 * Closes those from `first` to `end` - 1 that are close-on-exec, except two (either may be -1).
 * Returns 0 or -errno, as a seccomp filter may forbid it.
 */
int sys_close_cloexec(int first, int end, int keep, int also);

/* Sets close-on-exec on every descriptor from `first` on. Returns 0 or -errno. */
int sys_cloexec_from(int first);

/* Seals a memfd for good, against writing, growing and shrinking. Returns 0 or -errno. */
int sys_seal(int memfd);

/* Is it sealed so? */
bool sys_is_sealed(int fd);
