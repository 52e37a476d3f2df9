/* SPDX-License-Identifier: Apache-2.0 */
/* plan/namespaces: which are made, which are joined, which had to be added. */
#pragma once

struct builder;
struct err;

int plan_namespaces(struct builder *b, struct err *err);
