/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/sandbox: what surrounds slirp4netns.
 *
 * slirp4netns reads every packet of a hostile container, with a library in C, and stands in the
 * host's network. So it is held for lost: what executes code in it is to find nothing.
 *
 *  - Its user namespace is its own, beside the container's: no process of the container may trace
 *    it, whatever that one's capabilities are and however it finds it. There it has one id, which
 *    on the host is the caller's own, or, where the caller is root, that of the container's root.
 *  - Its mount namespace has an empty /run: no session bus, no socket of a service, no state of
 *    rootlet's. What /etc/resolv.conf leads to stays, by its folder, since it is replaced by
 *    rename. Its own sandbox (--enable-sandbox) then leaves it /etc and this /run.
 *  - UNIX sockets it can't make (device.c), and with Landlock's scopes its signals end at itself.
 *
 * Where the container has no user namespace, which root alone can have, slirp4netns has none
 * either: there is no boundary then, and an own one would keep it from ports below 1024.
 */
#include "libnet/slirp/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scope.h"
#include "base/str.h"
#include "libnet/slirp/device.h"
#include "sys/clone.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/mount.h"

int slirp_sandbox_flags(const struct net_request *request)
{
	return request->userns >= 0 ? CLONE_NEWNS | CLONE_NEWUSER : CLONE_NEWNS;
}

/* ---- its ids ---- */

/* Which one is root there; with no root, the first. */
static int root_of(struct arena *arena, pid_t pid, const char *file, uint32_t *ret)
{
	struct sys_idmap map;
	size_t root = 0;

	TRY(sys_idmap_read(arena, arena_printf(arena, "/proc/%d/%s", (int)pid, file), &map));
	if (map.n == 0) {
		return -ESRCH;
	}
	for (size_t i = 0; i < map.n; i++) {
		if (map.v[i].inside == 0) {
			root = i;
		}
	}
	*ret = map.v[root].outside;
	return 0;
}

int slirp_sandbox_ids(const struct net_request *request, struct slirp_ids *ret)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct slirp_ids ids = { geteuid(), getegid() };

	if (geteuid() == 0 && request->userns >= 0) {
		TRY(root_of(&arena, request->pid, "uid_map", &ids.uid));
		TRY(root_of(&arena, request->pid, "gid_map", &ids.gid));
		/* These were its own. */
		if (sys_pidfd_pid(request->pidfd) != request->pid) {
			return -ESRCH;
		}
	}
	*ret = ids;
	return 0;
}

static int write_to(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return sys_write_file(AT_FDCWD, path, text, strlen(text));
}

static int write_map(pid_t pid, const char *file, uint32_t id)
{
	char text[32];

	snprintf(text, sizeof(text), "0 %u 1", (unsigned)id);
	return write_to(pid, file, text);
}

int slirp_sandbox_map(const struct net_request *request, const struct slirp_ids *ids, pid_t child)
{
	int rc = -EPERM;

	if (request->userns < 0) {
		return 0;
	}
	TRY(write_map(child, "uid_map", ids->uid));
	if (geteuid() == 0) {
		rc = write_map(child, "gid_map", ids->gid);
	}
	if (rc == -EPERM) {
		/* user_namespaces(7): who has no CAP_SETGID has to give up setgroups for it. */
		TRY(write_to(child, "setgroups", "deny"));
		rc = write_map(child, "gid_map", ids->gid);
	}
	return rc;
}

static int become_root(void)
{
	/* EPERM: setgroups was given up, and the groups are the caller's own. */
	if (setgroups(0, NULL) < 0 && errno != EPERM) {
		return -errno;
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
		return -errno;
	}
	return 0;
}

/* ---- its mounts ---- */

/* An empty tmpfs that nothing can be executed from; its owner is the namespace's root. */
static int cover(const char *path, unsigned long more)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | more;

	if (mount("tmpfs", path, "tmpfs", flags, "mode=0755,size=64k,nr_inodes=32") < 0) {
		return -errno;
	}
	return 0;
}

/*
 * What of /run name resolution needs: of the file that /etc/resolv.conf leads to the folder, or the
 * file alone where the folder is /run. NULL: nothing.
 */
static const char *needed_of_run(struct arena *arena, mode_t *ret_type)
{
	scope_free char *real = realpath("/etc/resolv.conf", NULL);
	char *slash;

	if (!real || !str_starts(real, "/run/")) {
		return NULL;
	}
	slash = strrchr(real, '/');
	*ret_type = S_IFREG;
	if (slash != real + strlen("/run")) {
		*slash = '\0';
		*ret_type = S_IFDIR;
	}
	return arena_strdup(arena, real);
}

static int cover_run(void)
{
	scope_arena struct arena arena = ARENA_INIT;
	mode_t type = 0;
	const char *needed = needed_of_run(&arena, &type);
	scope_fd int tree = -1, run = -1, target = -1;
	int rc;

	if (needed) {
		tree = sys_mount_clone(AT_FDCWD, needed, AT_RECURSIVE);
		TRY(tree);
	}
	rc = cover("/run", 0);
	if (rc < 0 || !needed) {
		return rc == -ENOENT ? 0 : rc;
	}
	run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run < 0) {
		return -errno;
	}
	target = sys_make_in_root(run, needed + strlen("/run/"), type);
	TRY(target);
	return sys_mount_attach(tree, target);
}

static int arrange_mounts(void)
{
	int rc;

	/* What is mounted here is not for the host; what the host mounts below /etc comes in. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) {
		return -errno;
	}
	TRY(cover_run());
	/* It has its device: an open that the filter does not know is to fail. */
	rc = cover("/dev/net", MS_RDONLY);
	return rc == -ENOENT ? 0 : rc;
}

/* ---- Landlock ---- */

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

/* linux/landlock.h, as of its version 6 (Linux 6.12). */
struct scopes {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};
#define ABSTRACT_UNIX_SOCKET (1u << 0)
#define SIGNAL (1u << 1)

/* An older kernel, or one that has it switched off, refuses the length or the call. */
static void narrow_scopes(void)
{
	const struct scopes scopes = { .scoped = ABSTRACT_UNIX_SOCKET | SIGNAL };
	scope_fd int rules = (int)syscall(SYS_landlock_create_ruleset, &scopes, sizeof(scopes), 0);

	if (rules >= 0) {
		(void)syscall(SYS_landlock_restrict_self, rules, 0);
	}
}

int slirp_sandbox_enter(const struct net_request *request)
{
	if (request->userns >= 0) {
		TRY(become_root());
	}
	TRY(arrange_mounts());
	narrow_scopes();
	return 0;
}
