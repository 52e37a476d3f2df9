/* SPDX-License-Identifier: Apache-2.0 */
/* arena: a chain of blocks, each filled from the front. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sanitizer.h"

/*
 * Under the address sanitizer what nobody was given can't be read: neither the rest of a block nor
 * the gap behind each piece of it. Elsewhere there is no gap.
 */
#ifdef BASE_SANITIZED
#include <sanitizer/asan_interface.h>
#define GAP 16
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define GAP 0
#endif

/* Large enough for an ordinary config.json in one block. */
#define BLOCK_SIZE 16384

/* Elements of a list that grows. */
#define ROOM_FIRST 8

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static void __attribute__((noreturn)) die_of_hunger(void)
{
	static const char text[] = "rootlet: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

void arena_done(struct arena *arena)
{
	struct arena_block *block = arena->head;

	while (block) {
		struct arena_block *next = block->next;

		ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
		free(block);
		block = next;
	}
	arena->head = NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->head;
	size_t need;
	char *piece;

	if (size > SIZE_MAX / 2) {
		die_of_hunger();
	}
	need = ((size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1)) + GAP;
	if (!block || block->size - block->used < need) {
		size_t room = BLOCK_SIZE;

		if (room < need) {
			room = need;
		}
		block = calloc(1, sizeof(*block) + room);
		if (!block) {
			die_of_hunger();
		}
		block->size = room;
		block->next = arena->head;
		arena->head = block;
		ASAN_POISON_MEMORY_REGION(block->data, room);
	}
	assert(block->size - block->used >= need);
	piece = block->data + block->used;
	block->used += need;
	ASAN_UNPOISON_MEMORY_REGION(piece, size);
	return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		die_of_hunger();
	}
	return arena_alloc(arena, total);
}

void *arena_grow(struct arena *arena, void *v, size_t n, size_t *room, size_t size)
{
	void *grown;

	assert(*room == 0 || n < *room);
	if (n + 1 < *room) {
		return v;
	}
	*room = n * 2;
	if (*room < ROOM_FIRST) {
		*room = ROOM_FIRST;
	}
	grown = arena_array(arena, *room, size);
	if (n > 0) {
		memcpy(grown, v, n * size);
	}
	return grown;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0) {
		die_of_hunger();
	}
	text = arena_alloc(arena, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}
