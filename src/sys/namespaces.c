/* SPDX-License-Identifier: Apache-2.0 */
/* sys/namespaces: the kinds of namespaces, namespaces(7), in the order in which they are joined. */
#include "sys/namespaces.h"

#include <errno.h>
#include <sys/stat.h>

#include "sys/compat.h"

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
