/* SPDX-License-Identifier: Apache-2.0 */
/* plan/filter: from linux.seccomp to the program that the kernel runs at each system call. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"
#include "spec/spec.h"

struct builder;

/*
 * Compiles the filter with libseccomp and writes it to output (any descriptor that takes a write: a
 * memfd), as an array of struct sock_filter. strict: a system call that libseccomp does not know is
 * an error instead of being left out.
 * Errors: EINVAL with the JSON path; ENOTSUP for what this libseccomp can't.
 */
int plan_filter_compile(const struct spec_seccomp *seccomp, bool strict, int output,
			struct err *err);

int plan_filter(struct builder *b, struct err *err);

/* Does any rule ask for a listener? */
bool plan_filter_notifies(const struct spec_seccomp *seccomp);
