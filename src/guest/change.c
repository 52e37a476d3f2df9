/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/change: `rootlet mounts`: mounts that are added to, and removed from, a container that is
 * there.
 *
 * Sources are the host's and destinations the container's, and no process sees both trees. So the
 * sources are made as detached mounts in a copy of the host's mount namespace, which the
 * container's user namespace owns: there an ordinary user has the privilege to clone. Then the
 * container's mount namespace is joined, and they are attached.
 *
 * The container's processes are there, and hostile: this one is not dumpable from before it joins
 * (see guest/enter). So an added mount can't have an id map of its own: whoever writes a map must
 * be dumpable. And `remove` follows no symlink and unmounts by descriptor, or the container could
 * have it take another mount away.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/mount.h"
#include "wire/wire.h"

/* The root of every procfs (the kernel's proc_fs.h). */
#define PROC_ROOT_INO 1

static bool removes(const struct guest *g)
{
	return g->plan->enter.mounts == PLAN_ENTER_REMOVE_MOUNTS;
}

/* procfs shows the pid namespace that its mounter is in. */
static bool is_procfs(const struct plan_mount *m)
{
	return m->fstype && str_eq(m->fstype, "proc");
}

static bool mounts_procfs(const struct guest *g)
{
	const struct plan_fs *fs = &g->plan->fs;

	for (size_t i = 0; !removes(g) && i < fs->mount_n; i++) {
		if (is_procfs(&fs->mounts[i])) {
			return true;
		}
	}
	return false;
}

/*
 * Without a user namespace between them CAP_SYS_PTRACE reaches this process in the container's pid
 * namespace, dumpable or not. There the procfs that the container has is mounted once more.
 */
static bool clones_procfs(const struct guest *g)
{
	return (g->plan->enter.join & (CLONE_NEWPID | CLONE_NEWUSER)) == CLONE_NEWPID;
}

/*
 * Situation before: the host's namespaces, the caller's ids. After: all of the container's but the
 * mount namespace. The pid namespace is left alone unless a procfs is to be made: outside of it
 * nobody in the container can see, stop or trace this process, whatever capabilities they have.
 */
int guest_change_enter(struct guest *g, struct err *err)
{
	uint64_t join = g->plan->enter.join;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!mounts_procfs(g) || clones_procfs(g)) {
		join &= ~(uint64_t)CLONE_NEWPID;
	}
	TRY(guest_join(g, join & ~(uint64_t)CLONE_NEWNS, err));
	if (join & CLONE_NEWPID) {
		return guest_fork_init(g, 0, err);
	}
	return 0;
}

/* Situation: as before, and uid 0 of the container's user namespace where that has one. */
int guest_change_sources(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;

	if (removes(g)) {
		return 0;
	}
	if (unshare(CLONE_NEWNS) < 0) {
		return err_errno(err, errno, "making a mount namespace for the sources");
	}
	/*
	 * What is to be tied to the host's mounts is cloned first; then the copy is cut off, as
	 * with create.
	 */
	TRY(guest_linked_sources(g, err));
	if (mount(NULL, "/", NULL, fs->host_propagation, NULL) < 0) {
		return err_errno(err, errno, "cutting the sources off from the host's mounts");
	}
	g->sources = arena_array(&g->arena, fs->mount_n, sizeof(*g->sources));
	for (size_t i = 0; i < fs->mount_n; i++) {
		if (is_procfs(&fs->mounts[i]) && clones_procfs(g)) {
			g->sources[i].fd = -1;
			continue;
		}
		TRY(guest_source_make(g, &fs->mounts[i], &g->sources[i], err));
	}
	return 0;
}

/* The container may have put anything at its /proc: only the root of a procfs is taken. */
static int clone_procfs(struct guest *g, const struct plan_mount *m, struct guest_source *ret,
			struct err *err)
{
	scope_fd int proc = guest_open_procfs(g->rootfs, "proc", err);
	scope_fd int fd = -1;
	struct stat st;

	if (proc < 0 || fstat(proc, &st) < 0 || st.st_ino != PROC_ROOT_INO) {
		err_set(err, ENOENT, "%s: the container has no procfs at /proc", m->where);
		return err_hint(err, "without a user namespace none is made from outside: mount it "
				     "inside, or in config.json");
	}
	if (m->data_n > 0) {
		return err_set(err, EINVAL,
			       "%s: without a user namespace /proc is mounted once more, as it is: "
			       "leave the option %s away",
			       m->where, m->data[0]);
	}
	fd = sys_mount_clone(proc, "", 0);
	if (fd < 0) {
		return err_errno(err, -fd, "%s: the procfs at /proc", m->where);
	}
	TRY(guest_change_flags(g, m, fd, err));
	ret->fd = fd_take(&fd);
	return 0;
}

