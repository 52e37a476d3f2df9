/* SPDX-License-Identifier: Apache-2.0 */
/* sys/clock: deadlines and pauses are counted by one clock. */
#include "sys/clock.h"

#include <time.h>

int64_t sys_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}
