/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/device: slirp4netns gets a device that is there already. Private to libnet.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* What it opens to have a device. */
#define SLIRP_TUN_PATH "/dev/net/tun"

/*
 * Can it be given one, here? Asked by a process that ends soon, which can't open devices
 * afterwards.
 */
bool slirp_device_may_listen(void);

/*
 * In slirp4netns' process, before it begins: a listener of its open, sent by a SOCK_SEQPACKET
 * socket (NET_MESSAGE_LISTENER). Returns 0 or -errno.
 */
int slirp_device_listen(int control);

/*
 * When the listener is readable: gives the device, and closes the listener when that is done.
 * Returns 0 or -errno.
 */
int slirp_device_give(int *listener, int tap);

/* Adds what is known to be wrong with SLIRP_TUN_PATH. Returns -err->code. */
int slirp_device_explain(struct err *err);
