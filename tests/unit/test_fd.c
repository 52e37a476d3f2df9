/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/fd against a hostile tree: every path must end inside the root, by openat2 and by the walk
 * that stands in for it on older kernels (the second group runs under a seccomp filter that makes
 * openat2 unknown).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/fd.h"
#include "sys/tree.h"
#include "tests/unit/scratch.h"

static char top[PATH_MAX];
static int root;

/* top/outside is what must never be reached; top/root is the root. */
static int make_tree(void **state)
{
	(void)state;
	assert_int_equal(scratch_make(top), 0);
	assert_int_equal(chdir(top), 0);
	assert_int_equal(mkdir("outside", 0755), 0);
	assert_int_equal(close(open("outside/secret", O_CREAT | O_WRONLY, 0644)), 0);
	assert_int_equal(mkdir("root", 0755), 0);
	assert_int_equal(mkdir("root/dir", 0755), 0);
	assert_int_equal(mkdir("root/outside", 0755), 0);
	assert_int_equal(close(open("root/dir/file", O_CREAT | O_WRONLY, 0644)), 0);
	assert_int_equal(symlink("/dir", "root/absolute"), 0);
	assert_int_equal(symlink("../../../../outside", "root/dir/up"), 0);
	assert_int_equal(symlink("file", "root/dir/relative"), 0);
	assert_int_equal(symlink("absolute/relative", "root/chain"), 0);
	assert_int_equal(symlink("loop", "root/loop"), 0);
	assert_int_equal(symlink("/nowhere/at/all", "root/dangling"), 0);
	assert_int_equal(symlink("../../../run/lost", "root/dir/lost"), 0);
	assert_int_equal(symlink("/proc/self/root", "root/magic"), 0);
	root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	return 0;
}

