/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts/cgroup: what this machine and session have in the way of control groups.
 *
 * In this order a plan takes (plan/cgroup.c): a cgroup below what is delegated to the caller, a
 * scope of the user's systemd, none. Cgroup version 1, alone or beside an empty version 2, has
 * nothing that could be given to a user safely.
 *
 * "Writable" is not "delegated": below a user's systemd manager everything belongs to the user, yet
 * a cgroup that the manager did not delegate is the manager's to change
 * (https://systemd.io/CGROUP_DELEGATION). It marks those that it did with an extended attribute.
 * Where nobody marks anything (a container, a subtree given by chown), what is delegated begins
 * where our write permission does.
 */
#include "facts/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/fd.h"
#include "sys/proc.h"
#include "systemd/manager.h"
#include "user/session.h"

#define V2_MOUNT "/sys/fs/cgroup"
#define HYBRID_MOUNT "/sys/fs/cgroup/unified"

static bool is_cgroup2(const char *path, struct statfs *fs)
{
	return statfs(path, fs) == 0 && fs->f_type == CGROUP2_SUPER_MAGIC;
}

static void find_mount(struct facts_cgroup *f)
{
	struct statfs fs = { 0 };

	if (is_cgroup2(V2_MOUNT, &fs)) {
		f->mode = FACTS_CGROUP_V2;
		f->mount = V2_MOUNT;
	} else if (fs.f_type == TMPFS_MAGIC) {
		f->mode = FACTS_CGROUP_V1;
		if (is_cgroup2(HYBRID_MOUNT, &fs)) {
			f->mode = FACTS_CGROUP_HYBRID;
			f->mount = HYBRID_MOUNT;
		}
	}
}

static const char *below(struct arena *arena, const struct facts_cgroup *f, const char *path)
{
	if (str_eq(path, "/")) {
		return f->mount;
	}
	return arena_printf(arena, "%s%s", f->mount, path);
}

/*
 * May we make cgroups in it and move processes between them? cgroups(7), "Delegation containment".
 */
static bool writable(struct arena *arena, const struct facts_cgroup *f, const char *path)
{
	const char *dir = below(arena, f, path);

	return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 &&
	       faccessat(AT_FDCWD, arena_printf(arena, "%s/cgroup.procs", dir), W_OK, AT_EACCESS) ==
		       0;
}

static bool marked(struct arena *arena, const struct facts_cgroup *f, const char *path)
{
	static const char *const names[] = { "user.delegate", "trusted.delegate" };
	const char *dir = below(arena, f, path);
	char value[8];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (getxattr(dir, names[i], value, sizeof(value)) == 1 && value[0] == '1') {
			return true;
		}
	}
	return false;
}

/* "/a/b" to "/a", "/a" to "/". */
static const char *parent_of(struct arena *arena, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	if (len == 0) {
		return "/";
	}
	return arena_strndup(arena, path, len);
}

/* user@1000.service: delegated to the user's systemd, not to us. */
static bool is_manager(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t len = strlen(name);

	return str_starts(name, "user@") && len > 8 && str_eq(name + len - 8, ".service");
}

/* Upwards from our own to the first that is marked, or to the last that we may write. */
static const char *find_top(struct arena *arena, const struct facts_cgroup *f)
{
	const char *top = f->own;

	if (!writable(arena, f, top)) {
		return NULL;
	}
	while (!marked(arena, f, top) && !str_eq(top, "/")) {
		const char *parent = parent_of(arena, top);

		if (!writable(arena, f, parent)) {
			break;
		}
		top = parent;
	}
	return top;
}

