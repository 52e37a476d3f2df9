/* SPDX-License-Identifier: Apache-2.0 */
/* plan/attributes: what the kernel keeps of a process beside its credentials; and sysctls. */
#pragma once

struct builder;
struct err;

int plan_sysctls(struct builder *b, struct err *err);
int plan_attributes(struct builder *b, struct err *err);
