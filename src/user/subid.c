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
#include <strings.h>

#include "base/str.h"
#include "sys/fd.h"

#define FILE_MAX (4u << 20)

/* So many malformed lines are told of. */
#define FAULTS_MAX 3

static void add_range(struct arena *arena, struct facts_ranges *ranges, size_t *room,
		      struct facts_range range)
{
	ranges->v = arena_grow(arena, ranges->v, ranges->n, room, sizeof(*ranges->v));
	ranges->v[ranges->n++] = range;
}

/* A file of ids while it is read. */
struct reading {
	struct arena *arena;
	const char *file;
	const char *user; /* may be NULL */
	uid_t uid;
	uint32_t line;
	struct facts_ranges *ret;
	size_t room;
	size_t fault_room;
};

static void add_fault(struct reading *r, const char *line, const char *why)
{
	struct strs *faults = &r->ret->faults;

	if (faults->n < FAULTS_MAX) {
		faults->v = arena_grow(r->arena, faults->v, faults->n, &r->fault_room,
				       sizeof(*faults->v));
		faults->v[faults->n++] = arena_printf(r->arena, "line %u of %s (\"%s\") %s",
						      r->line, r->file, line, why);
	}
}

/*
 * Is it the user's, as name or number? Also with blanks or a byte order mark, for those show whom a
 * line is meant for.
 */
static bool is_owner(const struct reading *r, const char *field, size_t len)
{
	char *owner = arena_strndup(r->arena, field, len);
	uint32_t uid;

	if (len == 0) {
		return false;
	}
	if (str_starts(owner, "\xef\xbb\xbf")) {
		owner += 3;
	}
	owner += strspn(owner, " \t");
	owner[strcspn(owner, " \t\r")] = '\0';
	return (r->user && str_eq(owner, r->user)) || (str_u32(owner, &uid) == 0 && uid == r->uid);
}

/*
 * A number that every shadow reads as we do. Some take strtol(3) with base 0: to them a leading
 * zero is an octal number, and nothing may be higher than a long.
 */
static bool number_of(const char *field, uint64_t *ret)
{
	return !(field[0] == '0' && field[1]) && str_u64(field, INT64_MAX, ret) == 0;
}

static const char *fault_of(char *start, char *count, struct facts_range *ret)
{
	uint64_t first, size;

	if (!count) {
		return "does not have the form NAME:START:COUNT";
	}
	*count++ = '\0';
	if (strchr(count, '\r')) {
		return "ends in a carriage return";
	}
	/* More fields than three do not trouble shadow. */
	count[strcspn(count, ":")] = '\0';
	if (!number_of(start, &first) || !number_of(count, &size)) {
		return "has something else than two decimal numbers behind the name";
	}
	if (size == 0) {
		return "gives no ids at all";
	}
	if (first >= UINT32_MAX) {
		return "begins beyond the highest id, 4294967294";
	}
	/* Ids end at 2^32 - 2: the last one means "no id" to setuid(2). */
	if (size > UINT32_MAX - first) {
		size = UINT32_MAX - first;
	}
	ret->start = (uint32_t)first;
	ret->count = (uint32_t)size;
	return NULL;
}

/* Three fields, "owner:start:count". */
static void parse_line(struct reading *r, const char *line)
{
	struct facts_range range = { .line = r->line };
	size_t owner = strcspn(line, ":");
	const char *why;
	char *start;

	if (!is_owner(r, line, owner)) {
		return;
	}
	start = arena_strdup(r->arena, line + owner + (line[owner] == ':'));
	why = fault_of(start, strchr(start, ':'), &range);
	/* Shadow compares the name byte by byte. */
	if (!why && (strchr(" \t\xef", line[0]) || strchr(" \t", line[owner - 1]))) {
		why = "has something before or behind the name that does not belong to it";
	}
	if (why) {
		add_fault(r, line, why);
	} else {
		add_range(r->arena, r->ret, &r->room, range);
	}
}

void user_subid_parse(struct arena *arena, const char *file, const char *text, const char *user,
		      uid_t uid, struct facts_ranges *ret)
{
	struct reading r = { .arena = arena, .file = file, .user = user, .uid = uid, .ret = ret };

	*ret = (struct facts_ranges){ .n = 0 };
	while (*text) {
		size_t len = strcspn(text, "\n");

		r.line++;
		if (len > 0 && *text != '#') {
			parse_line(&r, arena_strndup(arena, text, len));
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
		*ret = (struct facts_ranges){ .n = 0 };
		return 0;
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "%s", path);
	}
	user_subid_parse(arena, path, text, user, uid, ret);
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

		if (strncasecmp(text, "subid:", 6) == 0) { /* as shadow compares it */
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

/* libsubid's interface since shadow 4.9. */
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
	*ret = (struct facts_ranges){ .n = 0 };
	for (int i = 0; i < n; i++) {
		if (ranges[i].start <= UINT32_MAX &&
		    ranges[i].count <= UINT32_MAX - ranges[i].start) {
			add_range(arena, ret, &room,
				  (struct facts_range){ .start = (uint32_t)ranges[i].start,
							.count = (uint32_t)ranges[i].count });
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
	/* Of shadow 4.20, 4.17, 4.11 and 4.9: what rootlet calls is the same in all of them. */
	static const char *const names[] = { "libsubid.so.6", "libsubid.so.5", "libsubid.so.4",
					     "libsubid.so.3" };
	const char *what = "libsubid; install it: sudo apt-get install '^libsubid[0-9]+$' (Fedora: "
			   "shadow-utils-subid)";
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
