/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that is given back all at once.
 *
 * A configuration and the plan made of it are built once, read many times and dropped together:
 * each owns one arena and nothing in them is freed singly. Allocation never fails: a process that
 * cannot have a few kilobytes ends with "out of memory" and exit 1, and what it had begun is undone
 * as after any other death (the guest dies with its parent, an unfinished state folder counts as
 * absent).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head;
};

#define ARENA_INIT                                                                                 \
	{                                                                                          \
		NULL                                                                               \
	}

/* Frees everything. The arena may be used again. */
void arena_done(struct arena *arena);

#define scope_arena __attribute__((cleanup(arena_done)))

/* Zeroed, aligned for any type. Never NULL, also for size 0. */
void *arena_alloc(struct arena *arena, size_t size);

/* An array of count elements; count * size is checked against overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/*
 * An array of n elements that may get one more: v itself, or a copy with twice the room. *room: in
 * elements, kept by the caller, 0 at first; 0 also has an array copied that is somebody else's.
 * What lies behind the elements is zero, one element at least after the new one.
 */
void *arena_grow(struct arena *arena, void *v, size_t n, size_t *room, size_t size);

char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
