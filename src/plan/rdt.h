/* SPDX-License-Identifier: Apache-2.0 */
/* plan/rdt: linux.intelRdt. */
#pragma once

struct builder;
struct err;

int plan_rdt(struct builder *b, struct err *err);
