/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/fd: opening files where a hostile rootfs may have laid symlinks, and closing what must not
 * leak.
 */
#include "sys/fd.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/compat.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* As many symlinks as the kernel follows, path_resolution(7). */
#define SYMLINKS_MAX 40

/*
 * The walk for kernels without openat2: one component at a time, never following a symlink in the
 * kernel. A symlink's text is put in front of what is left of the path and read from the root again
 * when absolute. ".." is answered from a stack of the directories passed, so it can't step over the
 * root.
 */
struct walk {
	int stack[PATH_MAX / 2];
	size_t depth;
	char rest[PATH_MAX];
	int links;
};

static void walk_done(struct walk *walk)
{
	while (walk->depth > 0) {
		close(walk->stack[--walk->depth]);
	}
}

/* The directory that the walk has come to. */
static int walk_folder(const struct walk *walk, int root)
{
	if (walk->depth == 0) {
		return root;
	}
	return walk->stack[walk->depth - 1];
}

/* Takes the next component off walk->rest into name. Returns false at the end. */
static bool walk_next(struct walk *walk, char name[NAME_MAX + 1], int *ret_errno)
{
	char *start = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(start, "/");

	*ret_errno = 0;
	if (len == 0) {
		return false;
	}
	if (len > NAME_MAX) {
		*ret_errno = ENAMETOOLONG;
		return false;
	}
	memcpy(name, start, len);
	name[len] = '\0';
	memmove(walk->rest, start + len, strlen(start + len) + 1);
	return true;
}

static int walk_symlink(struct walk *walk, int parent, const char *name)
{
	char target[PATH_MAX];
	char joined[PATH_MAX];
	ssize_t len = readlinkat(parent, name, target, sizeof(target) - 1);

	if (len < 0) {
		return -errno;
	}
	target[len] = '\0';
	if (++walk->links > SYMLINKS_MAX) {
		return -ELOOP;
	}
	len = snprintf(joined, sizeof(joined), "%s%s", target, walk->rest);
	if (len < 0 || (size_t)len >= sizeof(joined)) {
		return -ENAMETOOLONG;
	}
	memcpy(walk->rest, joined, (size_t)len + 1);
	if (target[0] == '/') {
		walk_done(walk);
	}
	return 0;
}

static int walk_open(struct walk *walk, int root, int flags, mode_t mode)
{
	char name[NAME_MAX + 1];
	int error;
	int fd;

	while (walk_next(walk, name, &error)) {
		int parent = walk_folder(walk, root);
		/* Behind a slash there is a folder, and a link is followed (path_resolution(7)). */
		bool last = walk->rest[0] == '\0';
		struct stat st;

		if (str_eq(name, ".")) {
			continue;
		}
		if (str_eq(name, "..")) {
			if (walk->depth > 0) {
				close(walk->stack[--walk->depth]);
			}
			continue;
		}
		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
		    !(last && (flags & O_NOFOLLOW))) {
			int rc = walk_symlink(walk, parent, name);

			if (rc < 0) {
				return rc;
			}
			continue;
		}
		if (last) {
			fd = openat(parent, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
			if (fd < 0) {
				return -errno;
			}
			return fd;
		}
		if (walk->depth == sizeof(walk->stack) / sizeof(walk->stack[0])) {
			return -ENAMETOOLONG;
		}
		fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0) {
			return -errno;
		}
		walk->stack[walk->depth++] = fd;
	}
	if (error) {
		return -error;
	}
	/* The path ended in "/", "." or "..": the directory reached is the answer. */
	fd = openat(walk_folder(walk, root), ".", (flags & ~O_CREAT) | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	return fd;
}

int sys_open_by_walk(int root, const char *path, int flags, mode_t mode)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int fd;

	if (!walk) {
		return -ENOMEM;
	}
	if (!*path) {
		free(walk);
		return -ENOENT;
	}
	if (strlen(path) >= sizeof(walk->rest)) {
		free(walk);
		return -ENAMETOOLONG;
	}
	memcpy(walk->rest, path, strlen(path) + 1);
	fd = walk_open(walk, root, flags, mode);
	walk_done(walk);
	free(walk);
	return fd;
}

int sys_open_in_root(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags | O_CLOEXEC,
		.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	assert(flags & O_PATH);
	/*
	 * EAGAIN: a rename or mount raced with a ".."; the kernel asks to try again (openat2(2)).
	 */
	for (int tries = 0; tries < 32; tries++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0) {
			return fd;
		}
		if (errno != EAGAIN) {
			break;
		}
	}
	if (errno == ENOSYS || errno == EPERM) {
		/* EPERM: an outer seccomp profile older than openat2. */
		return sys_open_by_walk(root, path, flags, mode);
	}
	return -errno;
}

