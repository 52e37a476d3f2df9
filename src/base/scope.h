/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope: things that end with the block they were declared in.
 *
 *	scope_fd int fd = open(...);
 *	scope_free char *text = NULL;
 *	return fd_take(&fd);		hands the descriptor to the caller
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void scope_close_(const int *fd)
{
	if (*fd >= 0) {
		/* Never retried: on Linux the descriptor is gone even after EINTR, close(2). */
		close(*fd);
	}
}

static inline void scope_free_(void *where)
{
	free(*(void **)where);
}

static inline void scope_fclose_(FILE **file)
{
	if (*file) {
		fclose(*file);
	}
}

#define scope_fd __attribute__((cleanup(scope_close_)))
#define scope_free __attribute__((cleanup(scope_free_)))
#define scope_file __attribute__((cleanup(scope_fclose_)))

/* Gives up ownership: the variable becomes -1 and the caller holds the descriptor. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Closes now and makes the variable -1. */
static inline void fd_drop(int *fd)
{
	scope_close_(fd);
	*fd = -1;
}
