/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/mount_adapt: new filesystems, adapted to what an ordinary user may mount.
 *
 * Which filesystems a user namespace may mount, and when: proc with its own pid namespace, sysfs
 * with its own network namespace, mqueue with its own ipc namespace, cgroup2 with its own cgroup
 * namespace, tmpfs, devpts and overlay always. Where the namespace is the host's, the host's
 * instance is bound instead.
 *
 * /sys/fs/cgroup without a cgroup namespace is bound read-only, never writable. A `cgroup` mount
 * with one becomes cgroup2 of the container's own subtree, or a bind of that where the kernel
 * refuses the mount. Devices are bound from the host, after their type and number were checked.
 * gid=5 of devpts is left out where gid 5 is not mapped; overlay gets userxattr. Each of these
 * leaves a note.
 */
#include "plan/mount_adapt.h"

#include <errno.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "plan/annotations.h"
#include "plan/builder.h"
#include "plan/options.h"

#define NOT_OWNED "the container shares the host's namespace for it, which its user does not own"

static void drop_data(struct plan_mount *m, const char *prefix)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->data_n; i++) {
		if (!str_starts(m->data[i], prefix)) {
			m->data[kept++] = m->data[i];
		}
	}
	m->data_n = kept;
	m->data[kept] = NULL;
}

static bool has_data(const struct plan_mount *m, const char *prefix)
{
	for (size_t i = 0; i < m->data_n; i++) {
		if (str_starts(m->data[i], prefix)) {
			return true;
		}
	}
	return false;
}

static bool is_cgroup(const char *fstype)
{
	return fstype && (str_eq(fstype, "cgroup") || str_eq(fstype, "cgroup2"));
}

/*
 * The host's instance stands in, with everything below it; read-only where a fresh one could not
 * hurt but this can.
 */
static void bind_instead(struct builder *b, struct plan_mount *m, const char *source, bool readonly)
{
	if (m->data_n > 0 && !is_cgroup(m->fstype)) {
		plan_note(b, m->where, arena_printf(b->arena, "\"%s\" is not applied", m->data[0]),
			  "the host's filesystem is bound, which has its own options already",
			  "remove the option");
	}
	m->kind = PLAN_MOUNT_BIND;
	m->source = source;
	m->fstype = NULL;
	m->data_n = 0;
	m->recursive = true;
	m->fs_readonly = false;
	m->clear = 0;
	m->clear_all = 0;
	if (readonly) {
		m->set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		m->set_all |= MOUNT_ATTR_RDONLY;
	}
}

static void adapt_devpts(struct builder *b, struct plan_mount *m)
{
	for (size_t i = 0; i < m->data_n; i++) {
		uint32_t gid;

		if (str_starts(m->data[i], "gid=") && str_u32(m->data[i] + 4, &gid) == 0 &&
		    !plan_gid_mapped(b, gid)) {
			plan_note_quiet(b, m->where,
					arena_printf(b->arena, "devpts without %s", m->data[i]),
					"that gid is not mapped");
			drop_data(m, "gid=");
			return;
		}
	}
}

/* The namespace's root is the caller's cgroup then. */
static void adapt_foreign_cgroup(struct builder *b, struct plan_mount *m)
{
	if (b->plan->cgroup.caller_is_root) {
		plan_note_quiet(b, m->where, "an empty folder stands for /sys/fs/cgroup",
				"the container has no cgroup of its own, and its caller's is all "
				"of the machine's, or not to be seen");
	} else if (!(m->set & MOUNT_ATTR_RDONLY)) {
		plan_note_quiet(b, m->where, "/sys/fs/cgroup is read-only",
				"the container has no cgroup of its own");
	}
	m->set |= MOUNT_ATTR_RDONLY;
	m->clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	m->clear_all &= ~(uint64_t)MOUNT_ATTR_RDONLY;
}