static int make_itself(int parent, const char *name, mode_t type)
{
	int fd;

	if (type == S_IFREG) {
		fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC,
			    0644);
		if (fd >= 0) {
			close(fd);
		} else if (errno != EEXIST) {
			return -errno;
		}
	} else if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) {
		return -errno;
	}
	return 0;
}

/*
 * Makes one component below parent and opens it O_PATH. The container's other users can enter and
 * read it, whatever the umask of our caller.
 */
static int make_one(int parent, const char *name, mode_t type)
{
	mode_t before = umask(0022);
	int fd = make_itself(parent, name, type);

	umask(before);
	TRY(fd);
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	return fd;
}

static int make_in_root(int root, const char *path, mode_t type, int links);

static int parent_in_root(struct arena *arena, int root, const char *path, const char **ret_name,
			  int links)
{
	const char *end = path + strlen(path);
	const char *start;

	while (end > path && end[-1] == '/') {
		end--;
	}
	for (start = end; start > path && start[-1] != '/'; start--) {
	}
	if (start == end) {
		return -EISDIR; /* the root itself has no name */
	}
	*ret_name = arena_strndup(arena, start, (size_t)(end - start));
	if (str_eq(*ret_name, ".") || str_eq(*ret_name, "..")) {
		return -EINVAL;
	}
	return make_in_root(root, arena_strndup(arena, path, (size_t)(start - path)), S_IFDIR,
			    links);
}

/*
 * A link that leads nowhere, as /etc/resolv.conf often is in an image: what it points to is made,
 * inside the root like any other path. Its text is taken from where the link stands, and ".." is
 * the kernel's to resolve.
 */
static int make_target(int root, int link, const char *path, mode_t type, int links)
{
	char target[PATH_MAX];
	char joined[PATH_MAX];
	size_t folder = strlen(path);
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);

	if (len < 0) {
		return -errno;
	}
	target[len] = '\0';
	if (links >= SYMLINKS_MAX) {
		return -ELOOP;
	}
	if (target[0] == '/') {
		return make_in_root(root, target, type, links + 1);
	}
	while (folder > 0 && path[folder - 1] == '/') {
		folder--;
	}
	while (folder > 0 && path[folder - 1] != '/') {
		folder--;
	}
	len = snprintf(joined, sizeof(joined), "%.*s/%s", (int)folder, path, target);
	if (len < 0 || (size_t)len >= sizeof(joined)) {
		return -ENAMETOOLONG;
	}
	return make_in_root(root, joined, type, links + 1);
}

static int make_in_root(int root, const char *path, mode_t type, int links)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *name;
	scope_fd int parent = -1;
	scope_fd int made = -1;
	int fd = sys_open_in_root(root, *path ? path : "/", O_PATH, 0);
	struct stat st;

	if (fd != -ENOENT) {
		return fd;
	}
	parent = parent_in_root(&arena, root, path, &name, links);
	if (parent < 0) {
		return parent;
	}
	made = make_one(parent, name, type);
	if (made >= 0 && fstat(made, &st) == 0 && S_ISLNK(st.st_mode)) {
		return make_target(root, made, path, type, links);
	}
	if (made < 0) {
		return made;
	}
	return fd_take(&made);
}

int sys_make_in_root(int root, const char *path, mode_t type)
{
	assert(type == S_IFDIR || type == S_IFREG);
	return make_in_root(root, path, type, 0);
}

int sys_make_parent_in_root(struct arena *arena, int root, const char *path, const char **ret_name)
{
	return parent_in_root(arena, root, path, ret_name, 0);
}

ssize_t sys_read_file(struct arena *arena, int dirfd, const char *path, size_t max,
		      const char **ret)
{
	scope_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		return -errno;
	}
	return sys_read_fd(arena, fd, max, ret);
}

ssize_t sys_read_fd(struct arena *arena, int fd, size_t max, const char **ret)
{
	struct stat st;
	size_t room = 4096 + 1; /* with the NUL */
	size_t len = 0;
	char *buf;

	if (fstat(fd, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			return -EISDIR;
		}
		if (st.st_size > 0 && (uintmax_t)st.st_size > max) {
			return -EFBIG;
		}
		if (st.st_size > 0) {
			room = (size_t)st.st_size + 2;
		}
	}
	buf = arena_alloc(arena, room);
	for (;;) {
		ssize_t got = read(fd, buf + len, room - 1 - len);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -errno;
		}
		if (got == 0) {
			break;
		}
		len += (size_t)got;
		if (len > max) {
			return -EFBIG;
		}
		buf = arena_grow(arena, buf, len, &room, 1);
	}
	buf[len] = '\0';
	*ret = buf;
	return (ssize_t)len;
}

