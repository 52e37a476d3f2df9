/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/limits: controllers and limits of a cgroup: written, and read back.
 *
 * A write that succeeds is not yet a limit that holds: the kernel rounds, caps and, for files with
 * a line for each device, takes what it understands. So each file is read afterwards and must say
 * what was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/str.h"
#include "cgroup/internal.h"
#include "sys/fd.h"

/* The most that one file of a cgroup may say. */
#define FILE_MAX (1 << 20)

/* A list that is longer than any machine's: neither side of a comparison grows beyond it. */
#define LIST_MAX 65536

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*(text += strspn(text, " \n"))) {
		size_t n = strcspn(text, " \n");

		if (n == len && memcmp(text, word, len) == 0) {
			return true;
		}
		text += n;
	}
	return false;
}

static bool needs(const struct strs *needed, const char *controller)
{
	for (size_t i = 0; i < needed->n; i++) {
		if (str_eq(needed->v[i], controller)) {
			return true;
		}
	}
	return false;
}

static int cannot_enable(int dir, const char *path, const char *controller, int rc, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *pids = "";

	err_errno(err, -rc, "the cgroup %s can't hand the controller \"%s\" down", path,
		  controller);
	if (rc == -EBUSY && sys_read_file(&arena, dir, "cgroup.procs", FILE_MAX, &pids) > 0) {
		return err_hint(err,
				"it has processes of its own (%.*s …); start rootlet in a cgroup "
				"by itself (systemd-run --user --scope -p Delegate=yes rootlet …), "
				"or use --limits=best-effort",
				(int)strcspn(pids, "\n"), pids);
	}
	return -err->code;
}

/* The root of all has processes of its own and may; it is the one without a type. */
static bool has_processes(struct arena *arena, int dir)
{
	const char *text;

	return faccessat(dir, "cgroup.type", F_OK, 0) == 0 &&
	       sys_read_file(arena, dir, "cgroup.procs", FILE_MAX, &text) > 0;
}

/*
 * Beside processes the kernel refuses most (EBUSY), but not cpu, cpuset or pids: by those the
 * cgroup would become the root of a threaded tree, in which no container can be (cgroup v2,
 * "Threads").
 */
static int enable_one(struct arena *arena, int dir, const char *controller)
{
	if (has_processes(arena, dir)) {
		return -EBUSY;
	}
	return cgroup_put(dir, "cgroup.subtree_control", arena_printf(arena, "+%s", controller));
}

int cgroup_enable(int dir, const char *path, const struct strs *needed, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *available, *enabled;
	ssize_t len = sys_read_file(&arena, dir, "cgroup.controllers", 4096, &available);

	if (len >= 0) {
		len = sys_read_file(&arena, dir, "cgroup.subtree_control", 4096, &enabled);
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "the controllers of the cgroup %s", path);
	}
	for (size_t i = 0; i < needed->n; i++) {
		if (!has_word(available, needed->v[i])) {
			return err_set(err, ENOTSUP,
				       "the cgroup %s was not given the controller \"%s\"", path,
				       needed->v[i]);
		}
	}
	while (*(available += strspn(available, " \n"))) {
		const char *one = arena_strndup(&arena, available, strcspn(available, " \n"));
		int rc = has_word(enabled, one) ? 0 : enable_one(&arena, dir, one);

		/* What nobody needs is for the statistics: had where it can be. */
		if (rc < 0 && needs(needed, one)) {
			return cannot_enable(dir, path, one, rc, err);
		}
		available += strlen(one);
	}
	return 0;
}

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
		unit = g > 0 ? UINT64_C(1) << 40 : w + 1; /* whole huge pages of whichever size */
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

			all = has_word(line, one);
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

/* Returns 1 when the limit is passed over. */
static int set_one(int dir, const struct plan_limit *limit, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *file = limit->file, *value = limit->value, *got;
	ssize_t len;
	int rc;

	if (!exists(dir, file)) {
		if (!limit->or_file && limit->optional) {
			return 1;
		}
		file = limit->or_file ? limit->or_file : file;
		value = limit->or_file ? limit->or_value : value;
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
	len = sys_read_file(&arena, dir, file, FILE_MAX, &got);
	/* Some files are there to be written only. */
	if (len == -EACCES || len == -EINVAL) {
		return 0;
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "%s: reading %s back", limit->where, file);
	}
	if (!says(&arena, file, got, value)) {
		return err_set(err, EIO, "%s: \"%s\" was written to %s, but it says \"%.*s\"",
			       limit->where, value, file, (int)strcspn(got, "\n"), got);
	}
	return 0;
}

/* config-linux.md, "checkBeforeUpdate": an error, and no OOM kill. */
int cgroup_check_usage(int dir, const struct plan_limits *limits, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	uint64_t want, used;
	const char *text;

	for (size_t i = 0; i < limits->file_n && limits->check_before_update; i++) {
		const struct plan_limit *limit = &limits->files[i];

		if (str_eq(limit->file, "memory.max") &&
		    str_u64(limit->value, UINT64_MAX, &want) == 0 &&
		    sys_read_file(&arena, dir, "memory.current", 64, &text) > 0 &&
		    str_u64(arena_strndup(&arena, text, strcspn(text, "\n")), UINT64_MAX, &used) ==
			    0 &&
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
		rc = failed[i] ? set_one(dir, &limits->files[i], err) : 0;
		if (rc < 0 && !best_effort) {
			return rc;
		}
		if (rc < 0) {
			log_warning("%s", err->msg);
		}
	}
	return 0;
}
