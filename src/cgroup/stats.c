/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/stats: what a container has used, from the files of its cgroup.
 *
 * Read from the directory that has the limits: processes in groups further down count there as
 * well.
 */
#include "cgroup/stats.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/dir.h"
#include "sys/fd.h"

#define FILE_MAX (1 << 20)

uint64_t cgroup_stats_value(const struct stats_values *values, const char *name)
{
	for (size_t i = 0; i < values->n; i++) {
		if (str_eq(values->v[i].name, name)) {
			return values->v[i].value;
		}
	}
	return 0;
}

/* A new value at the end of a list that has room for it. */
static void take_pair(struct arena *arena, struct stats_values *out, const char *word, size_t len,
		      char between)
{
	const char *at = memchr(word, between, len);
	struct stats_value value;

	if (!at) {
		return;
	}
	value.name = arena_strndup(arena, word, (size_t)(at - word));
	if (str_u64(arena_strndup(arena, at + 1, len - (size_t)(at - word) - 1), UINT64_MAX,
		    &value.value) == 0) {
		out->v[out->n++] = value;
	}
}

/* "name number" a line. Returns false when there is no such file. */
static bool read_values(struct arena *arena, int dir, const char *file, struct stats_values *ret)
{
	const char *text;

	if (sys_read_file(arena, dir, file, FILE_MAX, &text) < 0) {
		return false;
	}
	*ret = (struct stats_values){ .v = arena_array(arena, strlen(text) / 4 + 1,
						       sizeof(*ret->v)) };
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		take_pair(arena, ret, text, strcspn(text, "\n"), ' ');
	}
	return true;
}

/* A file with one number, or "max". */
static bool read_number(struct arena *arena, int dir, const char *file, uint64_t *ret)
{
	const char *text;

	if (sys_read_file(arena, dir, file, 64, &text) < 0) {
		return false;
	}
	text = arena_strndup(arena, text, strcspn(text, "\n"));
	if (str_eq(text, "max")) {
		*ret = UINT64_MAX;
		return true;
	}
	return str_u64(text, UINT64_MAX, ret) == 0;
}

/* A decimal number as JSON has it too; anything else is none. */
static const char *decimal(struct arena *arena, const char *text)
{
	size_t len = strspn(text, "0123456789.");

	if (len == 0 || text[0] == '.' || text[len - 1] == '.') {
		return NULL;
	}
	return arena_strndup(arena, text, len);
}

static void read_pressure(struct arena *arena, int dir, const char *file,
			  struct stats_pressure *ret)
{
	const char *text;

	/* EOPNOTSUPP on a kernel that has it switched off (psi=0). */
	if (sys_read_file(arena, dir, file, 4096, &text) <= 0) {
		return;
	}
	ret->present = true;
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = arena_strndup(arena, text, strcspn(text, "\n"));
		struct stats_pressure_line *out = &ret->full;
		const char *avg10 = strstr(line, "avg10="), *avg60 = strstr(line, "avg60=");
		const char *avg300 = strstr(line, "avg300="), *total = strstr(line, "total=");

		if (str_starts(line, "some ")) {
			out = &ret->some;
		}
		if (avg10 && avg60 && avg300 && total &&
		    str_u64(total + 6, UINT64_MAX, &out->total) == 0) {
			out->avg10 = decimal(arena, avg10 + 6);
			out->avg60 = decimal(arena, avg60 + 6);
			out->avg300 = decimal(arena, avg300 + 7);
		}
	}
}

