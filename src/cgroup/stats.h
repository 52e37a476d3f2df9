/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/stats: what a container has used, from the files of its cgroup. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"

/*
 * One line of a pressure file, "avg10=0.00 avg60=0.00 avg300=0.00 total=0": percent, and
 * microseconds.
 */
struct stats_pressure_line {
	const char *avg10; /* as the kernel writes it, a decimal number; NULL: no such line */
	const char *avg60;
	const char *avg300;
	uint64_t total;
};

struct stats_pressure {
	bool present;
	struct stats_pressure_line some;
	struct stats_pressure_line full;
};

/* A file of lines "name number". */
struct stats_values {
	struct stats_value {
		const char *name;
		uint64_t value;
	} * v;
	size_t n;
};

struct stats_io {
	uint32_t major;
	uint32_t minor;
	struct stats_values values; /* rbytes wbytes rios wios dbytes dios */
};

struct stats_hugetlb {
	const char *size; /* "2MB" */
	uint64_t usage;	  /* bytes */
	uint64_t failures;
};

/* A group of numbers whose controller is missing has present false. */
struct cgroup_stats {
	struct {
		bool present;
		struct stats_values stat; /* cpu.stat, microseconds */
		struct stats_pressure pressure;
	} cpu;
	struct {
		bool present;
		uint64_t usage; /* bytes */
		uint64_t max;	/* the most so far; 0 before Linux 5.19 */
		uint64_t limit; /* UINT64_MAX: none */
		bool has_swap;
		uint64_t swap_usage;
		uint64_t swap_max;
		uint64_t swap_limit;
		struct stats_values stat;
		struct stats_values events;
		struct stats_pressure pressure;
	} memory;
	struct {
		bool present;
		uint64_t current;
		uint64_t limit; /* UINT64_MAX: none */
	} pids;
	struct {
		struct stats_io *v;
		size_t n;
		struct stats_pressure pressure;
	} io;
	struct {
		struct stats_hugetlb *v;
		size_t n;
	} hugetlb;
};

/* The value of a name, 0 when there is none. */
uint64_t cgroup_stats_value(const struct stats_values *values, const char *name);

/*
 * Everything there is; text lives in the arena. Errors: ENOTSUP when there is no cgroup, ENOENT
 * when it is gone.
 */
int cgroup_stats(struct arena *arena, const struct cgroup *cgroup, struct cgroup_stats *ret,
		 struct err *err);