int sys_write_file(int dirfd, const char *path, const char *bytes, size_t len)
{
	scope_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t wrote;

	if (fd < 0) {
		return -errno;
	}
	do {
		wrote = write(fd, bytes, len);
	} while (wrote < 0 && errno == EINTR);
	if (wrote < 0) {
		return -errno;
	}
	if ((size_t)wrote != len) {
		return -EIO;
	}
	return 0;
}

void sys_explain_path(const char *path, struct err *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part) || path[0] != '/') {
		return;
	}
	for (size_t i = 1; i < len; i++) {
		struct stat st;

		if (path[i] != '/') {
			continue;
		}
		memcpy(part, path, i);
		part[i] = '\0';
		if (stat(part, &st) < 0) {
			err_hint(err, "%s: %s", part, strerror(errno));
			return;
		}
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) < 0) {
			err_hint(err, "%s (mode %04o, owner %u) may not be entered by uid %u here",
				 part, (unsigned)st.st_mode & 07777, (unsigned)st.st_uid,
				 (unsigned)geteuid());
			return;
		}
	}
}

/* The highest number that a descriptor has, where fs.nr_open was left alone, proc_sys_fs(5). */
#define NUMBER_MAX 1048575u

/*
 * Calls act on every open descriptor from first to last, for kernels without close_range(2), or
 * below a seccomp filter that does not know it. /proc may be that of a pid namespace that this
 * process is not in: then each number is tried. Returns 0 or the last failure of act.
 */
static int each_fd(unsigned first, unsigned last, int (*act)(int fd))
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int failed = 0;
	int rc;

	for (unsigned fd = first; !dir && fd <= last && fd <= NUMBER_MAX; fd++) {
		rc = act((int)fd);
		failed = rc < 0 ? rc : failed;
	}
	while (dir && (entry = readdir(dir))) {
		uint32_t fd;

		if (str_u32(entry->d_name, &fd) == 0 && fd >= first && fd <= last &&
		    (int)fd != dirfd(dir)) {
			rc = act((int)fd);
			failed = rc < 0 ? rc : failed;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return failed;
}

/* Whatever else close(2) says, the descriptor is gone. */
static int close_one(int fd)
{
	int code = close(fd) < 0 ? errno : 0;

	return code && fcntl(fd, F_GETFD) >= 0 ? -code : 0;
}

static int close_range_of(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0) {
		return 0;
	}
	return each_fd(first, last, close_one);
}

int sys_close_except(int first, int keep, int also)
{
	int low = keep;
	int high = also;
	int rc = 0;

	if (keep > also) {
		low = also;
		high = keep;
	}
	if (low >= first) {
		rc = close_range_of((unsigned)first, (unsigned)low - 1);
		first = low + 1;
	}
	if (rc == 0 && high >= first) {
		rc = close_range_of((unsigned)first, (unsigned)high - 1);
		first = high + 1;
	}
	return rc < 0 ? rc : close_range_of((unsigned)first, ~0U);
}

int sys_close_cloexec(int first, int end, int keep, int also)
{
	for (int fd = first; fd < end; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 && errno != EBADF) {
			return -errno;
		}
		if (flags >= 0 && (flags & FD_CLOEXEC) && fd != keep && fd != also &&
		    close(fd) < 0) {
			return -errno;
		}
	}
	return 0;
}

static int set_cloexec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF ? -errno : 0;
}

int sys_cloexec_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
		return 0;
	}
	/* Before Linux 5.9 (close_range) or 5.11 (its CLOEXEC flag). */
	return each_fd((unsigned)first, ~0U, set_cloexec);
}

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define SEAL_TRIES 20

int sys_seal(int memfd)
{
	/*
	 * EBUSY: besides writers, whatever in the kernel holds a page just then (compaction, DAMON)
	 * stands in the way. The kernel waits for it, some 75 ms each time (mm/memfd.c,
	 * memfd_wait_for_pins), which under load was seen to be too little.
	 */
	for (int i = 0; fcntl(memfd, F_ADD_SEALS, SEALS) < 0; i++) {
		if (errno != EBUSY || i == SEAL_TRIES) {
			return -errno;
		}
	}
	return 0;
}

bool sys_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}