static void read_memory(struct arena *arena, int dir, struct cgroup_stats *s)
{
	s->memory.present = read_number(arena, dir, "memory.current", &s->memory.usage);
	if (!s->memory.present) {
		return;
	}
	(void)read_number(arena, dir, "memory.max", &s->memory.limit);
	(void)read_number(arena, dir, "memory.peak", &s->memory.max);
	(void)read_values(arena, dir, "memory.stat", &s->memory.stat);
	(void)read_values(arena, dir, "memory.events", &s->memory.events);
	s->memory.has_swap =
		read_number(arena, dir, "memory.swap.current", &s->memory.swap_usage) &&
		read_number(arena, dir, "memory.swap.max", &s->memory.swap_limit);
	(void)read_number(arena, dir, "memory.swap.peak", &s->memory.swap_max);
}

/* "8:0 rbytes=1 wbytes=2 …" a line. */
static void read_io(struct arena *arena, int dir, struct cgroup_stats *s)
{
	const char *text;
	size_t lines = 0;

	if (sys_read_file(arena, dir, "io.stat", FILE_MAX, &text) < 0) {
		return;
	}
	for (const char *p = text; *p; p++) {
		lines += *p == '\n';
	}
	s->io.v = arena_array(arena, lines + 1, sizeof(*s->io.v));
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = arena_strndup(arena, text, strcspn(text, "\n"));
		struct stats_io *io = &s->io.v[s->io.n];
		const char *word = line + strcspn(line, " ");

		if (sscanf(line, "%u:%u ", &io->major, &io->minor) != 2) {
			continue;
		}
		io->values.v = arena_array(arena, strlen(line) / 4 + 1, sizeof(*io->values.v));
		while (*(word += strspn(word, " "))) {
			size_t len = strcspn(word, " ");

			take_pair(arena, &io->values, word, len, '=');
			word += len;
		}
		s->io.n++;
	}
}

/* The sizes are what the kernel has files for: hugetlb.2MB.current. */
static void read_hugetlb(struct arena *arena, int dir, struct cgroup_stats *s)
{
	DIR *stream = cgroup_stream(dir);
	struct dirent *entry;
	enum { SIZES = 32 };

	if (!stream) {
		return;
	}
	s->hugetlb.v = arena_array(arena, SIZES, sizeof(*s->hugetlb.v));
	while ((entry = readdir(stream)) && s->hugetlb.n < SIZES) {
		struct stats_hugetlb *huge = &s->hugetlb.v[s->hugetlb.n];
		const char *name = entry->d_name, *end;
		struct stats_values events = { .n = 0 };

		if (!str_starts(name, "hugetlb.") || !(end = strchr(name + 8, '.')) ||
		    !str_eq(end, ".current")) {
			continue;
		}
		huge->size = arena_strndup(arena, name + 8, (size_t)(end - name - 8));
		if (!read_number(arena, dir,
				 arena_printf(arena, "hugetlb.%s.rsvd.current", huge->size),
				 &huge->usage) &&
		    !read_number(arena, dir, name, &huge->usage)) {
			continue;
		}
		(void)read_values(arena, dir, arena_printf(arena, "hugetlb.%s.events", huge->size),
				  &events);
		huge->failures = cgroup_stats_value(&events, "max");
		s->hugetlb.n++;
	}
	closedir(stream);
}

int cgroup_stats(struct arena *arena, const struct cgroup *cgroup, struct cgroup_stats *ret,
		 struct err *err)
{
	struct cgroup_stats s = { .cpu = { .present = false } };
	scope_fd int dir = cgroup_open_top(cgroup, err);

	TRY(dir);
	s.cpu.present = read_values(arena, dir, "cpu.stat", &s.cpu.stat);
	read_pressure(arena, dir, "cpu.pressure", &s.cpu.pressure);
	read_memory(arena, dir, &s);
	read_pressure(arena, dir, "memory.pressure", &s.memory.pressure);
	s.pids.present = read_number(arena, dir, "pids.current", &s.pids.current) &&
			 read_number(arena, dir, "pids.max", &s.pids.limit);
	read_io(arena, dir, &s);
	read_pressure(arena, dir, "io.pressure", &s.io.pressure);
	read_hugetlb(arena, dir, &s);
	*ret = s;
	return 0;
}
