/* SPDX-License-Identifier: Apache-2.0 */
/* facts/devices: may this user open the device nodes that the bundle asks for? */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "facts/devices.h"

/* By /etc/group alone: the name service costs more than the name is worth. */
static const char *group_name(struct arena *arena, gid_t gid)
{
	scope_file FILE *file = fopen("/etc/group", "re");
	struct group *gr = NULL;

	while (file && (gr = fgetgrent(file)) && gr->gr_gid != gid) {
	}
	if (!gr) {
		return NULL;
	}
	return arena_strdup(arena, gr->gr_name);
}

static bool opens(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

/*
 * Access lists count too, so the kernel is asked first; what the bits say is only how it came to
 * its answer.
 */
static enum facts_access access_of(const char *path, const struct stat *st, const struct facts *f)
{
	if (!opens(path, R_OK) && !opens(path, W_OK)) {
		return FACTS_DENIED;
	}
	if (st->st_uid == f->uid || st->st_gid == f->gid || (st->st_mode & 06) ||
	    !(st->st_mode & 060) || !group_member(st->st_gid)) {
		return FACTS_OPEN;
	}
	return FACTS_BY_GROUP;
}

void facts_devices(struct arena *arena, const struct spec *spec, struct facts *f)
{
	const struct spec_linux *lin = spec->linux_;

	if (!lin || lin->devices.n == 0 || f->uid == 0) {
		return;
	}
	f->devices = arena_array(arena, lin->devices.n, sizeof(*f->devices));
	for (size_t i = 0; i < lin->devices.n; i++) {
		const char *path = lin->devices.v[i].path;
		struct facts_device *d = &f->devices[i];
		struct stat st;

		/* One that is not there is the guest's to refuse. */
		if (stat(path, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))) {
			continue;
		}
		d->access = access_of(path, &st, f);
		d->mode = st.st_mode;
		d->uid = st.st_uid;
		d->gid = st.st_gid;
		if (d->access != FACTS_OPEN) {
			d->group = group_name(arena, st.st_gid);
		}
	}
}
