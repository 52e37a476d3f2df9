/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/idmap: reading the id maps of user namespaces, user_namespaces(7), and making one for an
 * idmapped mount.
 *
 * The kernel takes the map of such a mount from a user namespace. Nobody needs to be in that one:
 * it is made for the mount, and is gone with its descriptor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* One line of a uid_map or gid_map: ids in the namespace, in its parent, how many. */
struct sys_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct sys_idmap {
	struct sys_extent *v;
	size_t n;
};

/* The map of text in the kernel's form, up to the first line that is not. */
void sys_idmap_parse(struct arena *arena, const char *text, struct sys_idmap *ret);

/*
 * Reads /proc/self/uid_map and the like. Returns 0 or -errno (-ENOENT: a kernel without user
 * namespaces).
 */
int sys_idmap_read(struct arena *arena, const char *path, struct sys_idmap *ret);

/* Does one extent hold all count ids from `first` on? ret_extent may be NULL. */
bool sys_idmap_holds(const struct sys_idmap *map, uint32_t first, uint32_t count,
		     const struct sys_extent **ret_extent);

/*
 * A user namespace that nobody is in, with these maps in the kernel's form ("0 1000 1\n"): what an
 * idmapped mount takes its ids from. Needs a /proc in which this process is seen, and the privilege
 * to map these ids. Returns a descriptor or -errno.
 */
int sys_idmap_namespace(const char *uid_map, const char *gid_map);
