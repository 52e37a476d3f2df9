/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criu/restore: a container out of image files.
 *
 * CRIU makes namespaces, mounts and processes as they were; the first process becomes our child
 * (--restore-sibling), so that the rest is as after a launch. Hooks but poststop are not run: what
 * they made belongs to whoever restores.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/make.h"
#include "criu/criu_images.h"
#include "criu/restore.h"
#include "host/foreground.h"
#include "host/launch_steps.h"
#include "host/monitor.h"
#include "host/record.h"
#include "host/run.h"
#include "plan/annotations.h"
#include "spec/spec.h"
#include "state/exit.h"
#include "state/folder.h"
#include "sys/clone.h"
#include "sys/exit.h"
#include "sys/fd.h"
#include "sys/namespaces.h"
#include "sys/proc.h"

struct restore {
	struct launch launch; /* first: its steps get this */
	struct criu criu;
	const struct criu_options *options;
};

static struct restore *restore_of(struct launch *l)
{
	return (struct restore *)l;
}

/* ---- the root ---- */

/*
 * Is the target below a filesystem that CRIU mounts anew? Then its mount point is not ours to make.
 */
static bool is_covered(const struct plan_fs *fs, const struct plan_mount *m)
{
	for (size_t i = 0; i < fs->mount_n; i++) {
		const struct plan_mount *other = &fs->mounts[i];
		size_t len = strlen(other->target);

		if (other != m && strncmp(m->target, other->target, len) == 0 &&
		    m->target[len] == '/') {
			return true;
		}
	}
	return false;
}

/*
 * An engine may restore upon a fresh root filesystem, where the mount points that the first start
 * made are missing.
 */
static int make_mount_points(const struct plan_fs *fs, struct err *err)
{
	scope_fd int root = open(fs->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0) {
		return err_errno(err, errno, "/root/path: %s", fs->rootfs);
	}
	for (size_t i = 0; i < fs->mount_n; i++) {
		const struct plan_mount *m = &fs->mounts[i];
		struct stat st;
		mode_t type = S_IFDIR;
		int made;

		if (m->kind == PLAN_MOUNT_CHANGE || is_covered(fs, m)) {
			continue;
		}
		if (m->kind == PLAN_MOUNT_BIND && stat(m->source, &st) == 0 &&
		    !S_ISDIR(st.st_mode)) {
			type = S_IFREG;
		}
		made = sys_make_in_root(root, m->target, type);
		if (made < 0) {
			return err_errno(err, -made, "%s/destination: making %s", m->where,
					 m->target);
		}
		close(made);
	}
	return 0;
}

/* What brings this process back from a mount namespace of its own. */
struct home {
	int mounts;
	int cwd;
};

/*
 * CRIU wants a root that is a mount. It becomes one for the time of the restore, in a mount
 * namespace that nobody else sees.
 */
