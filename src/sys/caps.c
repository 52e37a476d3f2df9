/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/caps: the five capability sets of this process, as bit masks (bit n is capability n). The
 * only user of libcap.
 */
#include "sys/caps.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#define CAPS_MAX 64

uint64_t sys_caps_permitted(void)
{
	cap_t caps = cap_get_proc();
	uint64_t mask = 0;

	if (!caps) {
		return 0;
	}
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		cap_flag_value_t value;

		if (cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0 && value == CAP_SET) {
			mask |= UINT64_C(1) << cap;
		}
	}
	cap_free(caps);
	return mask;
}

int sys_caps_bound(uint64_t keep)
{
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		int held, why;

		if ((keep >> cap & 1) || cap_drop_bound(cap) == 0) {
			continue;
		}
		why = errno;
		held = cap_get_bound(cap);
		if (held < 0) {
			return 0; /* past the kernel's last */
		}
		/* Without CAP_SETPCAP, which matters for one that is held. */
		if (held > 0) {
			return -why;
		}
	}
	return 0;
}

static int fill(cap_t caps, cap_flag_t flag, uint64_t mask)
{
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		cap_value_t value = cap;

		if ((mask >> cap & 1) && cap_set_flag(caps, flag, 1, &value, CAP_SET) < 0) {
			return -errno;
		}
	}
	return 0;
}

int sys_caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	cap_t caps = cap_init();
	int rc;

	if (!caps) {
		return -ENOMEM;
	}
	rc = fill(caps, CAP_EFFECTIVE, effective);
	if (rc == 0) {
		rc = fill(caps, CAP_PERMITTED, permitted);
	}
	if (rc == 0) {
		rc = fill(caps, CAP_INHERITABLE, inheritable);
	}
	if (rc == 0 && cap_set_proc(caps) < 0) {
		rc = -errno;
	}
	cap_free(caps);
	return rc;
}

int sys_caps_ambient(uint64_t ambient)
{
	/* libcap's cap_reset_ambient looks at each one first. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
		/* before Linux 4.3 there is none to clear */
		if (errno == EINVAL && !ambient) {
			return 0;
		}
		return -errno;
	}
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		if ((ambient >> cap & 1) && cap_set_ambient(cap, CAP_SET) < 0) {
			return -errno;
		}
	}
	return 0;
}
