/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/names: /etc/hosts and /etc/resolv.conf of a container with a network of rootlet's.
 *
 * The container may write into them where its root is writable, and must not fill anything of the
 * host's. So they are copies, on a small tmpfs. A part of a filesystem can be bound only once it is
 * mounted somewhere (open_tree(2)): here on the state folder that the texts come from. That is a
 * mount of this namespace alone, and goes away with the host's tree.
 *
 * What the image's hosts file has is read here and not by the host side: sys/tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hosts.h"
#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/mount.h"
#include "sys/tree.h"

/* A list of blocked names is some hundred kilobytes long. */
#define IMAGE_MAX (1u << 20)
/* The host's own, and what rootlet adds. */
#define TEXT_MAX (2u << 20)
/* What the container may add to each, and the part of a page that a text does not fill. */
#define ROOM ((size_t)256 << 10)

static const char *const names[GUEST_NAMES] = { "hosts", "resolv.conf" };
enum { HOSTS };

/* What can't be read counts as empty: it may be missing, or belong to another id. */
static const char *of_image(struct guest *g)
{
	const char *text = "";
	ssize_t len = sys_tree_read(&g->arena, g->rootfs, "/etc/hosts", IMAGE_MAX, &text);

	if (len == -EINVAL) {
		guest_log(g, "/etc/hosts of the root filesystem is not a file, and not read");
	} else if (len == -EFBIG) {
		guest_log(g, "/etc/hosts of the root filesystem is not read: it is longer than "
			     "1 MiB");
	}
	return text;
}

static int write_name(int dir, const char *name, const char *text, struct err *err)
{
	scope_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t len = strlen(text);

	/* Not all bits of the mode outlive the umask. One write: the filesystem has the room. */
	if (fd < 0 || fchmod(fd, 0644) < 0) {
		return err_errno(err, errno, "/etc/%s of the container", name);
	}
	if (write(fd, text, len) != (ssize_t)len) {
		return err_set(err, ENOSPC, "/etc/%s of the container: it has no room", name);
	}
	return 0;
}

/* A filesystem with these texts (NULL: none), detached. */
static int make_fs(struct guest *g, const char *const texts[GUEST_NAMES], int *ret, struct err *err)
{
	const char *options[] = { NULL, "nr_inodes=3", "mode=0755" };
	scope_fd int fd = -1;
	size_t size = 0;

	for (size_t i = 0; i < GUEST_NAMES; i++) {
		size += ROOM + (texts[i] ? strlen(texts[i]) : 0);
	}
	options[0] = arena_printf(&g->arena, "size=%zu", size);
	fd = sys_mount_fs("tmpfs", "rootlet", options, sizeof(options) / sizeof(options[0]), false,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	if (fd < 0) {
		return err_wrap(err, "the filesystem of /etc/hosts and /etc/resolv.conf");
	}
	for (size_t i = 0; i < GUEST_NAMES; i++) {
		if (texts[i]) {
			TRY(write_name(fd, names[i], texts[i], err));
		}
	}
	*ret = fd_take(&fd);
	return 0;
}

int guest_names_read(struct guest *g, const struct plan_mount *m, struct err *err)
{
	size_t folder_len = (size_t)(strrchr(m->source, '/') - m->source);
	const char *folder = arena_strndup(&g->arena, m->source, folder_len);

	if (g->names_folder >= 0) {
		return 0;
	}
	g->names_folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g->names_folder < 0) {
		err_errno(err, errno, "%s: %s", m->where, folder);
		sys_explain_path(m->source, err);
		return -err->code;
	}
	for (size_t i = 0; i < GUEST_NAMES; i++) {
		ssize_t len = sys_read_file(&g->arena, g->names_folder, names[i], TEXT_MAX,
					    &g->names_texts[i]);

		if (len < 0 && len != -ENOENT) {
			return err_errno(err, (int)-len, "%s: %s/%s", m->where, folder, names[i]);
		}
	}
	return 0;
}

int guest_names_make(struct guest *g, const struct plan_mount *m, struct err *err)
{
	int rc;

	if (g->names >= 0) {
		return 0;
	}
	TRY(guest_names_read(g, m, err));
	if (g->names_texts[HOSTS]) {
		g->names_texts[HOSTS] = hosts_merge(&g->arena, of_image(g), g->names_texts[HOSTS]);
	}
	TRY(make_fs(g, g->names_texts, &g->names, err));
	rc = sys_mount_attach(g->names, g->names_folder);
	fd_drop(&g->names_folder);
	if (rc < 0) {
		return err_errno(err, -rc, "%s: mounting a filesystem on the state folder",
				 m->where);
	}
	return 0;
}

int guest_names_clone(const struct guest *g, const struct plan_mount *m)
{
	return sys_mount_clone(g->names, strrchr(m->source, '/') + 1, 0);
}
