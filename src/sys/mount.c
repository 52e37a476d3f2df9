/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mount: mounts as descriptors. */
#include "sys/mount.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/compat.h"

/*
 * The last line of the filesystem context's log ("e tmpfs: Bad value for 'size'"), without its
 * level.
 */
static void add_kernel_words(int context, struct err *err)
{
	char line[256];
	char last[256] = "";
	const char *text;
	ssize_t len;

	while ((len = read(context, line, sizeof(line) - 1)) > 0) {
		line[len] = '\0';
		line[strcspn(line, "\n")] = '\0';
		text = line;
		if (line[0] && line[1] == ' ') {
			text += 2;
		}
		snprintf(last, sizeof(last), "%s", text);
	}
	if (last[0]) {
		err_hint(err, "the kernel says: %s", last);
	}
}

static int set_option(int context, const char *option, struct err *err)
{
	char key[128];
	const char *value = NULL;
	unsigned command = SYS_FSCONFIG_SET_FLAG;
	size_t len = strcspn(option, "=");

	if (len == 0 || len >= sizeof(key)) {
		return err_set(err, EINVAL, "option \"%s\": not of the form key or key=value",
			       option);
	}
	memcpy(key, option, len);
	key[len] = '\0';
	if (option[len] == '=') {
		value = option + len + 1;
		command = SYS_FSCONFIG_SET_STRING;
	}
	if (syscall(SYS_fsconfig, context, command, key, value, 0) < 0) {
		return err_errno(err, errno, "option \"%s\"", option);
	}
	return 0;
}

static int configure_fs(int context, const char *source, const char **options, size_t n,
			bool readonly, struct err *err)
{
	if (source &&
	    syscall(SYS_fsconfig, context, SYS_FSCONFIG_SET_STRING, "source", source, 0) < 0) {
		return err_errno(err, errno, "source \"%s\"", source);
	}
	if (readonly && syscall(SYS_fsconfig, context, SYS_FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0) {
		return err_errno(err, errno, "option \"ro\"");
	}
	for (size_t i = 0; i < n; i++) {
		TRY(set_option(context, options[i], err));
	}
	if (syscall(SYS_fsconfig, context, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		return err_errno(err, errno, "creating the filesystem");
	}
	return 0;
}

int sys_mount_fs(const char *fstype, const char *source, const char **options, size_t n,
		 bool readonly, uint64_t attr, struct err *err)
{
	scope_fd int context = (int)syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC);
	int fd;

	if (context < 0) {
		if (errno == ENODEV) {
			return err_set(err, ENODEV,
				       "filesystem type \"%s\" is not known to this kernel",
				       fstype);
		}
		return err_errno(err, errno, "filesystem type \"%s\"", fstype);
	}
	if (configure_fs(context, source, options, n, readonly, err) < 0) {
		add_kernel_words(context, err);
		return -err->code;
	}
	fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned)attr);
	if (fd < 0) {
		err_errno(err, errno, "mounting %s", fstype);
		add_kernel_words(context, err);
		return -err->code;
	}
	return fd;
}

int sys_mount_reconfigure(int fd, const char **options, size_t n, struct err *err)
{
	scope_fd int context =
		(int)syscall(SYS_fspick, fd, "", SYS_FSPICK_CLOEXEC | SYS_FSPICK_EMPTY_PATH);
	int rc = 0;

	if (context < 0) {
		return err_errno(err, errno, "the filesystem's options");
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = set_option(context, options[i], err);
	}
	if (rc == 0 &&
	    syscall(SYS_fsconfig, context, SYS_FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0) {
		rc = err_errno(err, errno, "changing the filesystem's options");
	}
	if (rc < 0) {
		add_kernel_words(context, err);
	}
	return rc;
}

int sys_mount_clone(int dirfd, const char *path, unsigned flags)
{
	int fd;

	assert((flags & ~(unsigned)(AT_RECURSIVE | AT_SYMLINK_NOFOLLOW)) == 0);
	fd = (int)syscall(SYS_open_tree, dirfd, path,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
	if (fd < 0) {
		return -errno;
	}
	return fd;
}

unsigned sys_mount_clone_flags(bool recursive, bool nofollow)
{
	unsigned flags = 0;

	if (recursive) {
		flags |= AT_RECURSIVE;
	}
	if (nofollow) {
		flags |= AT_SYMLINK_NOFOLLOW;
	}
	return flags;
}

/*
 * The flags in force (MS_*), as statvfs reports them: a remount must repeat every one, the locked
 * ones above all.
 */
static unsigned long current_flags(int fd)
{
	static const struct {
		unsigned long st;
		unsigned long ms;
	} map[] = {
		{ ST_RDONLY, MS_RDONLY },     { ST_NOSUID, MS_NOSUID },
		{ ST_NODEV, MS_NODEV },	      { ST_NOEXEC, MS_NOEXEC },
		{ ST_NOATIME, MS_NOATIME },   { ST_NODIRATIME, MS_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME },
	};
	struct statvfs st;
	unsigned long flags = 0;

	if (fstatvfs(fd, &st) == 0) {
		for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
			if (st.f_flag & map[i].st) {
				flags |= map[i].ms;
			}
		}
	}
	return flags;
}

static unsigned long attr_to_ms(uint64_t attr)
{
	static const struct {
		uint64_t attr;
		unsigned long ms;
	} map[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },	  { MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },		  { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
	};
	unsigned long ms = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (attr & map[i].attr) {
			ms |= map[i].ms;
		}
	}
	if (attr & MOUNT_ATTR_NOATIME) {
		ms |= MS_NOATIME;
	} else if (attr & MOUNT_ATTR_STRICTATIME) {
		ms |= MS_STRICTATIME;
	}
	return ms;
}

