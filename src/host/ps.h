/* SPDX-License-Identifier: Apache-2.0 */
/* host/ps: what ps(1) says. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Runs ps with the n arguments of v, -ef with none, and adds to out what it prints; its errors go
 * to our stderr. Errors: it is not there, or failed; EINTR for a signal that asks us to end.
 */
int host_ps(struct arena *arena, char *const *v, size_t n, struct text *out, struct err *err);
