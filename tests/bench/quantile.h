/* SPDX-License-Identifier: Apache-2.0 */
/* bench/quantile: what the benchmarks say of many measurements. */
#pragma once

#include <stddef.h>

/* For qsort(3). */
static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorted values; share 0.5 is the median. */
static inline double quantile(const double *v, size_t n, double share)
{
	double at = share * (double)(n - 1);
	size_t low = (size_t)at;
	size_t high = low + 1 < n ? low + 1 : low;

	return v[low] + (at - (double)low) * (v[high] - v[low]);
}
