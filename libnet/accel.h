/* SPDX-License-Identifier: Apache-2.0 */
/* net/accel: can connections be accelerated on this machine? */
#pragma once

#include "base/err.h"
#include "libnet/config.h"

/*
 * Can it work here? Without the right to attach socket filters to TCP sockets, which some kernels
 * keep for CAP_NET_ADMIN, only connections outward can: config->accel_out_only then says so.
 * Errors: ENOTSUP, one line that names what is missing: Linux 5.14, pidfd_getfd(2), Yama's
 * permission, or that right where config->lan is false, which only a socket filter can enforce.
 */
int net_accel_check(struct net_config *config, struct err *err);
