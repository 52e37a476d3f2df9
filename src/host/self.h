/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/self: keeping the runtime's own file out of a container's reach (CVE-2019-5736).
 *
 * A program in a container can have the kernel execute the runtime's binary once more
 * (`#!/proc/self/exe`) and then open it for writing through /proc/PID/exe. Where the file belongs
 * to root and the container's user is nobody special, as after any packaged installation, the
 * kernel refuses that. Where this user may write it (a build in the home folder; real root), the
 * whole process runs from a sealed copy in memory instead.
 *
 * The copy costs about 2 ms. A packaged installation does without.
 */
#pragma once

#include "base/err.h"

/*
 * Returns 0 when nothing is to be done, else does not return: the same command line runs again from
 * a sealed memfd (about 1 ms). Called before anything else is done. Errors: no memory for the copy,
 * no memfd (Linux before 3.17).
 */
int host_self_protect(char **argv, struct err *err);
