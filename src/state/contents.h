/* SPDX-License-Identifier: Apache-2.0 */
/* state/contents: which folders and files are a container's state, and removing those alone. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/*
 * The mode with which a state folder is made. The sticky bit is the mark: mkdir(2) sets it at once,
 * and nobody gives it to a folder that others may not write.
 */
#define STATE_FOLDER_MODE 01700

/* Was the folder made by rootlet? */
bool state_is_marked(const struct stat *st);

/*
 * Removes all files from the folder ROOT/ID, open as fd, or none: where one has a name that rootlet
 * gives to none, that is an error which names it. Folders are removed if they are empty.
 */
int state_remove_contents(int fd, const char *root, const char *id, struct err *err);
