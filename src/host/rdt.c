/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/rdt: linux.intelRdt: the container's group in the resctrl filesystem.
 *
 * The kernel fills a new folder there with its files, and removes them with it
 * (Documentation/arch/x86/resctrl.rst).
 */
#include "host/rdt.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scope.h"
#include "base/str.h"
#include "sys/fd.h"

#define FILE_MAX_LEN 65536

/* ---- is a group what the configuration wants? ---- */

/*
 * "L3:0=7f0;1=1f": the value of one domain, in a line of the file, which may pad names and numbers;
 * NULL: none.
 */
static const char *value_in(const char *file, const char *resource, size_t resource_len,
			    unsigned long domain, size_t *ret_len)
{
	for (const char *line = file; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line + strspn(line, " \t");

		if (strncmp(p, resource, resource_len) != 0 || p[resource_len] != ':') {
			continue;
		}
		for (p += resource_len; *p == ':' || *p == ';'; p += 1 + strcspn(p + 1, ";\n")) {
			char *end;

			if (strtoul(p + 1, &end, 10) == domain && *end == '=') {
				end += 1 + strspn(end + 1, " 0");
				*ret_len = strcspn(end, ";\n ");
				return end;
			}
		}
	}
	return NULL;
}

/* Every domain that the line names has that value in the file. */
static bool line_matches(const char *line, size_t len, const char *file)
{
	size_t resource_len = strcspn(line, ":\n");
	const char *p = line + resource_len;

	if (*p != ':') {
		return false;
	}
	while (p < line + len && *p != '\n') {
		size_t is_len = 0, want_len;
		const char *is, *want;
		char *end;
		unsigned long domain = strtoul(p + 1, &end, 10);

		if (*end != '=') {
			return false;
		}
		want = end + 1 + strspn(end + 1, " 0");
		want_len = strcspn(want, ";\n ");
		is = value_in(file, line, resource_len, domain, &is_len);
		if (!is || is_len != want_len || strncasecmp(is, want, want_len) != 0) {
			return false;
		}
		p = want + strcspn(want, ";\n");
	}
	return true;
}

static int compare(const struct plan_rdt *rdt, const char *schema, const char *file,
		   struct err *err)
{
	for (const char *line = schema; line && *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		if (len > 0 && !line_matches(line, len, file)) {
			return err_set(
				err, EINVAL,
				"/linux/intelRdt: the group %s exists and its schemata do not say "
				"\"%.*s\": use another closID, or leave the schemas out",
				rdt->group, (int)len, line);
		}
	}
	return 0;
}

static int compare_all(const struct plan_rdt *rdt, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "%s/schemata", rdt->group);
	const char *file = NULL;
	ssize_t len;

	if (!rdt->l3_schema && !rdt->mb_schema) {
		return 0;
	}
	len = sys_read_file(&arena, AT_FDCWD, path, FILE_MAX_LEN, &file);
	if (len < 0) {
		return err_errno(err, (int)-len, "/linux/intelRdt/closID: %s", path);
	}
	TRY(compare(rdt, rdt->l3_schema, file, err));
	return compare(rdt, rdt->mb_schema, file, err);
}

/* ---- making ---- */

/* ENOSPC is the usual refusal: the processor has some sixteen classes. */
static int make_folder(const char *path, const char *what, struct err *err)
{
	if (mkdir(path, 0755) == 0) {
		return 0;
	}
	err_errno(err, errno, "/linux/intelRdt: making the %s %s", what, path);
	if (err->code == ENOSPC) {
		err_hint(err, "the processor has no more of them: remove one that nobody uses with "
			      "rmdir");
	} else if (err->code == EEXIST) {
		err_hint(err, "another container's, or left over by one that was not deleted: "
			      "remove it with rmdir");
	}
	return -err->code;
}

static int make_group(const struct plan_rdt *rdt, struct err *err)
{
	struct stat st;

	if (rdt->remove_group) {
		return make_folder(rdt->group, "group", err);
	}
	if (stat(rdt->group, &st) == 0) {
		return compare_all(rdt, err);
	}
	if (errno != ENOENT || rdt->must_exist) {
		err_errno(err, errno, "/linux/intelRdt/closID: the group %s", rdt->group);
		if (rdt->must_exist) {
			return err_hint(err, "without a schema it must have been made before");
		}
		return -err->code;
	}
	return make_folder(rdt->group, "group", err);
}

int host_rdt_make(const struct plan_rdt *rdt, struct err *err)
{
	struct err ignored;
	int rc;

	if (!rdt->group) {
		return 0;
	}
	TRY(make_group(rdt, err));
	if (!rdt->monitor) {
		return 0;
	}
	rc = make_folder(rdt->monitor, "monitoring group", err);
	if (rc < 0 && rdt->remove_group) {
		(void)host_rdt_remove(rdt->group, NULL, &ignored);
	}
	return rc;
}

/* ---- entering ---- */

/* What the kernel says about the last command that it refused: "ok" or a line of text. */
static void add_reason(const struct plan_rdt *rdt, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "%s/info/last_cmd_status", rdt->mount);
	const char *text = NULL;

	if (sys_read_file(&arena, AT_FDCWD, path, FILE_MAX_LEN, &text) > 0 &&
	    !str_starts(text, "ok")) {
		err_hint(err, "%.*s", (int)strcspn(text, "\n"), text);
	}
}

static int write_line(const struct plan_rdt *rdt, const char *folder, const char *name,
		      const char *line, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *path = arena_printf(&arena, "%s/%s", folder, name);
	const char *text = arena_printf(&arena, "%s\n", line);
	int rc = sys_write_file(AT_FDCWD, path, text, strlen(text));

	if (rc < 0) {
		err_errno(err, -rc, "/linux/intelRdt: writing \"%s\" to %s", line, path);
		add_reason(rdt, err);
	}
	return rc;
}

int host_rdt_enter(const struct plan_rdt *rdt, pid_t pid, struct err *err)
{
	char number[16];

	if (!rdt->group) {
		return 0;
	}
	/*
	 * In this order: config-linux.md has l3CacheSchema first, memBwSchema then, schemata last.
	 */
	if (rdt->l3_schema) {
		TRY(write_line(rdt, rdt->group, "schemata", rdt->l3_schema, err));
	}
	if (rdt->mb_schema) {
		TRY(write_line(rdt, rdt->group, "schemata", rdt->mb_schema, err));
	}
	for (size_t i = 0; i < rdt->schemata.n; i++) {
		TRY(write_line(rdt, rdt->group, "schemata", rdt->schemata.v[i], err));
	}
	snprintf(number, sizeof(number), "%d", (int)pid);
	TRY(write_line(rdt, rdt->group, "tasks", number, err));
	if (rdt->monitor) {
		return write_line(rdt, rdt->monitor, "tasks", number, err);
	}
	return 0;
}

/* ---- removing ---- */

static int remove_folder(const char *path, struct err *err)
{
	if (path && rmdir(path) < 0 && errno != ENOENT) {
		return err_errno(err, errno, "removing the resctrl group %s", path);
	}
	return 0;
}

int host_rdt_remove(const char *group, const char *monitor, struct err *err)
{
	TRY(remove_folder(monitor, err));
	return remove_folder(group, err);
}
