/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/limits: linux.resources as files of cgroup v2. Their properties of a systemd unit are
 * limits_unit.c's.
 */
#include "plan/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "base/table.h"
#include "plan/limits_unit.h"

struct limits {
	struct arena *arena;
	const char *at;
	struct plan_limits *out;
	size_t room;
};

static const char *where(const struct limits *l, const char *key)
{
	return arena_printf(l->arena, "%s/%s", l->at, key);
}

static struct plan_limit *add(struct limits *l, const char *key, const char *file,
			      const char *value)
{
	struct plan_limits *out = l->out;

	out->files = arena_grow(l->arena, out->files, out->file_n, &l->room, sizeof(*out->files));
	out->files[out->file_n] = (struct plan_limit){
		.where = where(l, key),
		.file = file,
		.value = value,
		/* Where there is no such limit, unlimited is what it is. */
		.optional = str_eq(value, "max"),
	};
	return &out->files[out->file_n++];
}

static int not_in_v2(const struct limits *l, const char *key, const char *instead, struct err *err)
{
	err_set(err, ENOTSUP, "%s/%s: cgroup v2 has no such limit", l->at, key);
	return err_hint(err, "%s", instead);
}

static const char *number(const struct limits *l, int64_t n)
{
	if (n < 0) {
		return "max";
	}
	return arena_printf(l->arena, "%" PRId64, n);
}

/*
 * -1 is "max", 0 "not set" where the number can't be a limit. Returns 1 when there is something to
 * write.
 */
static int amount(const struct limits *l, const char *key, const struct opt_i64 *n,
		  const char **ret, struct err *err)
{
	if (!n->set || n->value == 0) {
		return 0;
	}
	if (n->value < -1) {
		return err_set(err, EINVAL, "%s/%s: %" PRId64 " is below -1, which means unlimited",
			       l->at, key, n->value);
	}
	*ret = number(l, n->value);
	return 1;
}

/* ---- memory ---- */

/*
 * Version 1 counts memory and swap together, version 2 swap alone. That it is not the smaller is
 * checked already.
 */
static int swap_amount(const struct limits *l, const struct spec_memory *m, const char **ret,
		       struct err *err)
{
	int rc = amount(l, "memory/swap", &m->swap, ret, err);

	if (rc == 0 && m->limit.set && m->limit.value == -1) {
		/* Unlimited memory with a limit on swap was never meant. */
		*ret = "max";
		return 1;
	}
	if (rc <= 0 || m->swap.value < 0) {
		return rc;
	}
	if (!m->limit.set || m->limit.value <= 0) {
		return err_set(err, EINVAL,
			       "%s/memory/swap: it is memory and swap together, so it needs a "
			       "memory/limit beside it",
			       l->at);
	}
	*ret = arena_printf(l->arena, "%" PRId64, m->swap.value - m->limit.value);
	return 1;
}

static int take_memory(struct limits *l, const struct spec_memory *m, struct err *err)
{
	const char *value = NULL;
	int rc;

	rc = amount(l, "memory/limit", &m->limit, &value, err);
	if (rc > 0) {
		add(l, "memory/limit", "memory.max", value);
	}
	TRY(rc);
	rc = amount(l, "memory/reservation", &m->reservation, &value, err);
	if (rc > 0) {
		add(l, "memory/reservation", "memory.low", value);
	}
	TRY(rc);
	rc = swap_amount(l, m, &value, err);
	if (rc > 0) {
		add(l, m->swap.set ? "memory/swap" : "memory/limit", "memory.swap.max", value);
	}
	TRY(rc);
	if (m->kernel.set && m->kernel.value > 0) {
		return not_in_v2(l, "memory/kernel",
				 "kernel memory counts towards memory/limit: remove it", err);
	}
	if (m->kernel_tcp.set && m->kernel_tcp.value > 0) {
		return not_in_v2(l, "memory/kernelTCP",
				 "socket buffers count towards memory/limit: remove it", err);
	}
	if (m->swappiness.set) {
		return not_in_v2(l, "memory/swappiness", "limit memory/swap, or remove it", err);
	}
	if (m->disable_oom_killer.set && m->disable_oom_killer.value) {
		return not_in_v2(l, "memory/disableOOMKiller",
				 "set unified \"memory.high\" to slow it down instead", err);
	}
	l->out->check_before_update = m->check_before_update.set && m->check_before_update.value;
	return 0;
}