/*
 * Options of both versions of cgroup (cgroups(7), the kernel's admin-guide/cgroup-v2.rst). What is
 * mounted is a hierarchy that has its options already, so they change nothing; a word that is none
 * of them is a mistake.
 */
static int check_cgroup_data(struct builder *b, const struct plan_mount *m, struct err *err)
{
	static const char *const known[] = {
		"nsdelegate",
		"favordynmods",
		"nofavordynmods",
		"memory_localevents",
		"memory_recursiveprot",
		"memory_hugetlb_accounting",
		"pids_localevents",
		"none",
		"all",
		"xattr",
		"noprefix",
		"clone_children",
		"cpuset_v2_mode",
		"cpuset_noprefix",
		"cpu",
		"cpuacct",
		"cpuset",
		"memory",
		"devices",
		"freezer",
		"blkio",
		"net_cls",
		"net_prio",
		"perf_event",
		"hugetlb",
		"pids",
		"rdma",
		"misc",
	};

	for (size_t i = 0; i < m->data_n; i++) {
		/* sync and its like are options of every filesystem. */
		bool found = plan_mount_option(m->data[i]) || str_starts(m->data[i], "name=") ||
			     str_starts(m->data[i], "release_agent=");

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			found = found || str_eq(m->data[i], known[k]);
		}
		if (!found) {
			return err_set(err, EINVAL,
				       "%s/options: \"%s\" is no option of cgroup: remove it",
				       m->where, m->data[i]);
		}
		plan_note_quiet(b, m->where,
				arena_printf(b->arena, "\"%s\" is not applied", m->data[i]),
				"the hierarchy is mounted already, with its options");
	}
	return 0;
}

bool plan_mounts_cgroup(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.n; i++) {
		if (is_cgroup(spec->mounts.v[i].type)) {
			return true;
		}
	}
	return false;
}

static void adapt_cgroup(struct builder *b, struct plan_mount *m)
{
	if (plan_ns_new(b, CLONE_NEWCGROUP)) {
		/*
		 * "cgroup" in a bundle means the host's hierarchy of whichever version; only v2 can
		 * be given to a user.
		 */
		m->fstype = "cgroup2";
		m->source = "cgroup2";
		m->data_n = 0;
		m->fall_back = true;
		if (b->plan->cgroup.manager == PLAN_CGROUP_NONE) {
			adapt_foreign_cgroup(b, m);
		}
		return;
	}
	/*
	 * Without a cgroup namespace this is the whole host's tree: never writable
	 * (CVE-2023-25809).
	 */
	if (!((m->set | m->set_all) & MOUNT_ATTR_RDONLY)) {
		plan_note(b, m->where, "/sys/fs/cgroup is read-only",
			  "without a cgroup namespace it is the host's",
			  "add {\"type\": \"cgroup\"} to /linux/namespaces");
	}
	bind_instead(b, m, "/sys/fs/cgroup", true);
	m->optional = true;
}

/*
 * A surrounding container that covers parts of its /proc can't give its user a fresh one. Binding
 * the one that is there shows every process that it shows, so it has to be asked for.
 */
static int bind_proc_asked(struct builder *b, struct plan_mount *m, bool *ret, struct err *err)
{
	const char *where = plan_annotation_path(PLAN_ANNOTATION_PROC);
	const char *how = b->plan->annotations[PLAN_ANNOTATION_PROC].text;

	*ret = false;
	if (!how || !str_eq(how, "bind")) {
		return 0;
	}
	if (!b->user_namespace) {
		return err_set(err, EINVAL,
			       "%s: without a user namespace the container's root could write to "
			       "the host's /proc",
			       where);
	}
	plan_note(b, m->where, "the host's /proc is bound",
		  "the annotation org.rootlet.proc asks for it", NULL);
	bind_instead(b, m, "/proc", false);
	*ret = true;
	return 0;
}

