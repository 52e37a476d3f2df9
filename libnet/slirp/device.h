/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/device: slirp4netns gets a device that is there already. Private to libnet.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* What it opens to have a device, and the descriptor that it then has, which is the device's. */
#define SLIRP_TUN_PATH "/dev/net/tun"
#define SLIRP_TUN_FD 0

/*
 * In slirp4netns' process, which is root of its user namespace, before it begins. unix_sockets: it
 * may make some. Returns 0 or -errno (-ENOTSUP: not for this architecture). Not to be undone.
 */
int slirp_device_filter(bool unix_sockets);

/* Adds what is known to be wrong with SLIRP_TUN_PATH. Returns -err->code. */
int slirp_device_explain(struct err *err);
