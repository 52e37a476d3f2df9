/* SPDX-License-Identifier: Apache-2.0 */
/* net/sysctls: what a new network namespace has to know before slirp4netns comes. */
#pragma once

/*
 * What to write below /proc/sys inside a new namespace, before net_start: IPv6 is usable at once
 * then. Ends with a path of NULL.
 */
struct net_sysctl {
	const char *path;
	const char *value;
};
extern const struct net_sysctl net_sysctls[];
