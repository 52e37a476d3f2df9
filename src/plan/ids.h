/* SPDX-License-Identifier: Apache-2.0 */
/* plan/ids: the container's uid and gid maps, and who writes them. */
#pragma once

#include "plan/facts.h"
#include "spec/spec.h"

struct builder;
struct err;

/* Does this configuration make it necessary to know the user's ranges? Else they need no probing. */
bool plan_needs_subids(const struct spec *spec, const struct facts *facts);

int plan_ids(struct builder *b, struct err *err);
