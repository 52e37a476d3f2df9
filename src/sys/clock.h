/* SPDX-License-Identifier: Apache-2.0 */
/* sys/clock: how much time has passed, whatever happens to the date. */
#pragma once

#include <stdint.h>

/*
 * Milliseconds of CLOCK_MONOTONIC, clock_gettime(2): never backwards, and without the time that the
 * machine was suspended. Only differences mean something.
 */
int64_t sys_now_ms(void);
