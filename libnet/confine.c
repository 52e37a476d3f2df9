/* SPDX-License-Identifier: Apache-2.0 */
/* net/confine: what a process may do from now on was decided before: helper/filter.c. */
#include "libnet/confine.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

int net_confine(const struct net_confinement *filter)
{
	const struct sock_fprog program = {
		.len = (unsigned short)filter->n,
		.filter = (struct sock_filter *)(uintptr_t)filter->code,
	};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		return -errno;
	}
	/*
	 * SPEC_ALLOW (4.17): it runs nobody's code, against whose speculation kernels before 5.16
	 * would slow it down.
	 */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		    &program) < 0) {
		return -errno;
	}
	return 0;
}