static int remove_tree(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	close(root);
	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

/* The inode that a path of the test's own view names. */
static ino_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static ino_t inode_opened(const char *path)
{
	scope_fd int fd = sys_open_in_root(root, path, O_PATH, 0);
	struct stat st;

	if (fd < 0) {
		fail_msg("%s: %s", path, strerror(-fd));
	}
	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void stays_inside(void **state)
{
	(void)state;
	assert_int_equal(inode_opened("/"), inode_of("root"));
	assert_int_equal(inode_opened(".."), inode_of("root"));
	assert_int_equal(inode_opened("/../../.."), inode_of("root"));
	assert_int_equal(inode_opened("/dir/../../../outside"), inode_of("root/outside"));
	assert_int_equal(inode_opened("/absolute/file"), inode_of("root/dir/file"));
	assert_int_equal(inode_opened("dir/up"), inode_of("root/outside"));
	assert_int_equal(inode_opened("dir/relative"), inode_of("root/dir/file"));
	assert_int_equal(inode_opened("/chain"), inode_of("root/dir/file"));
	assert_int_equal(inode_opened("dir/./../dir//file"), inode_of("root/dir/file"));
}

static void refuses(void **state)
{
	(void)state;
	assert_int_equal(sys_open_in_root(root, "loop", O_PATH, 0), -ELOOP);
	assert_int_equal(sys_open_in_root(root, "dangling", O_PATH, 0), -ENOENT);
	assert_int_equal(sys_open_in_root(root, "dir/up/secret", O_PATH, 0), -ENOENT);
	assert_int_equal(sys_open_in_root(root, "dir/file/x", O_PATH, 0), -ENOTDIR);
	assert_true(sys_open_in_root(root, "magic/etc/passwd", O_PATH, 0) < 0);
}

static void nofollow_gives_the_link(void **state)
{
	scope_fd int fd = sys_open_in_root(root, "absolute", O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static ssize_t read_in_tree(const char *path)
{
	struct arena arena = ARENA_INIT;
	const char *text = NULL;
	ssize_t len = sys_tree_read(&arena, root, path, 8, &text);

	if (len >= 0) {
		assert_int_equal(strlen(text), len);
	}
	arena_done(&arena);
	return len;
}

/* Whatever stands in the place of a file neither keeps the reader waiting nor is opened. */
static void reads_files_alone(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "root/socket" };
	scope_fd int fd = open("root/words", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	scope_fd int huge = open("root/huge", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	scope_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(write(fd, "eight...", 8), 8);
	assert_int_equal(ftruncate(huge, (off_t)1 << 40), 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(mkfifo("root/fifo", 0644), 0);
	assert_int_equal(symlink("../fifo", "root/dir/pipe"), 0);
	alarm(10);
	assert_int_equal(read_in_tree("words"), 8);
	assert_int_equal(read_in_tree("/dir/../words"), 8);
	assert_int_equal(read_in_tree("/chain"), 0);
	assert_int_equal(read_in_tree("fifo"), -EINVAL);
	assert_int_equal(read_in_tree("dir/pipe"), -EINVAL);
	assert_int_equal(read_in_tree("socket"), -EINVAL);
	assert_int_equal(read_in_tree("dir"), -EISDIR);
	assert_int_equal(read_in_tree("huge"), -EFBIG);
	assert_int_equal(read_in_tree("loop"), -ELOOP);
	assert_int_equal(read_in_tree("dangling"), -ENOENT);
	assert_int_equal(read_in_tree("dir/up/secret"), -ENOENT);
	assert_int_equal(write(fd, ".", 1), 1);
	assert_int_equal(read_in_tree("words"), -EFBIG);
	alarm(0);
}

static void makes_what_is_missing(void **state)
{
	scope_fd int file = sys_make_in_root(root, "/absolute/new/deep/file", S_IFREG);
	scope_fd int folder = sys_make_in_root(root, "dir/up/made", S_IFDIR);
	struct stat st;

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(stat("root/dir/new/deep/file", &st), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size == 0);
	assert_true(folder >= 0);
	assert_int_equal(stat("root/outside/made", &st), 0);
	assert_int_equal(stat("outside/made", &st), -1);
	assert_int_equal(system("rm -rf root/dir/new root/outside/made"), 0);
}

static void makes_what_a_dangling_link_points_to(void **state)
{
	scope_fd int file = sys_make_in_root(root, "dangling", S_IFREG);
	scope_fd int deep = sys_make_in_root(root, "/absolute/lost/below", S_IFDIR);
	struct stat st;

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(stat("root/nowhere/at/all", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(stat("/nowhere", &st), -1);
	assert_true(deep >= 0);
	assert_int_equal(stat("root/run/lost/below", &st), 0);
	assert_int_equal(stat("run", &st), -1);
	assert_int_equal(sys_make_in_root(root, "loop", S_IFREG), -ELOOP);
	assert_int_equal(system("rm -rf root/nowhere root/run"), 0);
}

static void finds_the_parent(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *name = NULL;
	scope_fd int parent = sys_make_parent_in_root(&arena, root, "/absolute/device/", &name);
	struct stat st;

	(void)state;
	assert_true(parent >= 0);
	assert_string_equal(name, "device");
	assert_int_equal(fstat(parent, &st), 0);
	assert_int_equal(st.st_ino, inode_of("root/dir"));
	assert_int_equal(sys_make_parent_in_root(&arena, root, "/", &name), -EISDIR);
	assert_int_equal(sys_make_parent_in_root(&arena, root, "/dir/..", &name), -EINVAL);
}

static void closes_all_but_two(void **state)
{
	int fds[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		fds[i] = fcntl(root, F_DUPFD, 200 + i);
		assert_int_equal(fds[i], 200 + i);
	}
	sys_close_except(201, 203, 206);
	for (int i = 0; i < 8; i++) {
		bool kept = i == 0 || i == 3 || i == 6;

		assert_int_equal(fcntl(fds[i], F_GETFD) >= 0, kept);
	}
	close(fds[0]);
	close(fds[3]);
	close(fds[6]);
}

static void reads_whole_files(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text;

	(void)state;
	assert_true(sys_read_file(&arena, AT_FDCWD, "/proc/self/status", 65536, &text) > 100);
	assert_non_null(strstr(text, "Name:"));
	assert_int_equal(sys_read_file(&arena, AT_FDCWD, "/proc/self/status", 10, &text), -EFBIG);
	assert_int_equal(sys_read_file(&arena, AT_FDCWD, "outside", 10, &text), -EISDIR);
	assert_int_equal(sys_read_file(&arena, AT_FDCWD, "outside/none", 10, &text), -ENOENT);
	assert_int_equal(sys_read_file(&arena, AT_FDCWD, "outside/secret", 10, &text), 0);
}

/* From here on this process's kernel does not know openat2 and close_range. */
static void forget_new_calls(void **state)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 437, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 436, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	(void)state;
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	assert_int_equal(syscall(437, -1, "", NULL, 0), -1);
	assert_int_equal(errno, ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_inside),
		cmocka_unit_test(refuses),
		cmocka_unit_test(reads_files_alone),
		cmocka_unit_test(nofollow_gives_the_link),
		cmocka_unit_test(makes_what_is_missing),
		cmocka_unit_test(makes_what_a_dangling_link_points_to),
		cmocka_unit_test(finds_the_parent),
		cmocka_unit_test(closes_all_but_two),
		cmocka_unit_test(reads_whole_files),
		cmocka_unit_test(forget_new_calls),
		{ "stays_inside, by walking", stays_inside, NULL, NULL, NULL },
		{ "refuses, by walking", refuses, NULL, NULL, NULL },
		{ "nofollow_gives_the_link, by walking", nofollow_gives_the_link, NULL, NULL,
		  NULL },
		{ "makes_what_is_missing, by walking", makes_what_is_missing, NULL, NULL, NULL },
		{ "makes_what_a_dangling_link_points_to, by walking",
		  makes_what_a_dangling_link_points_to, NULL, NULL, NULL },
		{ "finds_the_parent, by walking", finds_the_parent, NULL, NULL, NULL },
		{ "closes_all_but_two, by listing", closes_all_but_two, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("fd", tests, make_tree, remove_tree);
}
