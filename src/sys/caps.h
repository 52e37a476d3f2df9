/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/caps: the five capability sets of this process, as bit masks (bit n is capability n). The
 * only user of libcap.
 */
#pragma once

#include <stdint.h>

/* What this process may still use at all (its permitted set); 0 on failure. */
uint64_t sys_caps_permitted(void);

/* Drops from the bounding set whatever is not in keep. Returns 0 or -errno. Needs CAP_SETPCAP. */
int sys_caps_bound(uint64_t keep);

/* Sets three sets at once. Returns 0 or -errno. */
int sys_caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/*
 * Clears the ambient set and raises what is given (each must be permitted and inheritable). Returns
 * 0 or -errno.
 */
int sys_caps_ambient(uint64_t ambient);
