/* SPDX-License-Identifier: Apache-2.0 */
/* net/inside: entering it, and its fixed address. */
#include "libnet/inside.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Of fd00::/64, which is fixed in slirp4netns. */
const struct in6_addr net_inside6 = { .s6_addr = { 0xfd, [14] = 1 } };

int net_inside_enter(int userns, int netns)
{
	/*
	 * Before: the namespace's root has CAP_SYS_PTRACE over whoever is in it, and finds him by
	 * his number where the pid namespace is the host's. setns does not clear it, as it does not
	 * count as a gain of privileges, nor does the change of ids.
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		return -errno;
	}
	if (userns >= 0 && setns(userns, CLONE_NEWUSER) < 0) {
		return -errno;
	}
	if (netns >= 0 && setns(netns, CLONE_NEWNET) < 0) {
		return -errno;
	}
	if (userns < 0) {
		return 0;
	}
	/*
	 * What is set below /proc/sys belongs to the namespace's root. EINVAL: no id 0 in it; our
	 * capabilities do then.
	 */
	if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL) {
		return -errno;
	}
	return 0;
}
