/* SPDX-License-Identifier: Apache-2.0 */
/* plan/annotations: annotations that belong to no property of the configuration. */
#pragma once

struct builder;
struct err;

/* "bound" to the user's login sessions, or "persistent". */
#define PLAN_SESSION "org.rootlet.session"

int plan_annotations(struct builder *b, struct err *err);