/*
 * Linux 5.2 to 5.11: by path, through the magic link of the mount's own root. Not recursive: those
 * kernels can't.
 */
static int setattr_by_remount(int fd, uint64_t set, uint64_t clear)
{
	unsigned long flags = (current_flags(fd) & ~attr_to_ms(clear)) | attr_to_ms(set);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0) {
		return -errno;
	}
	return 0;
}

int sys_mount_setattr(int fd, unsigned flags, uint64_t set, uint64_t clear)
{
	struct sys_mount_attr attr = { .attr_set = set, .attr_clr = clear };

	assert((flags & ~(unsigned)AT_RECURSIVE) == 0);
	if (!set && !clear) {
		return 0;
	}
	/*
	 * An access-time mode is a value, not a bit: changing it means clearing the whole field
	 * (mount_setattr(2)).
	 */
	if ((set | clear) & MOUNT_ATTR__ATIME) {
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	}
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)) == 0) {
		return 0;
	}
	if (errno == ENOSYS && !(flags & AT_RECURSIVE)) {
		return setattr_by_remount(fd, set, clear);
	}
	return -errno;
}

int sys_mount_propagation(int fd, unsigned long propagation)
{
	struct sys_mount_attr attr = { .propagation = propagation & ~(unsigned long)MS_REC };
	unsigned flags = AT_EMPTY_PATH;
	char path[64];

	if (!propagation) {
		return 0;
	}
	if (propagation & MS_REC) {
		flags |= AT_RECURSIVE;
	}
	if (syscall(SYS_mount_setattr, fd, "", flags, &attr, sizeof(attr)) == 0) {
		return 0;
	}
	if (errno != ENOSYS || (propagation & MS_REC)) {
		return -errno;
	}
	/* Before Linux 5.12: by path, through the magic link of the mount's own root. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mount(NULL, path, NULL, propagation, NULL) < 0) {
		return -errno;
	}
	return 0;
}

int sys_mount_idmap(int mount, int user_namespace, bool recursive)
{
	struct sys_mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
				       .userns_fd = (unsigned)user_namespace };
	unsigned flags = AT_EMPTY_PATH;

	if (recursive) {
		flags |= AT_RECURSIVE;
	}

	if (syscall(SYS_mount_setattr, mount, "", flags, &attr, sizeof(attr)) < 0) {
		return -errno;
	}
	return 0;
}

int sys_explain_idmap(struct err *err)
{
	if (err->code == EPERM) {
		return err_hint(err, "the kernel lets only the owner of a filesystem map its ids, "
				     "and this one is not the container's: leave idmap out, and "
				     "map your own id to the one that the files should belong to "
				     "in /linux/uidMappings (podman: --userns=keep-id)");
	}
	if (err->code == EINVAL) {
		return err_hint(err, "this type of filesystem can't be idmapped on this kernel, it "
				     "is idmapped already, or it has the container's ids already");
	}
	if (err->code == ENOSYS) {
		return err_hint(err, "idmapped mounts need Linux 5.12 or newer");
	}
	return -err->code;
}

int sys_mount_attach(int mount, int target)
{
	if (syscall(SYS_move_mount, mount, "", target, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
		return -errno;
	}
	return 0;
}