static int leave_home(struct home *home, const char *rootfs, struct err *err)
{
	home->mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	home->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (home->mounts < 0 || home->cwd < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount(NULL, rootfs, NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		return err_errno(err, errno,
				 "restore: a mount namespace with the root filesystem %s", rootfs);
	}
	return 0;
}

static int return_home(struct home *home, struct err *err)
{
	int rc = 0;

	if (home->mounts >= 0 && (setns(home->mounts, CLONE_NEWNS) < 0 || fchdir(home->cwd) < 0)) {
		rc = err_errno(err, errno, "restore: returning to the host's mount namespace");
	}
	fd_drop(&home->mounts);
	fd_drop(&home->cwd);
	return rc;
}

/* ---- the cgroup ---- */

/*
 * What criu restores stays in criu's cgroup, and criu begins in ours: so this process goes into the
 * container's for as long as criu runs, and every process of the container is there from its first
 * moment.
 */
static int enter_cgroup(struct launch *l, const char **ret_own, struct err *err)
{
	scope_fd int self = -1;
	scope_fd int dir = -1;

	TRY(cgroup_prepare(&l->arena, &l->plan->cgroup, l->dir.fd,
			   arena_printf(&l->arena, "%s/%s", l->dir.root, l->dir.id), &l->cgroup,
			   &l->fds[LAUNCH_INTO], err));
	*ret_own = NULL;
	if (l->cgroup.manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	*ret_own = sys_process_cgroup(&l->arena, "self");
	self = sys_pidfd_open(getpid());
	if (!*ret_own || self < 0) {
		return err_set(err, EIO, "restore: this process's own cgroup can't be told");
	}
	return cgroup_begin(&l->arena, &l->plan->cgroup, &l->cgroup, &l->job, getpid(), self, false,
			    &dir, err);
}

static int leave_cgroup(struct launch *l, const char *own, struct err *err)
{
	const char *mount, *path;
	int rc;

	if (!own) {
		return 0;
	}
	mount = l->cgroup.mount;
	if (!mount) {
		mount = l->plan->cgroup.mount;
	}
	if (str_eq(own, "/")) {
		own = "";
	}
	path = arena_printf(&l->arena, "%s%s/cgroup.procs", mount, own);
	rc = sys_write_file(AT_FDCWD, path, "0", 1);
	if (rc < 0) {
		/* What removes the container's cgroup ends who is in it. */
		l->cgroup.manager = PLAN_CGROUP_NONE;
		return err_errno(err, -rc, "restore: returning to %s", path);
	}
	return 0;
}

/* ---- criu ---- */

/*
 * Joined namespaces, as their owner has them now. The descriptors are for criu to inherit, and the
 * caller's to close.
 */
static int add_namespaces(struct criu *c, const struct plan_namespaces *ns, int *net, int *pid,
			  struct err *err)
{
	for (size_t i = 0; i < ns->join_n; i++) {
		const struct plan_join *join = &ns->join[i];
		const char *name = NULL;
		int *fd = NULL;

		if (join->type == CLONE_NEWNET) {
			name = "net";
			fd = net;
		} else if (join->type == CLONE_NEWPID) {
			name = "pid";
			fd = pid;
		}
		if (!fd) {
			continue;
		}
		*fd = open(join->path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
		if (*fd < 0) {
			return err_errno(err, errno, "%s: %s", join->where, join->path);
		}
		criu_add(c, "--inherit-fd", "fd[%d]:rootlet-%s", *fd, name);
	}
	return 0;
}

static int read_pid(const struct launch *l, pid_t *ret, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text = NULL;
	uint32_t pid = 0;
	ssize_t len = sys_read_file(&arena, l->dir.fd, "criu.pid", 32, &text);

	if (len < 0 || str_u32(text, &pid) < 0 || pid == 0 || pid > INT32_MAX) {
		return err_set(err, EIO, "restore: criu did not say which process it has restored");
	}
	unlinkat(l->dir.fd, "criu.pid", 0);
	*ret = (pid_t)pid;
	return 0;
}

static int run_criu(struct launch *l, struct err *err)
{
	struct criu *criu = &restore_of(l)->criu;
	struct home home = { .mounts = -1, .cwd = -1 };
	struct err second = { .code = 0 };
	/*
	 * Not held while the container runs: what is mounted at their paths can't be unmounted as
	 * long.
	 */
	scope_fd int net = -1;
	scope_fd int pid = -1;
	int rc;

	criu_flag(criu, true, "--restore-detached");
	criu_flag(criu, true, "--restore-sibling");
	criu_add(criu, "--root", "%s", l->plan->fs.rootfs);
	criu_add(criu, "--pidfile", "%s/%s/criu.pid", l->dir.root, l->dir.id);
	TRY(criu_images_mounts(criu, l->plan, &l->cgroup, err));
	TRY(criu_images_streams(criu, err));
	TRY(add_namespaces(criu, &l->plan->ns, &net, &pid, err));
	TRY(make_mount_points(&l->plan->fs, err));
	rc = leave_home(&home, l->plan->fs.rootfs, err);
	if (rc == 0) {
		rc = criu_run(criu, err);
	}
	if (return_home(&home, &second) < 0 && rc == 0) {
		*err = second;
		rc = -second.code;
	}
	return rc;
}

static int run_in_cgroup(struct launch *l, struct err *err)
{
	struct err second = { .code = 0 };
	const char *own = NULL;
	int rc = enter_cgroup(l, &own, err);

	if (rc == 0) {
		rc = run_criu(l, err);
	}
	if (leave_cgroup(l, own, &second) < 0 && rc == 0) {
		*err = second;
		rc = -second.code;
	}
	return rc;
}

/* ---- all of it ---- */

static int begin_criu(struct launch *l, struct err *err)
{
	struct restore *r = restore_of(l);

	return criu_begin(&r->criu, &l->arena, "restore", "restore", r->options,
			  plan_annotation(l->spec, PLAN_ANNOTATION_CRIU_CONFIG), false, err);
}

static int begin_record(struct launch *l, struct err *err)
{
	if (l->guest.detached) {
		return state_exit_begin(&l->dir, &l->fds[LAUNCH_RECORD], err);
	}
	return 0;
}

static int find_process(struct launch *l, struct err *err)
{
	int pidfd;

	TRY(read_pid(l, &l->guest.pid, err));
	l->hooks_begun = true;
	pidfd = sys_pidfd_open(l->guest.pid);
	if (pidfd < 0) {
		return err_errno(err, -pidfd, "restore: the restored process %d",
				 (int)l->guest.pid);
	}
	l->guest.pidfd = pidfd;
	if (!host_own_pid_namespace(l->plan) && (l->plan->ns.new &CLONE_NEWNS)) {
		bool lasting;

		l->mount_namespace.set =
			sys_mount_namespace(l->guest.pid, &l->mount_namespace.value, &lasting) == 0;
	}
	return 0;
}

static void kill_process(struct launch *l, struct err *err)
{
	(void)err;
	host_guest_kill(&l->guest);
}

/* As host/launch_steps.c has them, with criu in the guest's place. */
static const struct launch_step restore_steps[] = {
	{ "plan", LAUNCH_ANY, host_launch_prepare, host_launch_poststop },
	/* What criu can't do here is said before anything is made. */
	{ "criu", LAUNCH_ANY, begin_criu, NULL },
	{ "signals", LAUNCH_ANY, host_launch_catch_signals, NULL },
	{ "state folder", LAUNCH_ANY, host_launch_reserve, host_launch_unreserve },
	{ "configuration", LAUNCH_ANY, host_launch_keep_config, NULL },
	{ "exit record", LAUNCH_ANY, begin_record, NULL },
	{ "processes", LAUNCH_ANY, run_in_cgroup, host_launch_remove_cgroup },
	{ "first process", LAUNCH_ANY, find_process, kill_process },
	{ "state", LAUNCH_ANY, host_launch_record, NULL },
	{ "pid file", LAUNCH_ANY, host_launch_pid_file, NULL },
	{ "pidfd", LAUNCH_ANY, host_launch_send_pidfd, NULL },
	LAUNCH_STEPS_END,
};

/* Who learns the exit status: this process, or a monitor where the kernel tells it to one. */
static int stay_or_leave(struct launch *l, int *ret_status, struct err *err)
{
	struct monitor monitor = {
		.pid = l->guest.pid,
		.pidfd = l->guest.pidfd,
		.record = l->fds[LAUNCH_RECORD],
		.notify = l->notify,
		.report = -1,
	};

	if (!l->guest.detached) {
		return host_run_stay(l, ret_status, err);
	}
	if (sys_exit_by_pidfd()) {
		return host_monitor_begin(&monitor, err);
	}
	return 0;
}

int criu_restore(const struct launch_options *launch, const struct criu_options *options,
		 int *ret_status, struct err *err)
{
	struct restore r = { .options = options };
	struct launch *l = &r.launch;
	int rc;

	*ret_status = 0;
	TRY(criu_allowed("restore", err));
	host_launch_begin(l, launch, LAUNCH_RUN);
	rc = host_launch_run_steps(l, restore_steps, err);
	if (rc == 0 && stay_or_leave(l, ret_status, err) < 0) {
		host_launch_undo(l, err);
		rc = -err->code;
	}
	host_launch_done(l);
	return rc;
}
