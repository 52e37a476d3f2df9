/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/limits: limits of a cgroup: written, and read back.
 *
 * A write that succeeds is not yet a limit that holds: the kernel rounds, caps and, for files with
 * a line for each device, takes what it understands. So each file is read afterwards and must say
 * what was asked for.
 */
#include "cgroup/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "cgroup/dir.h"
#include "sys/fd.h"

/* The most that one file of a cgroup may say. */
#define FILE_MAX (1 << 20)

/* A list that is longer than any machine's: neither side of a comparison grows beyond it. */
#define LIST_MAX 65536

/* ---- reading back ---- */

static bool same_list(const char *a, const char *b)
{
	uint8_t *bits = calloc(2, LIST_MAX / 8);
	const char *lists[] = { a, b };
	bool same = bits != NULL;

	for (size_t i = 0; i < 2 && same; i++) {
		uint32_t first, last;

		while (str_list_next(&lists[i], &first, &last) == 1) {
			for (uint32_t n = first; n <= last && n < LIST_MAX; n++) {
				bits[i * (LIST_MAX / 8) + n / 8] |= (uint8_t)(1u << n % 8);
			}
		}
	}
	same = same && memcmp(bits, bits + LIST_MAX / 8, LIST_MAX / 8) == 0;
	free(bits);
	return same;
}

/* Memory is counted in pages: rounded down, and beyond what can be counted "max". */
static bool same_number(const char *file, const char *got, const char *want)
{
	uint64_t g, w, unit = (uint64_t)sysconf(_SC_PAGESIZE);

	if (str_u64(want, UINT64_MAX, &w) < 0) {
		return str_eq(got, want);
	}
	if (str_eq(got, "max")) {
		return w >= (uint64_t)INT64_MAX / unit * unit ||
		       (str_starts(file, "pids.") && w >= 4194304);
	}
	if (str_u64(got, UINT64_MAX, &g) < 0) {
		return false;
	}
	if (str_starts(file, "hugetlb.")) {
		/* Whole huge pages, of a size that isn't known here; 0 for less than one. */
		unit = w + 1;
		if (g > 0) {
			unit = UINT64_C(1) << 40;
		}
	} else if (!str_starts(file, "memory.")) {
		unit = 1;
	}
	return g <= w && w - g < unit;
}

/* "8:0 rbps=1 wiops=max": is there a line of that key with each of these words? */
static bool has_line(struct arena *arena, const char *got, const char *want)
{
	size_t key = strcspn(want, " ");

	for (; *got; got += strcspn(got, "\n"), got += *got == '\n') {
		const char *line = arena_strndup(arena, got, strcspn(got, "\n"));
		const char *word = want + key;
		bool all = true;

		if (strncmp(line, want, key) != 0 || line[key] != ' ') {
			continue;
		}
		while (all && *(word += strspn(word, " "))) {
			const char *one = arena_strndup(arena, word, strcspn(word, " "));

			all = str_has_word(line, one);
			word += strlen(one);
		}
		return all;
	}
	/* A device without limits has no line. */
	return strstr(want, "=max") && !strpbrk(want + key, "0123456789");
}

/*
 * Whether the file says what was written; what rootlet doesn't know the form of is taken on the
 * kernel's word.
 */
static bool says(struct arena *arena, const char *file, const char *got, const char *want)
{
	static const char *const keyed[] = { "io.max",	   "io.weight", "io.bfq.weight",
					     "io.latency", "rdma.max",	"misc.max" };
	static const char *const plain[] = { "memory.",	   "pids.",    "hugetlb.",
					     "cpu.weight", "cpu.idle", "cpu.max.burst" };
	const char *line = arena_strndup(arena, got, strcspn(got, "\n"));

	if (str_eq(file, "cpuset.cpus") || str_eq(file, "cpuset.mems")) {
		return same_list(line, want);
	}
	if (str_eq(file, "cpu.max")) {
		/* A quota alone keeps its period. */
		return strncmp(line, want, strlen(want)) == 0 &&
		       (line[strlen(want)] == '\0' || line[strlen(want)] == ' ');
	}
	for (size_t i = 0; i < sizeof(keyed) / sizeof(*keyed); i++) {
		if (str_eq(file, keyed[i])) {
			return has_line(arena, got, want);
		}
	}
	/* Some kernels show io.bfq.weight and the like as one line "default N": handled above. */
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (str_starts(file, plain[i])) {
			return same_number(file, line, want);
		}
	}
	return true;
}

