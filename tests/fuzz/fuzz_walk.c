/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_walk: a path in a tree with symlinks, by our own walk and by the kernel's openat2(2). Both
 * have to come to the same place, or to fail, and neither may leave the tree. The first line is the
 * path, the next ones are the targets of the links a, b, c, and so on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "sys/fd.h"

#define LINKS 6

static char made[64];
static const char *const folders[] = { "dir", "dir/sub", "dir/sub/deep" };
static const char *const files[] = { "file", "dir/file", "dir/sub/deep/file" };
static const char *const links[LINKS] = { "a", "b", "c", "dir/d", "dir/e", "dir/sub/f" };

static void remove_tree(void)
{
	scope_fd int root = open(made, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < LINKS; i++) {
		unlinkat(root, links[i], 0);
	}
	for (int i = 2; i >= 0; i--) {
		unlinkat(root, files[i], 0);
	}
	for (int i = 2; i >= 0; i--) {
		unlinkat(root, folders[i], AT_REMOVEDIR);
	}
	rmdir(made);
}

/* The tree is made once, its links anew for each input. Returns its descriptor. */
static int tree(void)
{
	const char *tmp = getenv("TMPDIR");
	int root;

	if (made[0]) {
		return open(made, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	snprintf(made, sizeof(made), "%.40s/rootlet-fuzz.XXXXXX", tmp ? tmp : "/tmp");
	FUZZ_CHECK(mkdtemp(made));
	atexit(remove_tree);
	root = open(made, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		scope_fd int file = -1;

		FUZZ_CHECK(mkdirat(root, folders[i], 0755) == 0);
		file = openat(root, files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		FUZZ_CHECK(file >= 0);
	}
	return root;
}

static void compare(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	scope_fd int ours = sys_open_by_walk(root, path, flags, 0);
	scope_fd int kernels = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	struct stat a, b;

	if (kernels < 0 && (errno == ENOSYS || errno == EAGAIN)) {
		return;
	}
	FUZZ_CHECK((ours < 0) == (kernels < 0));
	if (ours < 0) {
		return;
	}
	FUZZ_CHECK(fstat(ours, &a) == 0 && fstat(kernels, &b) == 0);
	FUZZ_CHECK(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	scope_fd int root = tree();
	const char *rest = text;
	const char *path = fuzz_line(&arena, &rest);

	FUZZ_CHECK(root >= 0);
	for (int i = 0; i < LINKS; i++) {
		const char *target = fuzz_line(&arena, &rest);

		unlinkat(root, links[i], 0);
		if (target) {
			/* An empty target, or one that is too long, makes no link. */
			(void)!symlinkat(target, root, links[i]);
		}
	}
	if (path) {
		compare(root, path, O_PATH);
		compare(root, path, O_PATH | O_NOFOLLOW);
		compare(root, path, O_RDONLY | O_DIRECTORY);
	}
	return 0;
}
