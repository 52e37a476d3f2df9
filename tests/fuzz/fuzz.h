/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; libFuzzer
 * calls it with inputs of its own making (make fuzz), tests/fuzz/replay.c with those of
 * tests/fuzz/corpus (make check).
 *
 * A finding is an abort, a sanitizer's report, or an input that takes too long or too much memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "lib/plan_print.h"
#include "plan/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Aborts with the file and line, unless cond holds. */
#define FUZZ_CHECK(cond) fuzz_check((cond) ? 1 : 0, #cond, __FILE__, __LINE__)
void fuzz_check(int holds, const char *cond, const char *file, int line);

/*
 * rc is 0, or it is -err->code and there is a message. (What must not reach a terminal is the log's
 * to filter.)
 */
void fuzz_outcome(int rc, const struct err *err);

/* A copy of exactly len bytes, ended by a NUL behind them. The caller frees it. */
char *fuzz_text(const uint8_t *bytes, size_t len);

/* The next line of *rest, without its end, as a text of the arena; NULL after the last one. */
const char *fuzz_line(struct arena *arena, const char **rest);

/* An ordinary user with one subordinate range, or root of the machine. */
struct facts fuzz_facts(struct arena *arena, const struct spec *spec, int root);

/* Builds the plan of both, and prints it. */
void fuzz_plan(struct arena *arena, const struct spec *spec, const struct plan_options *options);
