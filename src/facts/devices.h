/* SPDX-License-Identifier: Apache-2.0 */
/* facts/devices: the host's device nodes that the bundle asks for. Private to src/facts. */
#pragma once

#include "base/arena.h"
#include "plan/facts.h"
#include "spec/spec.h"

/*
 * Fills f->devices when the bundle asks for devices and this is an ordinary user. f->uid and f->gid
 * are known.
 */
void facts_devices(struct arena *arena, const struct spec *spec, struct facts *f);
