/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/subid: the subordinate id ranges of a user, from where shadow's newuidmap will look for them
 * too.
 */
#include "user/subid.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "sys/fd.h"

#define FILE_MAX (4u << 20)

static void add_range(struct arena *arena, struct facts_ranges *ranges, size_t *room,
		      uint32_t start, uint32_t count)
{
	ranges->v = arena_grow(arena, ranges->v, ranges->n, room, sizeof(*ranges->v));
	ranges->v[ranges->n++] = (struct facts_range){ .start = start, .count = count };
}

/* Three fields, "owner:start:count"; start and count are unsigned 32-bit numbers. */
static void parse_line(struct arena *arena, char *line, const char *user, uid_t uid,
		       struct facts_ranges *ret, size_t *room)
{
	char *start = strchr(line, ':');
	char *count = NULL;
	uint32_t owner, first, size;

	if (start) {
		count = strchr(start + 1, ':');
	}
	if (!count) {
		return;
	}
	*start++ = '\0';
	*count++ = '\0';
	count[strcspn(count, ": \t\r")] = '\0';
	if (!(user && str_eq(line, user)) && !(str_u32(line, &owner) == 0 && owner == uid)) {
		return;
	}
	if (str_u32(start, &first) == 0 && str_u32(count, &size) == 0 && size > 0 &&
	    size <= UINT32_MAX - first) {
		add_range(arena, ret, room, first, size);
	}
}

void user_subid_parse(struct arena *arena, const char *text, const char *user, uid_t uid,
		      struct facts_ranges *ret)
{
	size_t room = 0;

	ret->v = NULL;
	ret->n = 0;
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 0 && *text != '#') {
			parse_line(arena, arena_strndup(arena, text, len), user, uid, ret, &room);
		}
		text += len + (text[len] == '\n');
	}
}

static int from_file(struct arena *arena, const char *path, const char *user, uid_t uid,
		     struct facts_ranges *ret, struct err *err)
{
	const char *text;
	ssize_t len = sys_read_file(arena, AT_FDCWD, path, FILE_MAX, &text);

	if (len == -ENOENT) {
		ret->v = NULL;
		ret->n = 0;
		return 0;
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "%s", path);
	}
	user_subid_parse(arena, text, user, uid, ret);
	return 0;
}

/*
 * The source that nsswitch.conf names for subid: "sss" of "subid: sss"; NULL for files or no such
 * line.
 */
static const char *nss_source(struct arena *arena)
{
	const char *text;

	if (sys_read_file(arena, AT_FDCWD, "/etc/nsswitch.conf", FILE_MAX, &text) < 0) {
		return NULL;
	}
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (str_starts(text, "subid:")) {
			char *source = arena_strndup(arena, text + 6, len - 6);

			source += strspn(source, " \t");
			source[strcspn(source, " \t\r#[")] = '\0';
			if (*source == '\0' || str_eq(source, "files")) {
				return NULL;
			}
			return source;
		}
		text += len + (text[len] == '\n');
	}
	return NULL;
}

/* libsubid's interface, version 4 and 5 (shadow 4.9 and later). */
struct subid_range {
	unsigned long start;
	unsigned long count;
};

typedef int subid_get_fn(const char *owner, struct subid_range **ranges);
typedef void subid_free_fn(void *ranges);

static int ask_library(struct arena *arena, void *library, const char *function, const char *user,
		       struct facts_ranges *ret, struct err *err)
{
	subid_get_fn *get = (subid_get_fn *)(uintptr_t)dlsym(library, function);
	subid_free_fn *release = (subid_free_fn *)(uintptr_t)dlsym(library, "subid_free");
	struct subid_range *ranges = NULL;
	size_t room = 0;
	int n;

	if (!get) {
		return err_set(err, EINVAL, "libsubid has no %s", function);
	}
	n = get(user, &ranges);
	ret->v = NULL;
	ret->n = 0;
	for (int i = 0; i < n; i++) {
		if (ranges[i].start <= UINT32_MAX &&
		    ranges[i].count <= UINT32_MAX - ranges[i].start) {
			add_range(arena, ret, &room, (uint32_t)ranges[i].start,
				  (uint32_t)ranges[i].count);
		}
	}
	if (release && ranges) {
		release(ranges);
	}
	return 0;
}

static int from_nss(struct arena *arena, const char *source, const char *user,
		    struct facts_ranges *ret_uids, struct facts_ranges *ret_gids, struct err *err)
{
	static const char *const names[] = { "libsubid.so.5", "libsubid.so.4", "libsubid.so.3" };
	const char *what = "libsubid; install it: sudo apt-get install libsubid4";
	void *library = NULL;

	for (size_t i = 0; !library && i < sizeof(names) / sizeof(names[0]); i++) {
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	}
	if (library) {
		what = "a user name, and your uid has none";
	}
	if (!library || !user) {
		return err_set(
			err, EINVAL,
			"/etc/nsswitch.conf takes subordinate ids from \"%s\", which needs %s",
			source, what);
	}
	/*
	 * Never unloaded: the process is short-lived, and NSS modules behind it may not stand it.
	 */
	TRY(ask_library(arena, library, "subid_get_uid_ranges", user, ret_uids, err));
	return ask_library(arena, library, "subid_get_gid_ranges", user, ret_gids, err);
}

int user_subid(struct arena *arena, const char *user, uid_t uid, struct facts_ranges *ret_uids,
	       struct facts_ranges *ret_gids, const char **ret_source, struct err *err)
{
	const char *source = nss_source(arena);

	if (source) {
		*ret_source = arena_printf(arena, "NSS (subid: %s)", source);
		return from_nss(arena, source, user, ret_uids, ret_gids, err);
	}
	*ret_source = "/etc/subuid and /etc/subgid";
	TRY(from_file(arena, "/etc/subuid", user, uid, ret_uids, err));
	return from_file(arena, "/etc/subgid", user, uid, ret_gids, err);
}
