/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/folder: the folder ROOT/ID, its lock, and the files in it.
 *
 * The paths are in reach of other people only as far as ROOT's parents are, so ROOT is opened
 * without following a link, its owner and mode are checked on the descriptor, and everything below
 * is named relative to descriptors. What state.json says is file.c's subject, finding ROOT
 * root.c's, liveness status.c's.
 */
#include "state/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/remember.h"
#include "state/contents.h"
#include "state/root.h"
#include "sys/await.h"
#include "sys/file.h"

/* How often the lock of others is looked at. */
#define RELOCK_MS 5

/* How often a folder may vanish between being made and being locked. */
#define RESERVE_TRIES 16

int state_missing(const char *id, struct err *err)
{
	return err_set(err, ENOENT, "container `%s` does not exist", id);
}

int state_id_check(const char *id, struct err *err)
{
	size_t len = strlen(id);

	if (len == 0) {
		return err_set(err, EINVAL, "the container ID is empty");
	}
	if (len > STATE_ID_MAX) {
		return err_set(err, EINVAL,
			       "the container ID is %zu bytes long: at most %d are allowed", len,
			       STATE_ID_MAX);
	}
	if (id[0] == '.') {
		return err_set(err, EINVAL, "container ID `%s`: it must not begin with `.`", id);
	}
	for (const char *p = id; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    strchr("_+.-", c)) {
			continue;
		}
		if (c > 0x20 && c < 0x7f) {
			return err_set(
				err, EINVAL,
				"container ID `%s`: `%c` is not allowed, only A-Z a-z 0-9 _ + . -",
				id, c);
		}
		return err_set(
			err, EINVAL,
			"container ID: the byte 0x%02x is not allowed, only A-Z a-z 0-9 _ + . -",
			c);
	}
	return 0;
}

/*
 * ROOT/ID as a descriptor. -ENOENT without a message when there is none: the callers word it
 * differently.
 */
static int open_folder(int root_fd, const char *root, const char *id, int *ret_fd, struct err *err)
{
	int fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		int code = errno;

		if (code == ENOENT) {
			return -ENOENT;
		}
		err_errno(err, code, "cannot open the state folder of `%s`, %s/%s", id, root, id);
		return code == ENOTDIR ? err_hint(err, "it was not made by rootlet: remove it") :
					 -code;
	}
	*ret_fd = fd;
	return 0;
}

/*
 * Whether fd still is what ROOT/ID names: another process may have removed it, or made it anew,
 * before our lock. *ret: the folder.
 */
