/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/places: where things are mounted: the destinations of the configuration's mounts, in its
 * order.
 *
 * Situation of every function: uid 0 in the container's user namespace, in its mount namespace;
 * everything in the container only through g->rootfs.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/copy_up.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/mount.h"

/*
 * proc and sysfs go on real directories only: through a symlink they would land elsewhere
 * (CVE-2023-27561, -28642).
 */
static bool wants_real_directory(const struct plan_mount *m)
{
	return m->kind == PLAN_MOUNT_FS &&
	       (str_eq(m->fstype, "proc") || str_eq(m->fstype, "sysfs"));
}

/*
 * Opens the target without following a symlink at its end. A missing one is made first, and then
 * opened in the same way. Returns the descriptor or -errno.
 */
static int open_itself(struct guest *g, const struct plan_mount *m, mode_t type)
{
	int fd = sys_open_in_root(g->rootfs, m->target, O_PATH | O_NOFOLLOW, 0);

	if (fd == -ENOENT) {
		scope_fd int made = sys_make_in_root(g->rootfs, m->target, type);

		if (made < 0) {
			return made;
		}
		fd = sys_open_in_root(g->rootfs, m->target, O_PATH | O_NOFOLLOW, 0);
	}
	return fd;
}

/* type: of the source's root, S_IFDIR or S_IFREG; anything but a directory counts as a file. */
static int open_target(struct guest *g, const struct plan_mount *m, mode_t type, int *ret,
		       struct err *err)
{
	bool real = wants_real_directory(m);
	scope_fd int fd = -1;
	struct stat st;

	if (real || m->target_nofollow) {
		fd = open_itself(g, m, type);
	} else {
		fd = sys_make_in_root(g->rootfs, m->target, type);
	}
	if (fd < 0) {
		err_errno(err, -fd, "%s: destination %s", m->where, m->target);
		if (err->code == ELOOP) {
			err_hint(err, "a symbolic link on the way leads nowhere or in a circle");
		} else if (err->code == EROFS || err->code == EACCES || err->code == EPERM ||
			   err->code == EOVERFLOW) {
			err_hint(err, "it does not exist and can't be made there: create it in the "
				      "root filesystem");
		}
		return -err->code;
	}
	if (real && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		return err_set(err, ELOOP,
			       "%s: %s is a symbolic link in the root filesystem; %s must be "
			       "mounted on a real directory",
			       m->where, m->target, m->fstype);
	}
	if (fstat(fd, &st) < 0) {
		return err_errno(err, errno, "%s: destination %s", m->where, m->target);
	}
	if (type == S_IFREG && S_ISDIR(st.st_mode)) {
		return err_set(err, EISDIR,
			       "%s: destination %s is a directory, but what is mounted there is "
			       "not a directory",
			       m->where, m->target);
	}
	if (type == S_IFDIR && !S_ISDIR(st.st_mode)) {
		return err_set(err, ENOTDIR,
			       "%s: destination %s is not a directory, but what is mounted there "
			       "is a directory",
			       m->where, m->target);
	}
	*ret = fd_take(&fd);
	return 0;
}

/* The same link may be there already. */
static int make_link(struct guest *g, const struct plan_mount *m, const char *text, struct err *err)
{
	const char *name;
	scope_fd int parent = sys_make_parent_in_root(&g->arena, g->rootfs, m->target, &name);
	char have[PATH_MAX];
	ssize_t len;

	if (parent < 0) {
		return err_errno(err, -parent, "%s: the folder of %s", m->where, m->target);
	}
	if (symlinkat(text, parent, name) == 0) {
		return 0;
	}
	if (errno != EEXIST) {
		return err_errno(err, errno, "%s: making the link %s", m->where, m->target);
	}
	len = readlinkat(parent, name, have, sizeof(have) - 1);
	if (len < 0 || (have[len] = '\0', !str_eq(have, text))) {
		return err_set(err, EEXIST,
			       "%s: destination %s exists and is not the symbolic link to %s",
			       m->where, m->target, text);
	}
	return 0;
}

/* A remount, or another propagation. */
static int change_place(struct guest *g, const struct plan_mount *m, struct err *err)
{
	scope_fd int fd = sys_open_in_root(g->rootfs, m->target, O_PATH, 0);

	if (fd < 0) {
		return err_errno(err, -fd, "%s: %s", m->where, m->target);
	}
	if (m->data_n > 0 && sys_mount_reconfigure(fd, m->data, m->data_n, err) < 0) {
		return err_wrap(err, "%s: remounting %s", m->where, m->target);
	}
	return guest_change_flags(g, m, fd, err);
}

