/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/caps: the five capability sets of this process, as bit masks (bit n is capability n). The
 * only user of libcap.
 */
#include "sys/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Not by libcap, which asks the kernel for its version first: a filter may forbid that. */
int sys_caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> (32 * i)),
			.permitted = (uint32_t)(permitted >> (32 * i)),
			.inheritable = (uint32_t)(inheritable >> (32 * i)),
		};
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
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
