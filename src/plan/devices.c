/* SPDX-License-Identifier: Apache-2.0 */
/* plan/devices: the default devices and links of config-linux.md, and the bundle's own devices. */
#include "plan/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan/builder.h"

/* config-linux.md, "Default Devices". /dev/console comes with the terminal, /dev/ptmx is a link. */
static const struct plan_device defaults[] = {
	{ .path = "/dev/null", .type = 'c', .major = 1, .minor = 3, .mode = 0666 },
	{ .path = "/dev/zero", .type = 'c', .major = 1, .minor = 5, .mode = 0666 },
	{ .path = "/dev/full", .type = 'c', .major = 1, .minor = 7, .mode = 0666 },
	{ .path = "/dev/random", .type = 'c', .major = 1, .minor = 8, .mode = 0666 },
	{ .path = "/dev/urandom", .type = 'c', .major = 1, .minor = 9, .mode = 0666 },
	{ .path = "/dev/tty", .type = 'c', .major = 5, .minor = 0, .mode = 0666 },
};

static const struct plan_link links[] = {
	{ "/dev/fd", "/proc/self/fd" },	      { "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Only the root of the initial user namespace can make device nodes that work. */
static enum plan_device_how how(const struct builder *b, int type)
{
	if (type == 'p') {
		return PLAN_DEVICE_FIFO;
	}
	if (b->facts->privileged && !b->facts->in_userns && !b->user_namespace) {
		return PLAN_DEVICE_NODE;
	}
	return PLAN_DEVICE_BIND;
}

static void take_device(struct builder *b, size_t index, struct plan_device *d)
{
	const struct spec_device *want = &b->lin->devices.v[index];

	d->where = arena_printf(b->arena, "/linux/devices/%zu", index);
	d->path = want->path;
	d->source = want->path;
	d->type = want->type == 'u' ? 'c' : want->type;
	d->how = how(b, d->type);
	d->mode = want->file_mode.set ? (uint32_t)want->file_mode.value & 07777 : 0666;
	d->uid = (uint32_t)want->uid.value;
	d->gid = (uint32_t)want->gid.value;
	if (d->type != 'p') {
		/* Both are below 2^20: spec has refused what is not. */
		d->major = (uint32_t)want->major.value;
		d->minor = (uint32_t)want->minor.value;
	}
	if (d->how == PLAN_DEVICE_BIND && (want->file_mode.set || want->uid.set || want->gid.set)) {
		plan_note_quiet(b, d->where, "the host's node is bound, with its owner and mode",
				"an ordinary user can't make device nodes");
	}
}

/*
 * A node that is bound keeps the host's rules of who may open it: better said now than by a
 * program's EACCES.
 */
static void note_access(struct builder *b, const struct plan_device *d,
			const struct facts_device *f)
{
	const char *user = str_or(b->facts->user, "USER");
	const char *group = f->group ? f->group : arena_printf(b->arena, "%u", f->gid);
	const char *keep = "keep yours by the annotation run.oci.keep_original_groups=1 (podman: "
			   "--group-add keep-groups)";
	const char *between = ", and ";
	const char *what = arena_printf(b->arena, "%s can't be opened in the container", d->source);

	if (b->plan->annotations[PLAN_ANNOTATION_KEEP_GROUPS].flag) {
		between = keep = "";
	}
	if (f->access == FACTS_BY_GROUP && *keep) {
		plan_note(b, d->where, what,
			  arena_printf(b->arena,
				       "on the host it is open to you as a member of group %s, and "
				       "the container has other groups",
				       group),
			  keep);
	} else if (f->access == FACTS_DENIED && (f->mode & 060) && f->gid != 0) {
		plan_note(
			b, d->where, what,
			arena_printf(
				b->arena,
				"on the host it is for group %s (mode %04o), which you are not in",
				group, f->mode & 07777),
			arena_printf(b->arena,
				     "join it (sudo usermod -aG %s %s, then log in again)%s%s",
				     group, user, between, keep));
	} else if (f->access == FACTS_DENIED) {
		plan_note(b, d->where, what,
			  arena_printf(b->arena, "on the host its mode is %04o and its owner %u:%u",
				       f->mode & 07777, f->uid, f->gid),
			  "let the host's root open it to you (a udev rule)");
	}
}

/* Do both name the same file, whatever slashes and "." they are written with? */
static bool same_path(const char *a, const char *b)
{
	for (;;) {
		size_t n;

		while (*a == '/' || (*a == '.' && (a[1] == '/' || !a[1]))) {
			a++;
		}
		while (*b == '/' || (*b == '.' && (b[1] == '/' || !b[1]))) {
			b++;
		}
		n = strcspn(a, "/");
		if (n != strcspn(b, "/") || memcmp(a, b, n) != 0) {
			return false;
		}
		if (n == 0) {
			return true;
		}
		a += n;
		b += n;
	}
}

static bool asked_for(const struct builder *b, const char *path)
{
	for (size_t i = 0; i < b->lin->devices.n; i++) {
		if (same_path(b->lin->devices.v[i].path, path)) {
			return true;
		}
	}
	return false;
}

static const struct plan_link *default_link(const char *path)
{
	for (size_t i = 0; i < COUNT(links); i++) {
		if (same_path(links[i].path, path)) {
			return &links[i];
		}
	}
	return NULL;
}

/*
 * Engines that pass all of the host's devices name /dev/ptmx too. The host's node would open
 * terminals of the host's devpts, so the link stays, as runc has it.
 */
static bool stays_link(struct builder *b, size_t index)
{
	const struct plan_link *link = default_link(b->lin->devices.v[index].path);

	if (!link) {
		return false;
	}
	plan_note_quiet(b, arena_printf(b->arena, "/linux/devices/%zu", index),
			arena_printf(b->arena, "%s is the link to %s", link->path, link->target),
			"it leads to the container's own terminals and streams, and the host's "
			"device does not");
	return true;
}

int plan_devices(struct builder *b, struct err *err)
{
	struct plan_fs *fs = &b->plan->fs;

	(void)err;
	fs->devices =
		arena_array(b->arena, b->lin->devices.n + COUNT(defaults), sizeof(*fs->devices));
	for (size_t i = 0; i < b->lin->devices.n; i++) {
		struct plan_device *d;

		if (stays_link(b, i)) {
			continue;
		}
		d = &fs->devices[fs->device_n++];
		take_device(b, i, d);
		if (d->how == PLAN_DEVICE_BIND && b->facts->devices) {
			note_access(b, d, &b->facts->devices[i]);
		}
	}
	for (size_t i = 0; i < COUNT(defaults); i++) {
		if (!asked_for(b, defaults[i].path)) {
			struct plan_device *d = &fs->devices[fs->device_n++];

			*d = defaults[i];
			d->where = "default device";
			d->source = d->path;
			d->how = how(b, d->type);
		}
	}
	fs->links = arena_array(b->arena, COUNT(links), sizeof(*fs->links));
	memcpy(fs->links, links, sizeof(links));
	fs->link_n = COUNT(links);
	return 0;
}
