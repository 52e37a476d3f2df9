/* SPDX-License-Identifier: Apache-2.0 */
/* criu/checkpoint: a running container into image files. */
#pragma once

#include "container/container.h"
#include "criu/criu.h"

/*
 * Writes the processes of a started, locked container into image files and ends it (and deletes it,
 * as the peers do), unless options say to leave it running or it is a pre-dump. Who may do that at
 * all: criu_allowed.
 */
int criu_checkpoint(struct container *c, const struct criu_options *options, struct err *err);
