/* SPDX-License-Identifier: Apache-2.0 */
/* criu/checkpoint: the commands checkpoint and restore, through CRIU, as root. */
#pragma once

#include "container/container.h"
#include "criu/criu.h"
#include "host/launch.h"

/*
 * Writes the processes of a started, locked container into image files and ends it (and deletes it,
 * as the peers do), unless options say to leave it running or it is a pre-dump. Who may do that at
 * all: criu_allowed.
 */
int criu_checkpoint(struct container *c, const struct criu_options *options, struct err *err);

/*
 * Makes a container of a bundle and of image files. Detached, or in the foreground: *ret_status is
 * then its exit status. On failure nothing of it is left but the images.
 */
int criu_restore(const struct launch_options *launch, const struct criu_options *options,
		 int *ret_status, struct err *err);
