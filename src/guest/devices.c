/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/devices: the device nodes and the usual links of /dev.
 *
 * Situation: as for the mounts, and after them. Nothing here follows a symlink of the rootfs at its
 * last component: a rootfs whose /dev/null is a link to somewhere would otherwise choose what is
 * bound or made where (CVE-2026-41579 and its kin).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/fd.h"
#include "sys/mount.h"

static mode_t type_bits(int type)
{
	switch (type) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR;
	}
}

static bool is_device(const struct stat *st, const struct plan_device *d)
{
	if ((st->st_mode & S_IFMT) != type_bits(d->type)) {
		return false;
	}
	return d->type == 'p' || st->st_rdev == makedev(d->major, d->minor);
}

/*
 * Is the device there already (1), is the place free or an empty file that may be covered (0), or
 * is something else there (an error: config-linux.md, "Devices")?
 */
static int look_at_place(struct guest *g, const struct plan_device *d, struct err *err)
{
	scope_fd int fd = sys_open_in_root(g->rootfs, d->path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	if (fd == -ENOENT) {
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return err_errno(err, fd < 0 ? -fd : errno, "%s: %s", d->where, d->path);
	}
	if (is_device(&st, d)) {
		return 1;
	}
	if (d->how == PLAN_DEVICE_BIND && S_ISREG(st.st_mode) && st.st_size == 0) {
		return 0;
	}
	return err_set(
		err, EEXIST,
		"%s: %s exists in the root filesystem and is not the device: remove it there",
		d->where, d->path);
}

static int bind_device(struct guest *g, const struct plan_device *d, struct err *err)
{
	scope_fd int fd = sys_mount_clone(AT_FDCWD, d->source, 0);
	scope_fd int target = -1;
	struct stat st;
	int rc;

	if (fd < 0) {
		return err_errno(err, -fd,
				 "%s: %s of the host, which stands in for the device node that an "
				 "ordinary user can't make",
				 d->where, d->source);
	}
	if (fstat(fd, &st) < 0 || !is_device(&st, d)) {
		return err_set(err, ENODEV, "%s: %s of the host is not the device %c %u:%u",
			       d->where, d->source, d->type, d->major, d->minor);
	}
	target = sys_make_in_root(g->rootfs, d->path, S_IFREG);
	if (target < 0) {
		return err_errno(err, -target, "%s: making %s", d->where, d->path);
	}
	if (fstat(target, &st) < 0 || !S_ISREG(st.st_mode)) {
		return err_set(err, EEXIST, "%s: %s changed while it was set up", d->where,
			       d->path);
	}
	rc = sys_mount_attach(fd, target);
	if (rc < 0) {
		return err_errno(err, -rc, "%s: binding %s", d->where, d->path);
	}
	return 0;
}

static int make_node(struct guest *g, const struct plan_device *d, struct err *err)
{
	const char *name;
	scope_fd int parent = sys_make_parent_in_root(&g->arena, g->rootfs, d->path, &name);
	mode_t old;
	int rc;

	if (parent < 0) {
		return err_errno(err, -parent, "%s: the folder of %s", d->where, d->path);
	}
	old = umask(0);
	rc = mknodat(parent, name, type_bits(d->type) | (d->mode & 07777),
		     makedev(d->major, d->minor));
	umask(old);
	if (rc < 0) {
		return err_errno(err, errno, "%s: making %s", d->where, d->path);
	}
	if (fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0) {
		return err_errno(err, errno, "%s: giving %s to %u:%u", d->where, d->path, d->uid,
				 d->gid);
	}
	return 0;
}

int guest_devices(struct guest *g, struct err *err)
{
	for (size_t i = 0; i < g->plan->fs.device_n; i++) {
		const struct plan_device *d = &g->plan->fs.devices[i];
		int there = look_at_place(g, d, err);

		TRY(there);
		if (there) {
			continue;
		}
		if (d->how == PLAN_DEVICE_BIND) {
			TRY(bind_device(g, d, err));
		} else {
			TRY(make_node(g, d, err));
		}
	}
	return 0;
}

/* What is there already is left as it is: a rootfs that brings its own /dev may have reasons. */
int guest_links(struct guest *g, struct err *err)
{
	for (size_t i = 0; i < g->plan->fs.link_n; i++) {
		const struct plan_link *link = &g->plan->fs.links[i];
		const char *name;
		scope_fd int parent =
			sys_make_parent_in_root(&g->arena, g->rootfs, link->path, &name);

		if (parent < 0) {
			return err_errno(err, -parent, "the folder of %s", link->path);
		}
		if (symlinkat(link->target, parent, name) < 0 && errno != EEXIST) {
			return err_errno(err, errno, "making the link %s", link->path);
		}
	}
	return 0;
}