static int adapt_proc(struct builder *b, struct plan_mount *m, struct err *err)
{
	bool bound;

	TRY(bind_proc_asked(b, m, &bound, err));
	if (!bound && b->user_namespace && !plan_ns_own(b, CLONE_NEWPID)) {
		plan_note(b, m->where, "the host's /proc is bound", NOT_OWNED,
			  "give the container a pid namespace: add {\"type\": \"pid\"} to "
			  "/linux/namespaces");
		bind_instead(b, m, "/proc", false);
	}
	return 0;
}

static int adapt_fs(struct builder *b, struct plan_mount *m, struct err *err)
{
	if (is_cgroup(m->fstype)) {
		TRY(check_cgroup_data(b, m, err));
		adapt_cgroup(b, m);
		return 0;
	}
	if (str_eq(m->fstype, "proc")) {
		return adapt_proc(b, m, err);
	}
	if (!b->user_namespace) {
		return 0;
	}
	if (str_eq(m->fstype, "devpts")) {
		adapt_devpts(b, m);
	} else if (str_eq(m->fstype, "sysfs") && !plan_ns_own(b, CLONE_NEWNET)) {
		plan_note(b, m->where, "the host's /sys is bound read-only", NOT_OWNED,
			  "give the container a network namespace: add {\"type\": \"network\"} to "
			  "/linux/namespaces");
		bind_instead(b, m, "/sys", true);
	} else if (str_eq(m->fstype, "mqueue") && !plan_ns_own(b, CLONE_NEWIPC)) {
		plan_note(b, m->where, "the host's /dev/mqueue is bound", NOT_OWNED,
			  "give the container an ipc namespace: add {\"type\": \"ipc\"} to "
			  "/linux/namespaces");
		bind_instead(b, m, "/dev/mqueue", false);
		m->optional = true;
	} else if (str_eq(m->fstype, "overlay") && !has_data(m, "userxattr")) {
		m->data[m->data_n++] = "userxattr";
		plan_note_quiet(b, m->where, "overlay with userxattr",
				"trusted.* attributes belong to the host's root");
	}
	return 0;
}

/* ---- labels ---- */

/*
 * linux.mountLabel, as the peers have it: an option of the filesystem, but not where the kernel
 * labels by itself (proc, sysfs, cgroup2), and for mqueue by the attribute.
 */
static int add_label(struct builder *b, struct plan_mount *m, struct err *err)
{
	static const char *const types[] = { "context", "fscontext", "defcontext", "rootcontext" };
	static const char *const unlabelled[] = { "proc", "sysfs", "cgroup", "cgroup2" };
	const char *type = plan_annotation(b->spec, PLAN_ANNOTATION_CONTEXT_TYPE);
	bool known = !type;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		known = known || str_eq(type, types[i]);
	}
	if (!known) {
		return err_set(err, EINVAL,
			       "%s: context, fscontext, defcontext or rootcontext, found \"%s\"",
			       plan_annotation_path(PLAN_ANNOTATION_CONTEXT_TYPE), type);
	}
	for (size_t i = 0; i < sizeof(unlabelled) / sizeof(unlabelled[0]); i++) {
		if (str_eq(m->fstype, unlabelled[i])) {
			return 0;
		}
	}
	if (has_data(m, "context=") || has_data(m, "fscontext=") || has_data(m, "defcontext=") ||
	    has_data(m, "rootcontext=")) {
		return 0; /* the mount has its own */
	}
	if (str_eq(m->fstype, "mqueue")) {
		m->label = b->lin->mount_label;
	} else {
		m->data[m->data_n++] = arena_printf(b->arena, "%s=%s", str_or(type, "context"),
						    b->lin->mount_label);
	}
	return 0;
}

int plan_mount_adapt(struct builder *b, struct plan_mount *m, struct err *err)
{
	TRY(adapt_fs(b, m, err));
	if (m->kind == PLAN_MOUNT_FS && b->lin->mount_label && *b->lin->mount_label &&
	    b->facts->has_selinux) {
		return add_label(b, m, err);
	}
	return 0;
}