static int clone_procfs_all(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;

	for (size_t i = 0; !removes(g) && clones_procfs(g) && i < fs->mount_n; i++) {
		if (is_procfs(&fs->mounts[i])) {
			TRY(clone_procfs(g, &fs->mounts[i], &g->sources[i], err));
		}
	}
	return 0;
}

/* Situation: the last moment of the host's tree; afterwards "/" is the container's. */
int guest_change_into(struct guest *g, struct err *err)
{
	/* Through this one any descriptor has a path, whatever /proc is in the container. */
	g->host_proc = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g->host_proc < 0) {
		return err_errno(err, errno, "/proc/self/fd");
	}
	TRY(guest_join(g, CLONE_NEWNS, err));
	if (g->root >= 0 && (fchdir(g->root) < 0 || chroot(".") < 0)) {
		return err_errno(err, errno, "entering the container's root");
	}
	g->rootfs = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g->rootfs < 0) {
		return err_errno(err, errno, "the container's root");
	}
	return clone_procfs_all(g, err);
}

/*
 * Unmounts exactly the mount that fd is the root of. By a path, another could be put in its place.
 */
static int unmount(const struct guest *g, int fd)
{
	char name[16];

	assert(g->host_proc >= 0 && fd >= 0);
	snprintf(name, sizeof(name), "%d", fd);
	if (fchdir(g->host_proc) < 0 || umount2(name, MNT_DETACH) < 0) {
		return -errno;
	}
	return 0;
}

static int add_all(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;

	assert(g->sources);
	for (size_t i = 0; i < fs->mount_n; i++) {
		int rc = guest_source_place(g, &fs->mounts[i], &g->sources[i], err);

		if (rc < 0) {
			/* All or none. */
			while (i-- > 0) {
				if (g->sources[i].fd >= 0) {
					(void)unmount(g, g->sources[i].fd);
				}
			}
			return rc;
		}
	}
	for (size_t i = 0; i < fs->mount_n; i++) {
		if (fs->mounts[i].sealed_last) {
			TRY(guest_seal(&fs->mounts[i], g->sources[i].fd, err));
		}
	}
	return 0;
}

/*
 * The place itself, through no symlink: the container could lay one that leads to a mount which it
 * would like to lose. Only the last component may be one, as the root of a mount.
 */
static int open_exactly(struct guest *g, const char *path)
{
	scope_fd int at = fcntl(g->rootfs, F_DUPFD_CLOEXEC, 0);
	char name[NAME_MAX + 1];

	while (at >= 0) {
		size_t len;
		struct stat st;
		int next;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0) {
			return fd_take(&at);
		}
		if (len > NAME_MAX) {
			return -ENAMETOOLONG;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		if (str_eq(name, "..")) {
			return -EINVAL;
		}
		next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			return -errno;
		}
		close(at);
		at = next;
		if (path[strspn(path, "/")] && fstat(at, &st) == 0 && S_ISLNK(st.st_mode)) {
			return -ELOOP;
		}
	}
	return -errno;
}

static int remove_one(struct guest *g, const struct plan_mount *m, struct err *err)
{
	scope_fd int fd = open_exactly(g, m->target);
	struct stat st;
	int rc;

	if (fd < 0) {
		err_errno(err, -fd, "%s: %s", m->where, m->target);
		if (err->code == ELOOP) {
			return err_hint(err, "a symbolic link in the container is on the way: name "
					     "the place it leads to");
		}
		if (err->code == EINVAL) {
			return err_hint(err, "\"..\" is not followed here");
		}
		return -err->code;
	}
	rc = unmount(g, fd);
	if (rc == -EINVAL && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		return err_set(err, ELOOP,
			       "%s: %s: Too many levels of symbolic links; it is a symbolic link "
			       "in the container: name the place it leads to",
			       m->where, m->target);
	}
	if (rc == -EINVAL) {
		return err_set(err, EINVAL, "%s: nothing is mounted on %s", m->where, m->target);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s: unmounting %s", m->where, m->target);
	}
	return 0;
}

/* `remove` begins with the last mount, so that the file that was given to `add` can be used. */
int guest_change_apply(struct guest *g, struct err *err)
{
	if (!removes(g)) {
		return add_all(g, err);
	}
	for (size_t i = g->plan->fs.mount_n; i-- > 0;) {
		TRY(remove_one(g, &g->plan->fs.mounts[i], err));
	}
	return 0;
}

/* There is no program to run. This process ends as soon as the host side has its answer. */
int guest_change_done(struct guest *g, struct err *err)
{
	int rc = wire_send(g->wire, WIRE_READY, NULL, 0, -1);

	if (rc < 0) {
		return err_errno(err, -rc, "telling the host side");
	}
	_exit(0);
}
