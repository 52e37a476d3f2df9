/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/mounts: the mounts of the bundle, resolved to kinds, flags and the filesystem's own options.
 */
#include "plan/mounts.h"

#include <assert.h>
#include <errno.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan/builder.h"
#include "plan/mount_adapt.h"
#include "plan/mount_ids.h"
#include "plan/net.h"
#include "plan/options.h"

/* What is added to a filesystem's own options (userxattr, a label), and the NULL at their end. */
#define DATA_EXTRA 4

/* idmap, ridmap, and with "=uids=…;gids=…": crun's spelling of the mappings. */
static bool take_idmap(struct plan_mount *m, const char *text, const char **ret_map)
{
	const char *name = text + (text[0] == 'r');

	if (!str_starts(name, "idmap") || (name[5] && name[5] != '=')) {
		return false;
	}
	m->ids.present = true;
	m->ids.recursive = text[0] == 'r';
	*ret_map = name[5] ? name + 6 : NULL;
	return true;
}

/* Keeps the filesystem's own options apart from the flags. */
static void take_option(struct plan_mount *m, const char *text, unsigned *what,
			const char **ret_map)
{
	const struct mount_option *o = plan_mount_option(text);
	bool recursive;

	/* mount(8) keeps these to itself, for other programs to read. */
	if (take_idmap(m, text, ret_map) || str_starts(text, "x-") || str_starts(text, "X-") ||
	    str_starts(text, "comment=")) {
		return;
	}
	if (!o) {
		m->data[m->data_n++] = text;
		return;
	}
	*what |= o->what & ~(unsigned)MOUNT_OPT_RECURSIVE;
	recursive = (o->what & MOUNT_OPT_RECURSIVE) != 0;
	if (o->what & MOUNT_OPT_SUPERBLOCK) {
		m->data[m->data_n++] = text;
	}
	if (o->propagation) {
		m->propagation = o->propagation;
	}
	/* The last word wins: "ro,rw" is read-write. */
	if (recursive) {
		m->set_all = (m->set_all & ~o->clear) | o->set;
		m->clear_all = (m->clear_all & ~o->set) | o->clear;
	} else {
		m->set = (m->set & ~o->clear) | o->set;
		m->clear = (m->clear & ~o->set) | o->clear;
	}
	if (o->clear & MOUNT_ATTR_RDONLY) {
		*what &= ~(unsigned)MOUNT_OPT_READONLY;
	}
}

static const char *absolute_source(struct builder *b, const char *source)
{
	if (source[0] == '/') {
		return source;
	}
	return arena_printf(b->arena, "%s/%s", b->options->bundle, source);
}

static bool is_root(const char *path)
{
	return path[strspn(path, "/.")] == '\0' && !strstr(path, "...");
}

int plan_mount_target(struct builder *b, size_t index, struct plan_mount *m, struct err *err)
{
	const struct spec_mount *want = &b->spec->mounts.v[index];

	m->where = arena_printf(b->arena, "%s/%zu", str_or(b->mounts_at, "/mounts"), index);
	m->target = want->destination;
	if (m->target[0] != '/') {
		m->target = arena_printf(b->arena, "/%s", m->target);
	}
	if (is_root(m->target) && b->plan->enter.mounts == PLAN_ENTER_REMOVE_MOUNTS) {
		return err_set(err, EINVAL, "%s/destination: \"/\" is the container itself",
			       m->where);
	}
	return 0;
}

/* Is it bound, made or changed? */
static int take_kind(struct builder *b, const struct spec_mount *want, unsigned what,
		     struct plan_mount *m, struct err *err)
{
	if (what & MOUNT_OPT_REMOUNT) {
		m->kind = PLAN_MOUNT_CHANGE;
		return 0;
	}
	if (what & MOUNT_OPT_BIND) {
		m->kind = PLAN_MOUNT_BIND;
		m->recursive = (what & MOUNT_OPT_RBIND) != 0;
		if (!want->source || !*want->source) {
			return err_set(err, EINVAL, "%s/source: required for a bind mount",
				       m->where);
		}
		m->source = absolute_source(b, want->source);
		return 0;
	}
	if (!want->type || !*want->type || str_eq(want->type, "none")) {
		if (!m->propagation && !m->set && !m->clear && !m->set_all && !m->clear_all) {
			return err_set(
				err, EINVAL,
				"%s/type: required unless the options have bind, rbind or remount",
				m->where);
		}
		m->kind = PLAN_MOUNT_CHANGE;
		return 0;
	}
	m->kind = PLAN_MOUNT_FS;
	m->fstype = want->type;
	m->source = str_or(str_filled(want->source), want->type);
	m->fs_readonly = (what & MOUNT_OPT_READONLY) != 0;
	TRY(plan_mount_adapt(b, m, err));
	if (m->kind == PLAN_MOUNT_FS) {
		/* Nothing is below a new filesystem yet. */
		m->set = (m->set & ~m->clear_all) | m->set_all;
		m->clear = (m->clear & ~m->set_all) | m->clear_all;
		m->set_all = 0;
		m->clear_all = 0;
		m->sealed_last = str_eq(m->fstype, "tmpfs") &&
				 (m->fs_readonly || (m->set & MOUNT_ATTR_RDONLY));
	}
	return 0;
}

