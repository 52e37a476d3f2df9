/* SPDX-License-Identifier: Apache-2.0 */
/* sys/program: where the machine has a program. */
#pragma once

#include "base/arena.h"

/*
 * Absolute path of a program, in the arena: from PATH, else from where distributions put it
 * (clients strip PATH). NULL: not there.
 */
const char *sys_find_program(struct arena *arena, const char *name);