static bool still_named(int root_fd, const char *id, int fd, struct stat *ret)
{
	struct stat named;

	return fstat(fd, ret) == 0 && fstatat(root_fd, id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ret->st_ino == named.st_ino && ret->st_dev == named.st_dev && ret->st_nlink > 0;
}

static int check_mark(const struct stat *st, const char *root, const char *id, struct err *err)
{
	if (state_is_marked(st)) {
		return 0;
	}
	return err_set(err, EEXIST,
		       "the folder %s/%s was not made by rootlet, so it can't hold the state of "
		       "`%s`: choose another ID or --root, or move the folder away",
		       root, id, id);
}

static int lock(int fd, int how)
{
	while (flock(fd, how) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static bool has_state(int fd)
{
	struct stat st;

	return fstatat(fd, STATE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* One try at making, or taking over, ROOT/ID. -EAGAIN: it vanished in between. */
static int reserve_once(int root_fd, const char *root, const char *id, int *ret_fd, struct err *err)
{
	bool made = mkdirat(root_fd, id, STATE_FOLDER_MODE) == 0;
	scope_fd int fd = -1;
	struct stat st;
	int rc;

	if (!made && errno != EEXIST) {
		return err_errno(err, errno, "cannot make the state folder of `%s`, %s/%s", id,
				 root, id);
	}
	rc = open_folder(root_fd, root, id, &fd, err);
	if (rc < 0) {
		return rc == -ENOENT ? -EAGAIN : rc;
	}
	rc = lock(fd, LOCK_EX | LOCK_NB);
	if (rc < 0 && rc != -EWOULDBLOCK) {
		return err_errno(err, -rc, "cannot lock the state folder of `%s`", id);
	}
	if (rc == 0 && !still_named(root_fd, id, fd, &st)) {
		return -EAGAIN;
	}
	if (rc < 0 || has_state(fd)) {
		return err_set(err, EEXIST, "container with given ID already exists: `%s`", id);
	}
	TRY(check_mark(&st, root, id, err));
	/* What a create that was killed left behind; a new folder is empty. */
	if (!made) {
		if (cgroup_forget(fd, err) < 0 || state_remove_contents(fd, root, id, err) < 0) {
			return err_wrap(err, "cannot reuse the state folder of `%s`", id);
		}
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int state_reserve(const char *root, const char *id, struct state_dir *ret, struct err *err)
{
	scope_fd int root_fd = -1;
	int fd = -1;
	int rc;

	TRY(state_id_check(id, err));
	rc = state_root_open(root, &root_fd, err);
	if (rc == -ENOENT) {
		return err_errno(err, ENOENT, "cannot open the state folder %s", root);
	}
	TRY(rc);
	for (unsigned i = 0; i < RESERVE_TRIES; i++) {
		rc = reserve_once(root_fd, root, id, &fd, err);
		if (rc == 0) {
			*ret = (struct state_dir){ .fd = fd, .root = root, .id = id };
			return 0;
		}
		if (rc != -EAGAIN) {
			return rc;
		}
	}
	return err_set(
		err, EAGAIN,
		"the state folder of `%s` is made and removed by others all the time; try again",
		id);
}

/* ROOT and ROOT/ID, which must be there. */
static int open_both(const char *root, const char *id, int *ret_root_fd, int *ret_fd,
		     struct err *err)
{
	int rc;

	TRY(state_id_check(id, err));
	rc = state_root_open(root, ret_root_fd, err);
	if (rc == 0) {
		rc = open_folder(*ret_root_fd, root, id, ret_fd, err);
	}
	return rc == -ENOENT ? state_missing(id, err) : rc;
}

static int open_locked(const char *root, const char *id, int how, struct state_dir *ret,
		       struct err *err)
{
	scope_fd int root_fd = -1;
	scope_fd int fd = -1;
	struct stat st;
	int rc;

	TRY(open_both(root, id, &root_fd, &fd, err));
	rc = lock(fd, how);
	if (rc == -EWOULDBLOCK) {
		return rc;
	}
	if (rc < 0) {
		return err_errno(err, -rc, "cannot lock the state folder of `%s`", id);
	}
	if (!still_named(root_fd, id, fd, &st)) {
		return state_missing(id, err);
	}
	TRY(check_mark(&st, root, id, err));
	*ret = (struct state_dir){ .fd = fd_take(&fd), .root = root, .id = id };
	return 0;
}

int state_open(const char *root, const char *id, struct state_dir *ret, struct err *err)
{
	return open_locked(root, id, LOCK_EX, ret, err);
}

int state_open_now(const char *root, const char *id, struct state_dir *ret, struct err *err)
{
	return open_locked(root, id, LOCK_EX | LOCK_NB, ret, err);
}

int state_open_unlocked(const char *root, const char *id, struct state_dir *ret, struct err *err)
{
	scope_fd int root_fd = -1;
	int fd = -1;

	TRY(open_both(root, id, &root_fd, &fd, err));
	*ret = (struct state_dir){ .fd = fd, .root = root, .id = id };
	return 0;
}

void state_close(struct state_dir *dir)
{
	if (dir->fd >= 0) {
		/*
		 * A child made by clone holds the same open file, and with it the lock, until it
		 * executes.
		 */
		(void)flock(dir->fd, LOCK_UN);
		fd_drop(&dir->fd);
	}
}

void state_unlock(const struct state_dir *dir)
{
	(void)flock(dir->fd, LOCK_UN);
}

bool state_relock(const struct state_dir *dir)
{
	scope_fd int root_fd = -1;
	struct err ignored;
	struct stat st;
	int rc;

	if (state_root_open(dir->root, &root_fd, &ignored) < 0) {
		return false;
	}
	/* flock(2) could not be told to end by a signal that is blocked. */
	while ((rc = lock(dir->fd, LOCK_EX | LOCK_NB)) == -EWOULDBLOCK) {
		if (sys_await(NULL, 0, RELOCK_MS) > 0) {
			return false;
		}
	}
	return rc == 0 && still_named(root_fd, dir->id, dir->fd, &st);
}

int state_remove(struct state_dir *dir, struct err *err)
{
	scope_fd int root_fd = -1;
	int rc = state_root_open(dir->root, &root_fd, err);

	if (rc == -ENOENT) {
		rc = err_errno(err, ENOENT, "cannot open the state folder %s", dir->root);
	}
	if (rc == 0) {
		rc = state_remove_contents(dir->fd, dir->root, dir->id, err);
	}
	if (rc == 0 && unlinkat(root_fd, dir->id, AT_REMOVEDIR) < 0) {
		rc = err_errno(err, errno, "cannot remove the state folder %s/%s", dir->root,
			       dir->id);
	}
	state_close(dir);
	return rc;
}

int state_write_file(const struct state_dir *dir, const char *name, const void *bytes, size_t len,
		     struct err *err)
{
	/* The lock keeps other writers away. */
	int rc = sys_replace_file(dir->fd, name, bytes, len);

	if (rc == -ENAMETOOLONG) {
		return err_set(err, ENAMETOOLONG, "state file name too long: %s", name);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "cannot write %s/%s/%s", dir->root, dir->id, name);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_container(int root_fd, const char *name)
{
	char path[STATE_ID_MAX + sizeof("/" STATE_FILE)];
	struct err ignored;
	struct stat st;

	if (state_id_check(name, &ignored) < 0) {
		return false;
	}
	snprintf(path, sizeof(path), "%s/" STATE_FILE, name);
	return fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void add_name(struct arena *arena, struct strs *list, size_t *room, const char *name)
{
	/* NULL follows the last name: what lies behind the elements is zero. */
	list->v = arena_grow(arena, list->v, list->n, room, sizeof(*list->v));
	list->v[list->n++] = arena_strdup(arena, name);
}

int state_list(struct arena *arena, const char *root, struct strs *ret, struct err *err)
{
	struct strs list = { .n = 0 };
	scope_fd int root_fd = -1;
	struct dirent *entry;
	size_t room = 0;
	DIR *dir;
	int fd;
	int rc = state_root_open(root, &root_fd, err);

	if (rc == -ENOENT) {
		*ret = list;
		return 0;
	}
	if (rc < 0) {
		return rc;
	}
	fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		rc = err_errno(err, errno, "cannot read the state folder %s", root);
		scope_close_(&fd);
		return rc;
	}
	while ((entry = readdir(dir))) {
		/*
		 * A link to a folder is none, for every other command. (DT_UNKNOWN: the filesystem
		 * doesn't say.)
		 */
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
		    is_container(root_fd, entry->d_name)) {
			add_name(arena, &list, &room, entry->d_name);
		}
	}
	closedir(dir);
	if (list.n > 1) {
		qsort(list.v, list.n, sizeof(*list.v), by_name);
	}
	*ret = list;
	return 0;
}
