/* SPDX-License-Identifier: Apache-2.0 */
/* host/pause: pause and resume, by freezing the container's cgroup. */
#pragma once

#include "base/err.h"
#include "container/container.h"

/*
 * Freezes every process of a running container, or lets a paused one go on. Errors: ENOTSUP when
 * the container has no cgroup; ESRCH when it ends meanwhile.
 */
int host_pause(struct container *c, struct err *err);
int host_resume(struct container *c, struct err *err);