/* Which options go with which kind. */
static int check_options(const struct plan_mount *m, struct err *err)
{
	if ((m->copy_link || m->source_nofollow) && m->kind != PLAN_MOUNT_BIND) {
		return err_set(err, EINVAL, "%s/options: %s is for bind mounts", m->where,
			       m->copy_link ? "copy-symlink" : "src-nofollow");
	}
	if (m->copy_link && m->ids.present) {
		return err_set(err, EINVAL,
			       "%s/options: copy-symlink makes no mount whose ids could be mapped",
			       m->where);
	}
	if (m->copy_up && (m->kind != PLAN_MOUNT_FS || !str_eq(m->fstype, "tmpfs"))) {
		return err_set(err, EINVAL, "%s/options: tmpcopyup works only with a tmpfs",
			       m->where);
	}
	return 0;
}

static int plan_one(struct builder *b, size_t index, struct plan_mount *m, struct err *err)
{
	const struct spec_mount *want = &b->spec->mounts.v[index];
	const char *map = NULL;
	unsigned what = 0;

	TRY(plan_mount_target(b, index, m, err));
	m->data = arena_array(b->arena, want->options.n + DATA_EXTRA, sizeof(*m->data));
	/* The options should say idmap too (config.md), and need not. */
	m->ids.present = want->uid_mappings.n > 0;
	for (size_t i = 0; i < want->options.n; i++) {
		/* A list that was cut at its commas has an empty one where it was empty. */
		if (want->options.v[i][0]) {
			take_option(m, want->options.v[i], &what, &map);
		}
	}
	m->copy_up = (what & MOUNT_OPT_COPY_UP) != 0;
	m->source_nofollow = (what & MOUNT_OPT_NOFOLLOW) != 0;
	m->target_nofollow = (what & MOUNT_OPT_DEST_NOFOLLOW) != 0;
	m->copy_link = (what & MOUNT_OPT_COPY_LINK) != 0;
	/* Some bundles say "type": "bind" and leave the option out. */
	if (!(what & MOUNT_OPT_BIND) && want->type && str_eq(want->type, "bind")) {
		what |= MOUNT_OPT_BIND | MOUNT_OPT_RBIND;
	}
	if (m->data_n > 0 && (what & MOUNT_OPT_BIND)) {
		plan_note(b, m->where, arena_printf(b->arena, "\"%s\" is not applied", m->data[0]),
			  "a bind mount shows a filesystem that has its own options already",
			  "remove the option");
		m->data_n = 0;
	}
	TRY(take_kind(b, want, what, m, err));
	if (m->kind != PLAN_MOUNT_CHANGE && is_root(m->target)) {
		return err_set(err, EINVAL,
			       "%s/destination: a mount on \"/\" would hide the root filesystem; "
			       "use /root/path",
			       m->where);
	}
	if (m->ids.present) {
		TRY(plan_mount_ids(b, want, map, m, err));
	}
	assert(m->data_n < want->options.n + DATA_EXTRA);
	return check_options(m, err);
}

int plan_mounts(struct builder *b, struct err *err)
{
	struct plan_fs *fs = &b->plan->fs;

	if (b->lin->mount_label && *b->lin->mount_label && !b->facts->has_selinux) {
		plan_note(b, "/linux/mountLabel",
			  arena_printf(b->arena, "\"%s\" is not applied", b->lin->mount_label),
			  "SELinux is not active on this machine", NULL);
	}
	fs->mounts =
		arena_array(b->arena, b->spec->mounts.n + 1 + PLAN_NET_EXTRA, sizeof(*fs->mounts));
	fs->mount_n = b->spec->mounts.n;
	for (size_t i = 0; i < fs->mount_n; i++) {
		TRY(plan_one(b, i, &fs->mounts[i], err));
	}
	if (b->options->notify) {
		fs->mounts[fs->mount_n++] = (struct plan_mount){
			.kind = PLAN_MOUNT_BIND,
			.where = "NOTIFY_SOCKET",
			.source = b->options->notify,
			.target = PLAN_NOTIFY_SOCKET,
			.as_caller = true,
			.propagation = MS_PRIVATE,
			.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOEXEC,
		};
	}
	fs->mount_n += plan_net_mounts(b, fs->mounts + fs->mount_n);
	return 0;
}

/* How the container's mounts and the host's see each other (linux.rootfsPropagation). */
void plan_host_propagation(struct builder *b)
{
	struct plan_fs *fs = &b->plan->fs;

	fs->host_propagation = MS_REC | MS_PRIVATE;
	switch ((enum spec_propagation)b->lin->rootfs_propagation) {
	case SPEC_PROPAGATION_SHARED:
		/*
		 * The root alone is slave to the host and shared among what is started inside: each
		 * mount has what its own options say, and is private without.
		 */
		fs->host_propagation = MS_REC | MS_SLAVE;
		fs->root_propagation = MS_SHARED;
		break;
	case SPEC_PROPAGATION_SLAVE:
		fs->host_propagation = MS_REC | MS_SLAVE;
		break;
	case SPEC_PROPAGATION_UNBINDABLE:
		fs->root_propagation = MS_UNBINDABLE;
		break;
	case SPEC_PROPAGATION_PRIVATE:
	case SPEC_PROPAGATION_UNSET:
		break;
	}
}

/* The container's root. */
int plan_fs(struct builder *b, struct err *err)
{
	struct plan_fs *fs = &b->plan->fs;

	if (!b->spec->root || !b->spec->root->path || !*b->spec->root->path) {
		return err_set(err, EINVAL, "/root: required on Linux");
	}
	fs->rootfs = absolute_source(b, b->spec->root->path);
	fs->readonly = b->spec->root->readonly;
	fs->no_pivot = b->options->no_pivot;
	fs->masked = b->lin->masked_paths;
	fs->readonly_paths = b->lin->readonly_paths;
	plan_host_propagation(b);
	return 0;
}
