/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/mounts: what will be mounted, as detached mounts: new filesystems and clones of the host's.
 * sys/mount says why they are detached; guest/places attaches them.
 *
 * Idmapped mounts are made by whoever owns the filesystem. This side maps what its own user
 * namespace has mounted. The source of a bind is mapped by the host side, where the caller is root
 * of the namespace that owns it, and then crosses the wire.
 *
 * Ties to the host's mounts: the container's mount namespace is cut off from the host's before
 * anything is mounted (guest/rootfs). A bind that is to be shared or a slave is cloned before that
 * cut: the tie is inherited by a clone, and can't be made again.
 *
 * Situation of every function: uid 0 in the container's user namespace, in a mount namespace of its
 * own that still shows the host's tree, so that sources are found by their names.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/mount.h"
#include "sys/mount_data.h"
#include "wire/wire.h"

static int explain_fs(const struct plan_mount *m, struct err *err)
{
	err_wrap(err, "%s: mounting %s on %s", m->where, m->fstype, m->target);
	if (err->code != EPERM) {
		return -err->code;
	}
	if (str_eq(m->fstype, "proc")) {
		return err_hint(err,
				"the /proc of the surrounding environment is partly covered by "
				"other mounts, and the kernel then refuses a fresh one: run the "
				"outer container with /proc unmasked (podman: --security-opt "
				"unmask=ALL; Docker: --security-opt systempaths=unconfined), or "
				"bind the /proc that is there: annotation org.rootlet.proc=bind");
	}
	if (str_eq(m->fstype, "overlay")) {
		return err_hint(err, "an ordinary user can mount overlay from Linux 5.11 on; "
				     "before, mount fuse-overlayfs on the host and bind that");
	}
	if (str_eq(m->fstype, "sysfs")) {
		return err_hint(err, "sysfs needs a network namespace of the container's own and "
				     "an uncovered /sys outside");
	}
	return err_hint(err, "an ordinary user can't mount this type of filesystem; a bind mount "
			     "of one that is mounted already works");
}

#define ATIME_ATTRS                                                                                \
	((uint64_t)(MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODIRATIME))

/*
 * The kernel may have locked how access times are kept (MNT_LOCK_ATIME). That is no reason to fail:
 * the other flags are set without it, and a line says so.
 */
static int set_flags(struct guest *g, const struct plan_mount *m, int fd, unsigned flags,
		     uint64_t attrs)
{
	int rc = sys_mount_setattr(fd, flags, attrs, 0);

	if (rc == -EPERM && (attrs & ATIME_ATTRS)) {
		rc = sys_mount_setattr(fd, flags, attrs & ~ATIME_ATTRS, 0);
		if (rc == 0) {
			guest_log(g,
				  "%s: %s keeps the access time option of %s, which is locked by "
				  "the host",
				  m->where, m->target, m->source ? m->source : "the mount");
		}
	}
	return rc;
}

/*
 * Sets flags, then clears the others. A flag that the mount was cloned with from the host's
 * namespace is locked (mount_namespaces(7)): clearing is then impossible, and worth a line when it
 * was asked for by name.
 */
int guest_change_flags(struct guest *g, const struct plan_mount *m, int fd, struct err *err)
{
	int rc = set_flags(g, m, fd, 0, m->set);

	if (rc == 0) {
		rc = set_flags(g, m, fd, AT_RECURSIVE, m->set_all);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s: setting the mount options of %s", m->where,
				 m->target);
	}
	rc = sys_mount_setattr(fd, 0, 0, m->clear);
	if (rc == 0) {
		rc = sys_mount_setattr(fd, AT_RECURSIVE, 0, m->clear_all);
	}
	if (rc == -EPERM) {
		guest_log(g,
			  "%s: %s keeps mount options (read-only, nosuid, nodev or noexec) of %s, "
			  "which are locked by the host",
			  m->where, m->target, m->source ? m->source : "the mount");
	} else if (rc < 0) {
		return err_errno(err, -rc, "%s: clearing mount options of %s", m->where, m->target);
	}
	rc = sys_mount_propagation(fd, m->propagation);
	if (rc < 0) {
		return err_errno(err, -rc, "%s: propagation of %s", m->where, m->target);
	}
	return 0;
}

