/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/unit: the names of a scope and its slice.
 *
 * They are checked before anything is made. What clients write stays as it is; what no unit's name
 * can have is escaped as systemd-escape(1) does it; a slice that is none is refused.
 */
#include "plan/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* systemd's UNIT_NAME_MAX without its NUL; a cgroup's folder may not be longer either. */
#define UNIT_NAME_MAX_ 255

#define PATH_ "/linux/cgroupsPath"

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(":-_.\\", c));
}

static bool ends(const char *text, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && memcmp(text + len - n, suffix, n) == 0;
}

/* systemd-escape(1), but '-' stays what clients wrote, and '@' goes: a scope is no template. */
static void add_escaped(struct text *to, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (plain(bytes[i]) && !(bytes[i] == '.' && to->len == 0)) {
			text_addn(to, bytes + i, 1);
		} else {
			text_add(to, "\\x%02x", (unsigned char)bytes[i]);
		}
	}
}

/* FNV-1a, 64 bits. Against accidents, not against attackers: the ID is the user's own. */
static uint64_t hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text; text++) {
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	}
	return h;
}

static const char *own_name(struct arena *arena, const char *id)
{
	static const char end[] = ".scope";
	struct text name;

	text_init(&name, arena);
	text_add(&name, "rootlet-");
	add_escaped(&name, id, strlen(id));
	if (name.len + sizeof(end) - 1 > UNIT_NAME_MAX_) {
		return arena_printf(arena, "%.*s-%016" PRIx64 "%s",
				    UNIT_NAME_MAX_ - 17 - (int)sizeof(end) + 1, name.s, hash(id),
				    end);
	}
	text_add(&name, "%s", end);
	return name.s;
}

static int scope_name(struct arena *arena, const char *prefix, size_t prefix_len, const char *name,
		      const char *cgroups_path, const char **ret, struct err *err)
{
	struct text unit;

	if (*name == '\0' || str_eq(name, ".scope")) {
		return err_set(err, EINVAL, PATH_ ": \"%s\" names no cgroup", cgroups_path);
	}
	text_init(&unit, arena);
	add_escaped(&unit, prefix, prefix_len);
	if (prefix_len > 0) {
		text_add(&unit, "-");
	}
	add_escaped(&unit, name, strlen(name));
	if (!ends(unit.s, unit.len, ".scope")) {
		text_add(&unit, ".scope");
	}
	if (unit.len > UNIT_NAME_MAX_) {
		return err_set(
			err, EINVAL,
			PATH_
			": the unit's name would have %zu characters, and systemd takes %d: %.40s…",
			unit.len, UNIT_NAME_MAX_, unit.s);
	}
	*ret = unit.s;
	return 0;
}

/*
 * systemd.slice(5): "a-b.slice" lies in "a.slice", so no part between dashes may be empty;
 * "-.slice" is the root.
 */
static int check_slice(const char *slice, struct err *err)
{
	size_t len = strlen(slice);

	if (!ends(slice, len, ".slice") || len == strlen(".slice") || len > UNIT_NAME_MAX_) {
		return err_set(err, EINVAL,
			       PATH_
			       ": \"%s\" is no slice; its name must end with .slice (app.slice)",
			       slice);
	}
	for (size_t i = 0; i < len; i++) {
		if (!plain(slice[i]) || (i == 0 && slice[i] == '.')) {
			return err_set(err, EINVAL,
				       PATH_ ": slice \"%s\" has a character that systemd takes in "
					     "no unit's name",
				       slice);
		}
	}
	if (!str_eq(slice, "-.slice") &&
	    (slice[0] == '-' || strstr(slice, "--") || strstr(slice, "-.slice"))) {
		return err_set(err, EINVAL,
			       PATH_ ": slice \"%s\": the dashes separate slices from each other, "
				     "and one between them has no name",
			       slice);
	}
	return 0;
}

/* SLICE:PREFIX:NAME */
static int from_triple(struct arena *arena, const char *path, const char **ret_unit,
		       const char **ret_slice, struct err *err)
{
	const char *prefix = strchr(path, ':') + 1;
	const char *name = strchr(prefix, ':');

	if (!name || strchr(name + 1, ':')) {
		return err_set(err, EINVAL, PATH_ ": \"%s\" is not of the form slice:prefix:name",
			       path);
	}
	if (prefix - path > 1) {
		const char *slice = arena_strndup(arena, path, (size_t)(prefix - 1 - path));

		TRY(check_slice(slice, err));
		*ret_slice = slice;
	}
	return scope_name(arena, prefix, (size_t)(name - prefix), name + 1, path, ret_unit, err);
}

/* The folder at *p, of *ret_len bytes, moving *p behind it; NULL at the end. */
static const char *next_folder(const char **p, size_t *ret_len)
{
	const char *folder = *p + strspn(*p, "/");

	*ret_len = strcspn(folder, "/");
	*p = folder + *ret_len;
	return *ret_len > 0 ? folder : NULL;
}

/* Two folders of one name in different parents are different cgroups: so the whole path counts. */
static int from_path(struct arena *arena, const char *path, const char **ret_unit,
		     const char **ret_slice, struct err *err)
{
	const char *p = path;
	const char *folder;
	struct text name;
	size_t len;

	text_init(&name, arena);
	while ((folder = next_folder(&p, &len))) {
		if (ends(folder, len, ".slice") && p[strspn(p, "/")]) {
			*ret_slice = arena_strndup(arena, folder, len);
			text_init(&name, arena);
			continue;
		}
		if ((len == 1 && folder[0] == '.') ||
		    (len == 2 && folder[0] == '.' && folder[1] == '.')) {
			return err_set(err, EINVAL, PATH_ ": \"%s\" names no cgroup", path);
		}
		text_add(&name, "%s%.*s", name.len ? "-" : "", (int)len, folder);
	}
	TRY(check_slice(*ret_slice, err));
	return scope_name(arena, "", 0, str_or(name.s, ""), path, ret_unit, err);
}

int plan_unit_name(struct arena *arena, const char *cgroups_path, const char *id, bool system,
		   const char **ret_unit, const char **ret_slice, struct err *err)
{
	const char *slice = system ? "system.slice" : "app.slice";
	const char *unit = NULL;

	if (!cgroups_path || *cgroups_path == '\0') {
		unit = own_name(arena, id);
	} else if (strchr(cgroups_path, ':') && !strchr(cgroups_path, '/')) {
		TRY(from_triple(arena, cgroups_path, &unit, &slice, err));
	} else {
		TRY(from_path(arena, cgroups_path, &unit, &slice, err));
	}
	*ret_unit = unit;
	*ret_slice = slice;
	return 0;
}
