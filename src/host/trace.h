/* SPDX-License-Identifier: Apache-2.0 */
/* host/trace: where the time of a start goes, for --debug. */
#pragma once

#include <stdint.h>

/* The time from which --debug counts (CLOCK_REALTIME, nanoseconds); 0 when it is off. */
int64_t host_trace_begin(void);

/* A line that says what this side has just done. begin: host_trace_begin's answer. */
void host_trace(int64_t begin, const char *what);

/* The same for a step of the guest, which was done at `when`. */
void host_trace_guest(int64_t begin, int64_t when, const char *what);