/* For a mount that the container's user namespace owns. */
int guest_map_ids(struct guest *g, const struct plan_mount *m, int fd, struct err *err)
{
	const struct plan_mount_ids *ids = &m->ids;
	scope_fd int namespace = -1;
	int rc;

	if (!ids->present || ids->by_host) {
		return 0;
	}
	if (ids->namespace) {
		namespace = open(ids->namespace, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (namespace < 0) {
			namespace = -errno;
		}
	} else {
		namespace = sys_idmap_namespace(plan_map_text(&g->arena, &ids->uid),
						plan_map_text(&g->arena, &ids->gid));
	}
	if (namespace < 0) {
		return err_errno(err, -namespace, "%s: a user namespace with the map of %s",
				 m->where, m->target);
	}
	rc = sys_mount_idmap(fd, namespace, ids->recursive);
	if (rc < 0) {
		err_errno(err, -rc, "%s: mapping the ids of %s", m->where, m->target);
		return sys_explain_idmap(err);
	}
	return 0;
}

/* A source whose ids only the host side may map comes from there, mapped. */
static int receive_source(struct guest *g, const struct plan_mount *m, int *ret, struct err *err)
{
	struct wire_msg msg;
	int rc = wire_recv(g->wire, &msg);

	if (rc <= 0 || msg.type != WIRE_MOUNT) {
		return err_set(err, EPIPE, "%s: the host side ended before it sent %s", m->where,
			       m->source);
	}
	*ret = msg.fd;
	return 0;
}

static int clone_asked(const struct plan_mount *m)
{
	return sys_mount_clone(AT_FDCWD, m->source,
			       sys_mount_clone_flags(m->recursive, m->source_nofollow));
}

/*
 * Situation: the container's mount namespace is not yet cut off from the host's. What can't be
 * cloned now is no error: an earlier mount may bring it.
 */
int guest_linked_sources(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;

	(void)err;
	g->linked = arena_array(&g->arena, fs->mount_n, sizeof(*g->linked));
	for (size_t i = 0; i < fs->mount_n; i++) {
		const struct plan_mount *m = &fs->mounts[i];

		g->linked[i] = -1;
		if (m->kind == PLAN_MOUNT_BIND && (m->propagation & (MS_SHARED | MS_SLAVE)) &&
		    !m->ids.by_host) {
			g->linked[i] = clone_asked(m);
		}
	}
	return 0;
}

/*
 * Situation: the new mount namespace, and still the caller's own id on the host, with all
 * capabilities. What can't be cloned is tried again, and reported, where the mount's turn comes.
 */
int guest_caller_source(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;

	for (size_t i = 0; i < fs->mount_n; i++) {
		if (fs->mounts[i].as_caller) {
			g->as_caller = sys_mount_clone(AT_FDCWD, fs->mounts[i].source, 0);
		}
		if (fs->mounts[i].own && g->plan->net.names_first) {
			TRY(guest_names_read(g, &fs->mounts[i], err));
		}
	}
	return 0;
}

/* The source of a bind, as a detached mount. Returns a descriptor or -errno. */
static int clone_source(struct guest *g, const struct plan_mount *m)
{
	size_t index = (size_t)(m - g->plan->fs.mounts);

	assert(index < g->plan->fs.mount_n);
	if (m->own) {
		return guest_names_clone(g, m);
	}
	if (m->as_caller && g->as_caller >= 0) {
		return fd_take(&g->as_caller);
	}
	if (g->linked && g->linked[index] >= 0) {
		return fd_take(&g->linked[index]);
	}
	return clone_asked(m);
}

/*
 * crun's copy-symlink: a symlink on the host is to be the same symlink in the container. *ret stays
 * NULL for anything else.
 */
static int read_link(struct guest *g, const struct plan_mount *m, const char **ret, struct err *err)
{
	scope_fd int link = open(m->source, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char text[PATH_MAX];
	struct stat st;
	ssize_t len;

	/* Where it can't be looked at, the bind fails too, and says why. */
	if (!m->copy_link || link < 0 || fstat(link, &st) < 0 || !S_ISLNK(st.st_mode)) {
		return 0;
	}
	len = readlinkat(link, "", text, sizeof(text));
	if (len < 0 || (size_t)len == sizeof(text)) {
		return err_errno(err, len < 0 ? errno : ENAMETOOLONG, "%s: source %s", m->where,
				 m->source);
	}
	*ret = arena_strndup(&g->arena, text, (size_t)len);
	return 0;
}

static int make_bind(struct guest *g, const struct plan_mount *m, struct guest_source *ret,
		     struct err *err)
{
	scope_fd int fd = -1;

	TRY(read_link(g, m, &ret->link, err));
	if (ret->link) {
		return 0;
	}
	if (m->own) {
		TRY(guest_names_make(g, m, err));
	}
	if (m->ids.present && m->ids.by_host) {
		TRY(receive_source(g, m, &fd, err));
	} else {
		fd = clone_source(g, m);
	}
	if (fd == -ENOENT && m->optional) {
		return 0;
	}
	if (fd < 0) {
		err_errno(err, -fd, "%s: source %s", m->where, m->source);
		if (err->code == EINVAL && !m->recursive) {
			return err_hint(err,
					"other filesystems are mounted below it, and hiding them "
					"from view is not allowed to an ordinary user: use rbind");
		}
		sys_explain_path(m->source, err);
		return -err->code;
	}
	TRY(guest_map_ids(g, m, fd, err));
	TRY(guest_change_flags(g, m, fd, err));
	ret->fd = fd_take(&fd);
	return 0;
}

/*
 * linux.mountLabel, for filesystems that take no label as an option: their root directory gets it.
 */
static int set_label(const struct plan_mount *m, int fd, struct err *err)
{
	scope_fd int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || fsetxattr(dir, "security.selinux", m->label, strlen(m->label) + 1, 0) < 0) {
		return err_errno(err, errno, "/linux/mountLabel: labelling %s \"%s\"", m->target,
				 m->label);
	}
	return 0;
}

/* readonly, attr: as sys_mount_fs has them. */
static int new_fs(const struct plan_mount *m, bool readonly, uint64_t attr, struct err *err)
{
	if (sys_mount_too_long(m->source, m->data, m->data_n)) {
		return sys_mount_data(m->fstype, m->source, m->data, m->data_n, readonly, attr,
				      err);
	}
	return sys_mount_fs(m->fstype, m->source, m->data, m->data_n, readonly, attr, err);
}

/*
 * proc and sysfs of a user namespace keep how access times are kept on the host's, where that is
 * locked (mount_too_revealing in the kernel's fs/namespace.c). As set_flags: no reason to fail.
 */
static int new_fs_atime(struct guest *g, const struct plan_mount *m, bool readonly, uint64_t attr,
			struct err *err)
{
	int fd = new_fs(m, readonly, attr, err);

	if (fd == -EPERM && (attr & ATIME_ATTRS)) {
		fd = new_fs(m, readonly, attr & ~ATIME_ATTRS, err);
		if (fd >= 0) {
			guest_log(g,
				  "%s: %s keeps the access time option of the host's %s, which is "
				  "locked",
				  m->where, m->target, m->fstype);
		}
	}
	return fd;
}

static int make_fs(struct guest *g, const struct plan_mount *m, struct guest_source *ret,
		   struct err *err)
{
	scope_fd int fd = -1;
	int rc;

	if (m->fall_back) {
		rc = guest_cgroup_mount(g, m, &fd, err);
	} else if (m->sealed_last) {
		rc = fd = new_fs(m, false, m->set & ~(uint64_t)MOUNT_ATTR_RDONLY, err);
	} else {
		rc = fd = new_fs_atime(g, m, m->fs_readonly, m->set, err);
	}
	if (rc < 0) {
		return explain_fs(m, err);
	}
	if (m->label) {
		TRY(set_label(m, fd, err));
	}
	rc = sys_mount_propagation(fd, m->propagation & ~(unsigned long)MS_REC);
	if (rc < 0) {
		return err_errno(err, -rc, "%s: propagation of %s", m->where, m->target);
	}
	ret->fd = fd_take(&fd);
	return 0;
}

int guest_seal(const struct plan_mount *m, int fd, struct err *err)
{
	const char *readonly[] = { "ro" };
	int rc = 0;

	if (m->set & MOUNT_ATTR_RDONLY) {
		rc = sys_mount_setattr(fd, 0, MOUNT_ATTR_RDONLY, 0);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s: making %s read-only", m->where, m->target);
	}
	if (m->fs_readonly && sys_mount_reconfigure(fd, readonly, 1, err) < 0) {
		return err_wrap(err, "%s: making %s read-only", m->where, m->target);
	}
	return 0;
}

int guest_source_make(struct guest *g, const struct plan_mount *m, struct guest_source *ret,
		      struct err *err)
{
	*ret = (struct guest_source){ .fd = -1 };
	switch (m->kind) {
	case PLAN_MOUNT_BIND:
		return make_bind(g, m, ret, err);
	case PLAN_MOUNT_FS:
		return make_fs(g, m, ret, err);
	case PLAN_MOUNT_CHANGE:
		break;
	}
	return 0;
}
