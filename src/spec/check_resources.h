/* SPDX-License-Identifier: Apache-2.0 */
/* check_resources: the rules for `linux.resources`. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* at goes in front of the paths: "/linux/resources", or "" for what `update` puts together. */
int spec_check_resources(const struct spec_resources *resources, const char *at, struct err *err);