/*
 * A tmpfs without a mode of its own has that of the directory that it covers, as with runc and
 * crun: /run would be everybody's to write else. Returns -1 where there is none.
 */
static int covered_mode(struct guest *g, const struct plan_mount *m)
{
	scope_fd int dir = -1;
	struct stat st;

	if (m->kind != PLAN_MOUNT_FS || !str_eq(m->fstype, "tmpfs")) {
		return -1;
	}
	for (size_t i = 0; i < m->data_n; i++) {
		if (str_starts(m->data[i], "mode=")) {
			return -1;
		}
	}
	dir = sys_open_in_root(g->rootfs, m->target, O_PATH | O_DIRECTORY, 0);
	return dir >= 0 && fstat(dir, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

static int take_mode(const struct plan_mount *m, int mode, int mount, struct err *err)
{
	scope_fd int dir = -1;

	if (mode < 0) {
		return 0;
	}
	dir = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fchmod(dir, (mode_t)mode) < 0) {
		return err_errno(err, errno, "%s: the mode of %s", m->where, m->target);
	}
	return 0;
}

int guest_source_place(struct guest *g, const struct plan_mount *m,
		       const struct guest_source *source, struct err *err)
{
	scope_fd int target = -1;
	mode_t type = S_IFREG;
	struct stat st;
	int covered, rc;

	assert(g->rootfs >= 0);
	if (m->kind == PLAN_MOUNT_CHANGE) {
		return change_place(g, m, err);
	}
	if (source->link) {
		return make_link(g, m, source->link, err);
	}
	if (source->fd < 0) {
		return 0; /* optional, and not there */
	}
	if (fstat(source->fd, &st) < 0) {
		return err_errno(err, errno, "%s: source %s", m->where, m->source);
	}
	if (S_ISDIR(st.st_mode)) {
		type = S_IFDIR;
	}
	covered = covered_mode(g, m);
	TRY(open_target(g, m, type, &target, err));
	if (m->kind == PLAN_MOUNT_FS) {
		TRY(take_mode(m, covered, source->fd, err));
		/*
		 * Not through the map: what is copied keeps the owners that it has in the
		 * container.
		 */
		if (m->copy_up) {
			TRY(guest_copy_up(target, source->fd, m, err));
		}
		TRY(guest_map_ids(g, m, source->fd, err));
	}
	rc = sys_mount_attach(source->fd, target);
	if (rc < 0) {
		return err_errno(err, -rc, "%s: attaching the mount at %s", m->where, m->target);
	}
	return 0;
}

/* The mounts on /proc and /sys are used later, whatever becomes of these names. */
static void keep(struct guest *g, const struct plan_mount *m, struct guest_source *source)
{
	if (source->fd >= 0 && str_eq(m->target, "/proc")) {
		fd_drop(&g->proc);
		g->proc = fd_take(&source->fd);
	} else if (source->fd >= 0 && str_eq(m->target, "/sys")) {
		fd_drop(&g->sys);
		g->sys = fd_take(&source->fd);
	}
}

/* One after the other: a source may lie in what an earlier one has mounted. */
int guest_mounts(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;

	g->sealed = arena_array(&g->arena, fs->mount_n, sizeof(*g->sealed));
	for (size_t i = 0; i < fs->mount_n; i++) {
		const struct plan_mount *m = &fs->mounts[i];
		struct guest_source source;
		int rc;

		if (plan_mount_in_cgroup(m)) {
			TRY(guest_cgroup(g, err));
		}
		rc = guest_source_make(g, m, &source, err);
		if (rc == 0) {
			rc = guest_source_place(g, m, &source, err);
		}
		if (rc == 0) {
			keep(g, m, &source);
		}
		g->sealed[i] = m->sealed_last ? fd_take(&source.fd) : -1;
		fd_drop(&source.fd);
		TRY(rc);
	}
	return 0;
}

int guest_seal_mounts(struct guest *g, struct err *err)
{
	for (size_t i = 0; i < g->plan->fs.mount_n; i++) {
		if (g->sealed[i] >= 0) {
			TRY(guest_seal(&g->plan->fs.mounts[i], g->sealed[i], err));
			fd_drop(&g->sealed[i]);
		}
	}
	return 0;
}
