/* SPDX-License-Identifier: Apache-2.0 */
/* criu/restore: a container out of image files. */
#pragma once

#include "criu/criu.h"
#include "host/launch_options.h"

/*
 * Makes a container of a bundle and of image files. Detached, or in the foreground: *ret_status is
 * then its exit status. On failure nothing of it is left but the images.
 */
int criu_restore(const struct launch_options *launch, const struct criu_options *options,
		 int *ret_status, struct err *err);
