/* SPDX-License-Identifier: Apache-2.0 */
/* host/trace: where the time of a start goes, for --debug. */
#include "host/trace.h"

#include <time.h>

#include "base/log.h"

/* The one clock that a time namespace leaves alone: the guest's times are compared with ours. */
static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t host_trace_begin(void)
{
	if (log_debug_wanted()) {
		return now_ns();
	}
	return 0;
}

static double ms_since(int64_t begin, int64_t when)
{
	return (double)(when - begin) / 1e6;
}

void host_trace(int64_t begin, const char *what)
{
	if (begin > 0) {
		log_debug("%8.3f ms host: %s", ms_since(begin, now_ns()), what);
	}
}

void host_trace_guest(int64_t begin, int64_t when, const char *what)
{
	log_debug("%8.3f ms guest: %s", ms_since(begin, when), what);
}
