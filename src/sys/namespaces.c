/* SPDX-License-Identifier: Apache-2.0 */
/* sys/namespaces: the kinds of namespaces, namespaces(7), in the order in which they are joined. */
#include "sys/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "sys/compat.h"

/* linux/nsfs.h of Linux 6.11 */
#define NS_GET_MNTNS_ID_ _IOR(0xb7, 0x5, uint64_t)

const struct sys_namespace sys_namespaces[SYS_NAMESPACES] = {
	{ CLONE_NEWUSER, "user" }, { CLONE_NEWPID, "pid" }, { CLONE_NEWNET, "net" },
	{ CLONE_NEWIPC, "ipc" },   { CLONE_NEWUTS, "uts" }, { CLONE_NEWCGROUP, "cgroup" },
	{ CLONE_NEWTIME, "time" }, { CLONE_NEWNS, "mnt" },
};

bool sys_userns_is_initial(void)
{
	const ino_t initial = 0xeffffffd;
	struct stat st;

	if (stat("/proc/self/ns/user", &st) < 0) {
		return errno == ENOENT;
	}
	return st.st_ino == initial;
}

bool sys_userns_is_ours(pid_t pid)
{
	char path[64];
	struct stat ours, its;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return stat("/proc/self/ns/user", &ours) == 0 && stat(path, &its) == 0 &&
	       ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

int sys_pid_namespace(uint64_t *ret)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0) {
		return -errno;
	}
	*ret = st.st_ino;
	return 0;
}

int sys_mount_namespace(pid_t pid, uint64_t *ret, bool *ret_lasting)
{
	scope_fd int fd = -1;
	char path[64] = "/proc/self/ns/mnt";
	struct stat st;

	if (pid > 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	if (ioctl(fd, NS_GET_MNTNS_ID_, ret) == 0) {
		*ret_lasting = true;
		return 0;
	}
	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	*ret = st.st_ino;
	*ret_lasting = false;
	return 0;
}