/* ---- cpu ---- */

/*
 * log2 and the power of ten without libm, which would be one more library to load at each start.
 * Good to 12 digits or more, where the result is an integer below 10001.
 */
static double log2_of(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n);
	double x = (double)n / (double)(UINT64_C(1) << whole);
	double result = whole, bit = 0.5;

	/* As many binary places as a double has. */
	for (int i = 0; i < 53; i++, bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

static double power_of_ten(double exponent)
{
	const double ln10 = 2.302585092994045684;
	double result = 1, term = 1;
	double x = exponent;

	while (x >= 1) {
		result *= 10;
		x--;
	}
	x *= ln10;
	double sum = 1;
	for (int i = 1; i < 40; i++) {
		term *= x / i;
		sum += term;
	}
	return result * sum;
}

uint64_t plan_cpu_weight(uint64_t shares)
{
	if (shares == 0) {
		return 0;
	}
	if (shares >= 262144) {
		return 10000;
	}
	double l = log2_of(shares);
	double weight = power_of_ten((l * l + 125 * l) / 612 - 7.0 / 34);
	uint64_t down = (uint64_t)(weight + 1e-8);

	/* Rounded up, but 100.0000000001 is 100. */
	if ((double)down + 1e-8 < weight) {
		down++;
	}
	return down;
}

#define PERIOD_MIN 1000
#define PERIOD_MAX 1000000

/* What a cgroup has without one; cpu.weight 100. */
#define SHARES_DEFAULT 1024

static int take_quota(struct limits *l, const struct spec_cpu *cpu, struct err *err)
{
	uint64_t period = cpu->period.value;
	const char *quota = NULL;
	const char *key = cpu->quota.set ? "cpu/quota" : "cpu/period";
	int rc = amount(l, "cpu/quota", &cpu->quota, &quota, err);

	TRY(rc);
	if (period && (period < PERIOD_MIN || period > PERIOD_MAX)) {
		return err_set(err, EINVAL,
			       "%s/cpu/period: %" PRIu64 " is out of range (%d to %d microseconds)",
			       l->at, period, PERIOD_MIN, PERIOD_MAX);
	}
	if (quota && cpu->quota.value > 0 && cpu->quota.value < PERIOD_MIN) {
		return err_set(err, EINVAL,
			       "%s/cpu/quota: %" PRId64
			       " is below %d microseconds, the least that the kernel takes",
			       l->at, cpu->quota.value, PERIOD_MIN);
	}
	if (quota && !period) {
		add(l, "cpu/quota", "cpu.max", quota);
	} else if (period) {
		quota = str_or(quota, "max");
		add(l, key, "cpu.max", arena_printf(l->arena, "%s %" PRIu64, quota, period))
			->optional = str_eq(quota, "max");
	}
	return 0;
}

static int take_cpu(struct limits *l, const struct spec_cpu *cpu, struct err *err)
{
	bool idle = cpu->idle.set && cpu->idle.value == 1;

	if (cpu->realtime_runtime.set && cpu->realtime_runtime.value > 0) {
		return not_in_v2(l, "cpu/realtimeRuntime", "remove it", err);
	}
	if (cpu->realtime_period.set && cpu->realtime_period.value > 0) {
		return not_in_v2(l, "cpu/realtimePeriod", "remove it", err);
	}
	if (idle && cpu->shares.set && cpu->shares.value != 0) {
		return err_set(err, EINVAL,
			       "%s/cpu/shares: with cpu/idle 1 the cgroup has no weight: remove "
			       "one of them",
			       l->at);
	}
	if (cpu->idle.set) {
		/* Linux 5.15. "Not idle" is what an older one has anyway. */
		add(l, "cpu/idle", "cpu.idle", idle ? "1" : "0")->optional = !idle;
	}
	if (cpu->shares.set && cpu->shares.value != 0) {
		add(l, "cpu/shares", "cpu.weight",
		    arena_printf(l->arena, "%" PRIu64, plan_cpu_weight(cpu->shares.value)))
			->optional = cpu->shares.value == SHARES_DEFAULT;
	}
	TRY(take_quota(l, cpu, err));
	if (cpu->burst.set) {
		add(l, "cpu/burst", "cpu.max.burst",
		    arena_printf(l->arena, "%" PRIu64, cpu->burst.value))
			->optional = cpu->burst.value == 0;
	}
	if (cpu->cpus && *cpu->cpus) {
		add(l, "cpu/cpus", "cpuset.cpus", cpu->cpus);
	}
	if (cpu->mems && *cpu->mems) {
		add(l, "cpu/mems", "cpuset.mems", cpu->mems);
	}
	return 0;
}

/* ---- blockIO ---- */

/* From version 1's 10 to 1000 to version 2's 1 to 10000; BFQ's own file keeps the old scale. */
static uint64_t io_weight(uint64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

static void add_weight(struct limits *l, const char *key, const char *device, uint64_t weight)
{
	struct plan_limit *limit =
		add(l, key, "io.bfq.weight", arena_printf(l->arena, "%s %" PRIu64, device, weight));

	limit->or_file = "io.weight";
	limit->or_value = arena_printf(l->arena, "%s %" PRIu64, device, io_weight(weight));
}

static const char *device_name(const struct limits *l, const struct spec_block_device *device)
{
	return arena_printf(l->arena, "%" PRId64 ":%" PRId64, device->major.value,
			    device->minor.value);
}

/* 0 removes a limit in version 1. */
static void take_rates(struct limits *l, const char *key, const char *name,
		       const struct spec_block_devices *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct spec_block_device *device = &list->v[i];
		const char *at = arena_printf(l->arena, "blockIO/%s/%zu", key, i);
		const char *rate = "max";

		if (device->rate.value != 0) {
			rate = arena_printf(l->arena, "%" PRIu64, device->rate.value);
		}
		add(l, at, "io.max",
		    arena_printf(l->arena, "%s %s=%s", device_name(l, device), name, rate));
	}
}

static int take_block_io(struct limits *l, const struct spec_block_io *io, struct err *err)
{
	if (io->leaf_weight.set && io->leaf_weight.value != 0) {
		return not_in_v2(l, "blockIO/leafWeight", "use blockIO/weight", err);
	}
	if (io->weight.set && io->weight.value != 0) {
		add_weight(l, "blockIO/weight", "default", io->weight.value);
	}
	for (size_t i = 0; i < io->weight_device.n; i++) {
		const struct spec_block_device *device = &io->weight_device.v[i];
		const char *key = arena_printf(l->arena, "blockIO/weightDevice/%zu", i);

		if (device->leaf_weight.set && device->leaf_weight.value != 0) {
			return not_in_v2(l, arena_printf(l->arena, "%s/leafWeight", key),
					 "use weight", err);
		}
		if (device->weight.set && device->weight.value != 0) {
			add_weight(l, key, device_name(l, device), device->weight.value);
		}
	}
	take_rates(l, "throttleReadBpsDevice", "rbps", &io->throttle_read_bps);
	take_rates(l, "throttleWriteBpsDevice", "wbps", &io->throttle_write_bps);
	take_rates(l, "throttleReadIOPSDevice", "riops", &io->throttle_read_iops);
	take_rates(l, "throttleWriteIOPSDevice", "wiops", &io->throttle_write_iops);
	return 0;
}

/* ---- the others ---- */

static int take_pids(struct limits *l, const struct spec_pids *pids, bool no_pids, struct err *err)
{
	if (!pids->limit.set || (pids->limit.value == 0 && !no_pids)) {
		return 0;
	}
	if (pids->limit.value < -1) {
		return err_set(err, EINVAL,
			       "%s/pids/limit: %" PRId64 " is below -1, which means unlimited",
			       l->at, pids->limit.value);
	}
	add(l, "pids/limit", "pids.max", number(l, pids->limit.value));
	return 0;
}

/* Reservations are held where the kernel counts them (5.7), page faults everywhere. */
static void take_hugepages(struct limits *l, const struct spec_resources *r)
{
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const struct spec_hugepage_limit *huge = &r->hugepage_limits.v[i];
		const char *key = arena_printf(l->arena, "hugepageLimits/%zu", i);
		const char *value = arena_printf(l->arena, "%" PRIu64, huge->limit.value);

		add(l, key, arena_printf(l->arena, "hugetlb.%s.max", huge->page_size), value);
		add(l, key, arena_printf(l->arena, "hugetlb.%s.rsvd.max", huge->page_size), value)
			->optional = true;
	}
}

