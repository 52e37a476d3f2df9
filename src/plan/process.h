/* SPDX-License-Identifier: Apache-2.0 */
/* plan/process: who the container's program is, and what it may. */
#pragma once

struct builder;
struct err;

int plan_process(struct builder *b, struct err *err);