/* ---- writing ---- */

static bool exists(int dir, const char *file)
{
	return faccessat(dir, file, F_OK, 0) == 0;
}

static int explain(const struct plan_limit *limit, const char *file, const char *value, int rc,
		   struct err *err)
{
	if (rc == -ENOENT) {
		return err_set(err, ENOTSUP,
			       "%s: this cgroup has no file %s: its controller is missing, or the "
			       "kernel is too old",
			       limit->where, file);
	}
	err_errno(err, -rc, "%s: writing \"%s\" to %s", limit->where, value, file);
	/* Of a device; the default of a cgroup is only a number. */
	if (rc == -EOPNOTSUPP && str_eq(file, "io.weight")) {
		return err_hint(err,
				"nothing on this machine weighs that device: have root write "
				"\"%.*s enable=1\" to /sys/fs/cgroup/io.cost.qos, or give the "
				"device the I/O scheduler bfq",
				(int)strcspn(value, " "), value);
	}
	if (rc == -ENODEV || rc == -EINVAL) {
		return err_hint(err, "the kernel does not accept this value here");
	}
	return -err->code;
}

/* Does the file say so now? */
static int read_back(int dir, const char *where, const char *file, const char *value,
		     struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *got;
	ssize_t len = sys_read_file(&arena, dir, file, FILE_MAX, &got);

	/* Some files are there to be written only. */
	if (len == -EACCES || len == -EINVAL) {
		return 0;
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "%s: reading %s back", where, file);
	}
	if (!says(&arena, file, got, value)) {
		return err_set(err, EIO, "%s: \"%s\" was written to %s, but it says \"%.*s\"",
			       where, value, file, (int)strcspn(got, "\n"), got);
	}
	return 0;
}

static int set_one(int dir, const struct plan_limit *limit, struct err *err)
{
	const char *file = limit->file, *value = limit->value;
	int rc;

	if (!exists(dir, file)) {
		if (!limit->or_file && limit->optional) {
			return 0;
		}
		if (limit->or_file) {
			file = limit->or_file;
			value = limit->or_value;
		}
	}
	rc = cgroup_put(dir, file, value);
	/* BFQ is there, but the device has another scheduler. */
	if (rc == -EOPNOTSUPP && file != limit->or_file && limit->or_file &&
	    exists(dir, limit->or_file)) {
		file = limit->or_file;
		value = limit->or_value;
		rc = cgroup_put(dir, file, value);
	}
	if (rc < 0) {
		return explain(limit, file, value, rc, err);
	}
	return read_back(dir, limit->where, file, value, err);
}

/* False where that can't be read. */
static bool memory_in_use(int dir, uint64_t *ret)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	if (sys_read_file(&arena, dir, "memory.current", 64, &text) <= 0) {
		return false;
	}
	text = arena_strndup(&arena, text, strcspn(text, "\n"));
	return str_u64(text, UINT64_MAX, ret) == 0;
}

/* config-linux.md, "checkBeforeUpdate": an error, and no OOM kill. */
int cgroup_check_usage(int dir, const struct plan_limits *limits, struct err *err)
{
	uint64_t want, used;

	for (size_t i = 0; i < limits->file_n && limits->check_before_update; i++) {
		const struct plan_limit *limit = &limits->files[i];

		if (str_eq(limit->file, "memory.max") &&
		    str_u64(limit->value, UINT64_MAX, &want) == 0 && memory_in_use(dir, &used) &&
		    used > want) {
			return err_set(err, EBUSY, "%s: %s is below what is in use, %llu",
				       limit->where, limit->value, (unsigned long long)used);
		}
	}
	return 0;
}

int cgroup_set_limits(int dir, const struct plan_limits *limits, bool best_effort, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	bool *failed = arena_array(&arena, limits->file_n, sizeof(*failed));
	int rc;

	for (size_t i = 0; i < limits->file_n; i++) {
		failed[i] = set_one(dir, &limits->files[i], err) < 0;
	}
	/*
	 * Some depend on each other in the order of the old values: a quota can't go below the
	 * burst of before.
	 */
	for (size_t i = 0; i < limits->file_n; i++) {
		if (!failed[i]) {
			continue;
		}
		rc = set_one(dir, &limits->files[i], err);
		if (rc < 0 && !best_effort) {
			return rc;
		}
		if (rc < 0) {
			log_warning("%s", err->msg);
		}
	}
	return 0;
}
