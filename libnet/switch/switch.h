/* SPDX-License-Identifier: Apache-2.0 */
/* switch/switch: the process that answers for the container's calls of connect and bind. */
#pragma once

#include "libnet/switch/setup.h"

/*
 * Situation: a fresh child of the helper, in the host's namespaces. Keeps no descriptor but those
 * of the setup. Sends a byte when ready.
 */
_Noreturn void switch_main(const struct switch_setup *setup);
