/* SPDX-License-Identifier: Apache-2.0 */
/* criu/checkpoint: a running container into image files. */
#pragma once

#include "criu/criu.h"

/*
 * Writes the container's processes into image files and ends it (and deletes it, as the peers do),
 * unless options say to leave it running or it is a pre-dump. Errors: EPERM, ENOENT, ENOTSUP where
 * CRIU can't be used; ESRCH "container not running".
 */
int criu_checkpoint(const char *root, const char *id, const struct criu_options *options,
		    struct err *err);