static void take_rdma(struct limits *l, const struct spec_resources *r)
{
	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct spec_rdma *device = &r->rdma.v[i];
		struct text value;

		text_init(&value, l->arena);
		text_add(&value, "%s", device->device);
		if (device->hca_handles.set) {
			text_add(&value, " hca_handle=%" PRIu64, device->hca_handles.value);
		}
		if (device->hca_objects.set) {
			text_add(&value, " hca_object=%" PRIu64, device->hca_objects.value);
		}
		add(l, arena_printf(l->arena, "rdma/%s", device->device), "rdma.max", value.s);
	}
}

/* What moves, stops or ends processes is no limit, and rootlet's own business. */
static bool is_control(const char *file)
{
	static const char *const files[] = { "cgroup.procs",	       "cgroup.threads",
					     "cgroup.subtree_control", "cgroup.type",
					     "cgroup.freeze",	       "cgroup.kill" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (str_eq(file, files[i])) {
			return true;
		}
	}
	return false;
}

static const struct plan_limit *earlier(const struct limits *l, const char *file)
{
	for (size_t i = 0; i < l->out->file_n; i++) {
		if (str_eq(l->out->files[i].file, file)) {
			return &l->out->files[i];
		}
	}
	return NULL;
}

/* One line is one write: files with a line for each device take no more at once. */
static void add_lines(struct limits *l, const char *key, const char *file, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, "\n");

		if (len > 0) {
			add(l, key, file, arena_strndup(l->arena, value, len));
		}
		value += len + (value[len] == '\n');
	}
}

