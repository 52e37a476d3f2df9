/* SPDX-License-Identifier: Apache-2.0 */
/* plan/caps: capability names and numbers. */
#pragma once

#include "base/table.h"

/* "CAP_CHOWN" … to the kernel's numbers (capabilities(7), linux/capability.h). */
extern const struct name plan_cap_names[];
