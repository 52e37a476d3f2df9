/* SPDX-License-Identifier: Apache-2.0 */
/* check_linux: the rules for the `linux` object. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* at: "/linux". Errors: EINVAL with the JSON path. */
int spec_check_linux(const struct spec_linux *linux_, const char *at, struct err *err);
