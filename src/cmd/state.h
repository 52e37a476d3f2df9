/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/state: a container as state and list print it. */
#pragma once

#include "container/container.h"
#include "json/encode.h"

/*
 * One JSON object, as runtime.md's "State" has it, with rootfs, created and owner as crun and runc
 * add them.
 */
void cmd_state_json(struct json_writer *w, const struct container *c);
