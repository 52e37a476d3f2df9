/* SPDX-License-Identifier: Apache-2.0 */
/* host/signals: a signal's number from the ways in which clients write it. */
#pragma once

#include "base/err.h"

/*
 * A signal's number from "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3"; 0 is valid. Errors: EINVAL
 * `unknown signal "FOO"`.
 */
int host_signal_parse(const char *text, int *ret, struct err *err);