static int take_unified(struct limits *l, const struct spec_resources *r, struct err *err)
{
	size_t before = l->out->file_n;

	for (size_t i = 0; i < r->unified.n; i++) {
		const char *file = r->unified.v[i].key;
		const char *value = r->unified.v[i].value;
		const char *key = arena_printf(l->arena, "unified/%s", file);
		const struct plan_limit *other = earlier(l, file);

		if (!strchr(file, '.')) {
			return err_set(err, EINVAL,
				       "%s/%s: not the name of a cgroup v2 file (\"memory.high\")",
				       l->at, key);
		}
		if (is_control(file)) {
			return err_set(err, EINVAL,
				       "%s/%s: not a limit; rootlet uses this file itself", l->at,
				       key);
		}
		/* Other devices, other keys: only files with one value can contradict. */
		if (other && (size_t)(other - l->out->files) < before && !str_starts(file, "io.") &&
		    !str_eq(file, "rdma.max") && !str_eq(other->value, value)) {
			return err_set(err, EINVAL,
				       "%s/%s: \"%s\" contradicts %s, which makes it \"%s\"", l->at,
				       key, value, other->where, other->value);
		}
		if (!other || !str_eq(other->value, value)) {
			add_lines(l, key, file, value);
		}
	}
	return 0;
}

const char *plan_limit_controller(struct arena *arena, const char *file)
{
	size_t len = strcspn(file, ".");

	if (len == 6 && str_starts(file, "cgroup")) {
		return NULL;
	}
	return arena_strndup(arena, file, len);
}

int plan_limits(struct arena *arena, const struct spec_resources *r, const char *at, bool no_pids,
		struct plan_limits *ret, struct err *err)
{
	struct plan_limits out = { .file_n = 0 };
	struct limits l = { .arena = arena, .at = at, .out = &out };

	if (r->memory) {
		TRY(take_memory(&l, r->memory, err));
	}
	if (r->cpu) {
		TRY(take_cpu(&l, r->cpu, err));
	}
	if (r->pids) {
		TRY(take_pids(&l, r->pids, no_pids, err));
	}
	if (r->block_io) {
		TRY(take_block_io(&l, r->block_io, err));
	}
	take_hugepages(&l, r);
	take_rdma(&l, r);
	if (r->network && (r->network->class_id.set || r->network->priorities.n > 0)) {
		return not_in_v2(&l, "network", "remove it (nftables can match the cgroup instead)",
				 err);
	}
	TRY(take_unified(&l, r, err));
	plan_limits_properties(arena, &out);
	*ret = out;
	return 0;
}
