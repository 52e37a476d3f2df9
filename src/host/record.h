/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/record: what a launch leaves for later commands and for the client: state.json and the pid
 * file.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

struct launch;

/* Writes state.json: from now on other commands find the container. */
int host_record(const struct launch *l, struct err *err);

/*
 * The pid in decimal without a newline, written aside and renamed, as clients wait for it. What is
 * there and no regular file (/dev/null, a FIFO, a link) is written into and stays.
 */
int host_pid_file(const char *path, pid_t pid, struct err *err);

/* Takes a regular file back, after a failure. */
void host_pid_file_remove(const char *path);

/* Does init's end end every process of the container? */
bool host_own_pid_namespace(const struct plan *plan);
