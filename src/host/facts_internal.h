/* SPDX-License-Identifier: Apache-2.0 */
/* host/facts_internal: the parts of host_facts. Private to src/host/facts*.c. */
#pragma once

#include "base/arena.h"
#include "plan/facts.h"
#include "spec/spec.h"

/*
 * Fills f->devices when the bundle asks for devices and this is an ordinary user. f->uid and f->gid
 * are known.
 */
void host_facts_devices(struct arena *arena, const struct spec *spec, struct facts *f);
