/* SPDX-License-Identifier: Apache-2.0 */
/* facts/devices: the parts of facts_probe. Private to src/host/facts*.c. */
#pragma once

#include "base/arena.h"
#include "plan/facts.h"
#include "spec/spec.h"

/*
 * Fills f->devices when the bundle asks for devices and this is an ordinary user. f->uid and f->gid
 * are known.
 */
void facts_devices(struct arena *arena, const struct spec *spec, struct facts *f);
