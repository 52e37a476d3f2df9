/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/rootfs: the container's root: a copy of the mount of the bundle's tree, and the way into
 * it.
 *
 * The container's mount namespace begins as a copy of the host's, and the two tell each other of
 * their mounts. The first thing that is done cuts that tie, so that nothing shows on the host.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/scope.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/mount.h"

static int pivot_root_here(void)
{
	return (int)syscall(SYS_pivot_root, ".", ".");
}

/*
 * Situation: the new mount namespace, still a copy of the host's. After the cut the rootfs becomes
 * a mount of its own, as pivot_root(2) requires, attached on its own place. g->rootfs is the root
 * of that mount: mounts made later below it are seen through it.
 */
int guest_rootfs(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;
	scope_fd int place = -1;
	struct stat st;
	int rc;

	if (mount(NULL, "/", NULL, fs->host_propagation, NULL) < 0) {
		return err_errno(err, errno,
				 "cutting the mounts of the container off from the host's");
	}
	place = open(fs->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0) {
		err_errno(err, errno, "/root/path: %s", fs->rootfs);
		sys_explain_path(fs->rootfs, err);
		return -err->code;
	}
	g->rootfs = sys_mount_clone(place, "", AT_RECURSIVE);
	if (g->rootfs < 0) {
		err_errno(err, -g->rootfs, "/root/path: copying the mount of %s", fs->rootfs);
		if (err->code == ENOSYS) {
			err_hint(err, "rootlet needs Linux 5.2 or newer");
		}
		return -err->code;
	}
	rc = sys_mount_attach(g->rootfs, place);
	if (rc < 0) {
		return err_errno(err, -rc, "/root/path: mounting %s on itself", fs->rootfs);
	}
	g->null_dev = open("/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (g->null_dev < 0) {
		return err_errno(err, errno, "/dev/null of the host");
	}
	/*
	 * What masks a file must be the real thing: never a file that someone put there
	 * (CVE-2025-31133).
	 */
	if (fstat(g->null_dev, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		return err_set(err, ENODEV, "/dev/null of the host is not the null device");
	}
	return 0;
}

/*
 * Situation: everything below g->rootfs is in place; afterwards "/" is the container's and the
 * host's tree is gone.
 */
int guest_pivot(struct guest *g, struct err *err)
{
	assert(g->rootfs >= 0);
	if (fchdir(g->rootfs) < 0) {
		return err_errno(err, errno, "entering the container's root");
	}
	if (g->plan->fs.no_pivot) {
		if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0) {
			return err_errno(err, errno, "moving the container's root to /");
		}
	} else {
		if (pivot_root_here() < 0) {
			err_errno(err, errno, "pivot_root");
			if (err->code == EINVAL) {
				return err_hint(err, "on an initramfs the root can't be "
						     "pivoted: use --no-pivot");
			}
			return -err->code;
		}
		/*
		 * The old root is stacked on the new one at "."; what was mounted below it goes
		 * with it.
		 */
		if (umount2(".", MNT_DETACH) < 0) {
			return err_errno(err, errno, "detaching the host's tree");
		}
	}
	if (chdir("/") < 0) {
		return err_errno(err, errno, "chdir /");
	}
	return 0;
}

/* Situation: after the pivot; g->rootfs is still the root of the container's topmost mount. */
int guest_root_readonly(struct guest *g, struct err *err)
{
	const struct plan_fs *fs = &g->plan->fs;
	int rc;

	if (fs->readonly) {
		rc = sys_mount_setattr(g->rootfs, 0, MOUNT_ATTR_RDONLY, 0);
		if (rc < 0) {
			return err_errno(err, -rc, "/root/readonly: making the root read-only");
		}
	}
	rc = sys_mount_propagation(g->rootfs, fs->root_propagation);
	if (rc < 0) {
		return err_errno(err, -rc, "/linux/rootfsPropagation");
	}
	return 0;
}