static bool systemd_is_running(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* at: a place that the bundle names, from the root of the hierarchy on; NULL for none. */
static void find_delegated(struct arena *arena, bool insist, const char *at, struct facts_cgroup *f)
{
	const char *top;

	if (!f->own || str_starts(f->own, "/..")) {
		f->why_not = "this process is outside of the cgroups that it can see";
		return;
	}
	top = find_top(arena, f);
	if (insist && top && is_manager(top) && !is_manager(f->own)) {
		/*
		 * The user's systemd before 254 or so marks nothing that it delegates: who asks for
		 * it has to know.
		 */
		top = f->own;
	}
	if (!top || is_manager(top)) {
		f->why_not = arena_printf(
			arena, "the caller's cgroup %s is not delegated to this user", f->own);
		return;
	}
	/*
	 * All of it is real root's, but systemd's to manage: only who insists gets it, or an engine
	 * whose bundle names a place (a pod's limits are above it, and it looks for numbers there).
	 */
	if (str_eq(top, "/") && !insist && !at && user_of_system() && systemd_is_running()) {
		f->why_not = "the cgroups of this machine are managed by systemd";
		return;
	}
	f->top = top;
	/*
	 * A cgroup with processes can't give controllers to those below it (cgroups(7)), so beside
	 * the caller's.
	 */
	f->base = top;
	if (!str_eq(f->own, top)) {
		f->base = parent_of(arena, f->own);
	}
}

static struct strs read_controllers(struct arena *arena, const char *dir, bool *ret_known)
{
	struct strs list = { .n = 0 };
	const char *text;

	*ret_known =
		sys_read_file(arena, AT_FDCWD, arena_printf(arena, "%s/cgroup.controllers", dir),
			      4096, &text) >= 0;
	if (!*ret_known) {
		return list;
	}
	list.v = arena_array(arena, strlen(text) + 1, sizeof(*list.v));
	while (*(text += strspn(text, " \n"))) {
		size_t len = strcspn(text, " \n");

		list.v[list.n++] = arena_strndup(arena, text, len);
		text += len;
	}
	return list;
}

/*
 * Only the root has no type (cgroup v2, "Core Interface Files"); what is the root of a namespace
 * does.
 */
static bool own_is_root(struct arena *arena, const struct facts_cgroup *f)
{
	const char *dir;

	if (!f->own) {
		return true;
	}
	dir = below(arena, f, f->own);
	return access(arena_printf(arena, "%s/cgroup.procs", dir), F_OK) == 0 &&
	       access(arena_printf(arena, "%s/cgroup.type", dir), F_OK) < 0;
}

/* What limits could be had: of the cgroup that is delegated to us, else of the manager. */
static void find_controllers(struct arena *arena, struct facts_cgroup *f)
{
	const char *dir = V2_MOUNT;
	unsigned uid;
	bool known;

	if (f->top) {
		f->controllers = read_controllers(arena, below(arena, f, f->top), &known);
		return;
	}
	if (!f->systemd) {
		return;
	}
	if (!f->systemd_is_system) {
		uid = user_uid();
		dir = arena_printf(arena, V2_MOUNT "/user.slice/user-%u.slice/user@%u.service", uid,
				   uid);
	}
	f->systemd_controllers = read_controllers(arena, dir, &f->systemd_controllers_known);
}

void facts_cgroup(struct arena *arena, enum plan_cgroup_choice choice, const char *at, bool limits,
		  bool mounted, struct facts_cgroup *ret)
{
	struct facts_cgroup f = { .mode = FACTS_CGROUP_NONE };

	if (choice != PLAN_CGROUP_DISABLED || mounted) {
		find_mount(&f);
	}
	if (f.mount) {
		f.own = sys_process_cgroup(arena, "self");
	}
	if (mounted) {
		f.own_is_root = own_is_root(arena, &f);
	}
	if (choice == PLAN_CGROUP_DISABLED) {
		f = (struct facts_cgroup){ .mode = FACTS_CGROUP_NONE,
					   .own_is_root = f.own_is_root };
	}
	if (f.mount && choice != PLAN_CGROUP_ONLY_SYSTEMD) {
		find_delegated(arena, choice == PLAN_CGROUP_ONLY_FS, at, &f);
	}
	if (f.mode == FACTS_CGROUP_V2 && !f.top && choice != PLAN_CGROUP_ONLY_FS) {
		struct err err = { .code = 0 };

		f.systemd_is_system = user_of_system();
		if (systemd_find(arena, &f.systemd, &err) < 0) {
			f.systemd = NULL;
			f.why_no_systemd = arena_strdup(arena, err.msg);
		}
	}
	if (limits) {
		find_controllers(arena, &f);
	}
	*ret = f;
}
