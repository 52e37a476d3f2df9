/* SPDX-License-Identifier: Apache-2.0 */
/* host/notes: telling the user what a plan does otherwise than the configuration says. */
#pragma once

#include "plan/plan.h"

/* As warnings, where they are wanted: all but the quiet ones. */
void host_notes_warn(const struct plan *plan);

/* To --debug alone. */
void host_notes_debug(const struct plan *plan);
