/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/limits_unit: limits as properties of a systemd unit (systemd.resource-control(5),
 * org.freedesktop.systemd1(5)).
 *
 * They are made from the files, so that a limit from `unified` becomes the same property as one
 * from `memory`. The files are written all the same: they hold what systemd has no property for, or
 * will not apply.
 */
#include "plan/limits_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "spec/list.h"

/* More CPUs than any kernel is built for: a bit mask never grows by a typing error. */
#define LIST_MAX 65536

/* systemd keeps a quota in steps of 10 ms each second. */
#define QUOTA_STEP 10000

struct properties {
	struct arena *arena;
	struct plan_limits *out;
	size_t room;
};

static struct plan_property *add(struct properties *p, const struct plan_limit *limit,
				 const char *name, const char *type)
{
	struct plan_limits *out = p->out;

	out->properties = arena_grow(p->arena, out->properties, out->property_n, &p->room,
				     sizeof(*out->properties));
	out->properties[out->property_n] =
		(struct plan_property){ .where = limit->where, .name = name, .type = type };
	return &out->properties[out->property_n++];
}

static int number_of(const char *text, uint64_t *ret)
{
	if (str_eq(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_u64(text, UINT64_MAX, ret);
}

static void add_number(struct properties *p, const struct plan_limit *limit, const char *name)
{
	uint64_t number;

	if (number_of(limit->value, &number) == 0) {
		add(p, limit, name, "t")->number = number;
	}
}

/* "QUOTA PERIOD", "QUOTA", "max PERIOD". */
static void add_quota(struct properties *p, const struct plan_limit *limit)
{
	const char *space = strchr(limit->value, ' ');
	size_t len = strcspn(limit->value, " ");
	uint64_t period = 100000, quota, each_second;

	if (space && str_u64(space + 1, UINT64_MAX, &period) < 0) {
		return;
	}
	if (number_of(arena_strndup(p->arena, limit->value, len), &quota) < 0 || period == 0) {
		return;
	}
	if (quota == UINT64_MAX || quota > UINT64_MAX / 1000000) {
		each_second = UINT64_MAX;
	} else {
		each_second = quota * 1000000 / period;
		if (each_second % QUOTA_STEP) {
			each_second += QUOTA_STEP - each_second % QUOTA_STEP;
		}
	}
	add(p, limit, "CPUQuotaPerSecUSec", "t")->number = each_second;
	if (space) {
		add(p, limit, "CPUQuotaPeriodUSec", "t")->number = period;
	}
}

/* A list of numbers as a bit mask, bit n of byte n/8. */
static void add_mask(struct properties *p, const struct plan_limit *limit, const char *name)
{
	uint8_t *bits = arena_alloc(p->arena, LIST_MAX / 8);
	const char *rest = limit->value;
	uint32_t first, last, highest = 0;
	struct plan_property *property;
	int rc;

	while ((rc = str_list_next(&rest, &first, &last)) == 1) {
		if (last >= LIST_MAX) {
			return;
		}
		for (uint32_t n = first; n <= last; n++) {
			bits[n / 8] |= (uint8_t)(1u << n % 8);
		}
		if (last > highest) {
			highest = last;
		}
	}
	/* What is no list is the kernel's to refuse, where it is written to the file. */
	if (rc < 0) {
		return;
	}
	property = add(p, limit, name, "ay");
	property->bytes.v = bits;
	property->bytes.n = highest / 8 + 1;
}

static void add_device(struct properties *p, const struct plan_limit *limit, const char *name,
		       const char *device, size_t device_len, uint64_t value)
{
	struct plan_device_id *id = arena_alloc(p->arena, sizeof(*id));
	struct plan_property *property = add(p, limit, name, "a(st)");

	id->path = arena_printf(p->arena, "/dev/block/%.*s", (int)device_len, device);
	id->value = value;
	property->devices.v = id;
	property->devices.n = 1;
}

/* "default N" or "MAJOR:MINOR N" of io.weight. */
static void add_io_weight(struct properties *p, const struct plan_limit *limit, const char *value)
{
	size_t len = strcspn(value, " ");
	uint64_t number;

	if (!value[len] || str_u64(value + len + 1, UINT64_MAX, &number) < 0) {
		return;
	}
	if (len == 7 && str_starts(value, "default")) {
		add(p, limit, "IOWeight", "t")->number = number;
	} else {
		add_device(p, limit, "IODeviceWeight", value, len, number);
	}
}

/* "MAJOR:MINOR rbps=N wiops=M" of io.max. */
static void add_io_max(struct properties *p, const struct plan_limit *limit)
{
	static const struct {
		const char *key;
		const char *property;
	} keys[] = {
		{ "rbps=", "IOReadBandwidthMax" },
		{ "wbps=", "IOWriteBandwidthMax" },
		{ "riops=", "IOReadIOPSMax" },
		{ "wiops=", "IOWriteIOPSMax" },
	};
	size_t device_len = strcspn(limit->value, " ");
	const char *word = limit->value + device_len;

	while (*(word += strspn(word, " "))) {
		const char *text = arena_strndup(p->arena, word, strcspn(word, " "));
		uint64_t number;

		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			if (str_starts(text, keys[i].key) &&
			    number_of(text + strlen(keys[i].key), &number) == 0) {
				add_device(p, limit, keys[i].property, limit->value, device_len,
					   number);
			}
		}
		word += strlen(text);
	}
}

static void take(struct properties *p, const struct plan_limit *limit)
{
	static const struct {
		const char *file;
		const char *property;
	} numbers[] = {
		{ "memory.max", "MemoryMax" },		{ "memory.high", "MemoryHigh" },
		{ "memory.low", "MemoryLow" },		{ "memory.min", "MemoryMin" },
		{ "memory.swap.max", "MemorySwapMax" }, { "cpu.weight", "CPUWeight" },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (str_eq(limit->file, numbers[i].file)) {
			add_number(p, limit, numbers[i].property);
			return;
		}
	}
	if (str_eq(limit->file, "pids.max") && !str_eq(limit->value, "0")) {
		/* systemd takes no 0 for it; the file does. */
		add_number(p, limit, "TasksMax");
	} else if (str_eq(limit->file, "cpu.max")) {
		add_quota(p, limit);
	} else if (str_eq(limit->file, "cpuset.cpus")) {
		add_mask(p, limit, "AllowedCPUs");
	} else if (str_eq(limit->file, "cpuset.mems")) {
		add_mask(p, limit, "AllowedMemoryNodes");
	} else if (str_eq(limit->file, "io.max")) {
		add_io_max(p, limit);
	} else if (str_eq(limit->file, "io.weight")) {
		add_io_weight(p, limit, limit->value);
	} else if (limit->or_file && str_eq(limit->or_file, "io.weight")) {
		add_io_weight(p, limit, limit->or_value);
	}
}

void plan_limits_properties(struct arena *arena, struct plan_limits *limits)
{
	struct properties p = { .arena = arena, .out = limits };

	limits->properties = NULL;
	limits->property_n = 0;
	for (size_t i = 0; i < limits->file_n; i++) {
		take(&p, &limits->files[i]);
	}
}
