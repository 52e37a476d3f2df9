/* SPDX-License-Identifier: Apache-2.0 */
/* plan/cgroup: which control group the container gets, from whom, and what is limited in it. */
#pragma once

#include "spec/spec.h"

struct builder;
struct err;

/* Does it ask for limits (device rules apart)? Then the controllers have to be known. */
bool plan_wants_limits(const struct spec *spec);

/* The place in the hierarchy that it names from the root on, "/a/b"; NULL: none. */
const char *plan_cgroup_place(const struct spec *spec);

int plan_cgroup(struct builder *b, struct err *err);
