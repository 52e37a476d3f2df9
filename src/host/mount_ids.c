/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/mount_ids: bind mounts whose ids only a privileged caller may map.
 *
 * Mapping the ids of a mount takes CAP_SYS_ADMIN over the superblock. In a user namespace of its
 * own the guest has that over nothing of the host's; a caller that is root has it, and hands the
 * detached mount over.
 */
#include "host/mount_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scope.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/mount.h"
#include "wire/wire.h"

static int user_namespace(const struct plan_mount *m, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct plan_mount_ids *ids = &m->ids;
	int fd;

	if (ids->namespace) {
		fd = open(ids->namespace, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0) {
			return err_errno(err, errno, "%s: %s", m->where, ids->namespace);
		}
		return fd;
	}
	fd = sys_idmap_namespace(plan_map_text(&arena, &ids->uid),
				 plan_map_text(&arena, &ids->gid));
	if (fd < 0) {
		return err_errno(err, -fd, "%s: a user namespace with the map of %s", m->where,
				 m->target);
	}
	return fd;
}

int host_mount_ids_give(const struct plan_mount *m, int wire, struct err *err)
{
	const unsigned flags = sys_mount_clone_flags(m->recursive, m->source_nofollow);
	scope_fd int mount = -1;
	scope_fd int namespace = -1;
	int rc;

	if (!m->ids.present || !m->ids.by_host) {
		return 0;
	}
	mount = sys_mount_clone(AT_FDCWD, m->source, flags);
	if (mount < 0) {
		err_errno(err, -mount, "%s: source %s", m->where, m->source);
		sys_explain_path(m->source, err);
		return -err->code;
	}
	namespace = user_namespace(m, err);
	TRY(namespace);
	rc = sys_mount_idmap(mount, namespace, m->ids.recursive);
	if (rc < 0) {
		err_errno(err, -rc, "%s: mapping the ids of %s", m->where, m->source);
		return sys_explain_idmap(err);
	}
	rc = wire_send(wire, WIRE_MOUNT, NULL, 0, mount);
	if (rc < 0 && rc != -EPIPE) {
		return err_errno(err, -rc, "%s: handing %s over", m->where, m->source);
	}
	return 0;
}
