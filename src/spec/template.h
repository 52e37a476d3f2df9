/* SPDX-License-Identifier: Apache-2.0 */
/* template: the configuration that `rootlet spec` writes. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

/*
 * A new bundle's configuration as JSON text, in the arena. rootless: with a user namespace and
 * without id mappings, so that it gets the whole range of whoever runs it; else as root would want
 * it. net and publish become the annotations org.rootlet.net and org.rootlet.publish; NULL: none.
 */
const char *spec_template(struct arena *arena, bool rootless, const char *net, const char *publish);
