/* SPDX-License-Identifier: Apache-2.0 */
/* State folders: locks, debris, damage, and whom the folder of all state may belong to. */
#include <errno.h>

#include "base/log.h"
#include "state/contents.h"
#include "state/root.h"
#include "tests/unit/state_folder.h"

static void ids(void **unused)
{
	char longest[STATE_ID_MAX + 2];

	(void)unused;
	assert_int_equal(state_id_check("a", &err), 0);
	assert_int_equal(state_id_check("A-z_0.9+", &err), 0);
	assert_int_equal(state_id_check("-a", &err), 0);
	assert_int_equal(state_id_check("", &err), -EINVAL);
	assert_int_equal(state_id_check(".", &err), -EINVAL);
	assert_int_equal(state_id_check("..", &err), -EINVAL);
	assert_int_equal(state_id_check(".a", &err), -EINVAL);
	assert_int_equal(state_id_check("a/b", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "`/` is not allowed"));
	assert_int_equal(state_id_check("a b", &err), -EINVAL);
	assert_int_equal(state_id_check("a\n", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "0x0a"));
	assert_int_equal(state_id_check("\xc3\xa4", &err), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[STATE_ID_MAX] = '\0';
	assert_int_equal(state_id_check(longest, &err), 0);
	longest[STATE_ID_MAX] = 'x';
	longest[STATE_ID_MAX + 1] = '\0';
	assert_int_equal(state_id_check(longest, &err), -EINVAL);
}

static void what_is_saved_is_read(void **unused)
{
	struct state state = state_of(getpid());
	struct state_dir dir = { .fd = -1 };
	struct state read = { .pid = 0 };

	(void)unused;
	state.own_pid_namespace = true;
	state.pid_namespace = (struct opt_u64){ .set = true, .value = 4026531836 };
	make(&state, false);
	assert_int_equal(state_load(&arena, root, "c1", &read, &err), 0);
	assert_true(read.pid_namespace.set);
	assert_true(read.pid_namespace.value == state.pid_namespace.value);
	assert_string_equal(read.oci_version, "1.3.0");
	assert_string_equal(read.id, "c1");
	assert_string_equal(read.bundle, "/bundle");
	assert_string_equal(read.rootfs, "/bundle/rootfs");
	assert_string_equal(read.created, state.created);
	assert_string_equal(read.owner, "nobody");
	assert_int_equal(read.pid, getpid());
	assert_true(read.start_time == state.start_time);
	assert_true(read.own_pid_namespace);
	assert_int_equal(read.annotations.n, 2);
	assert_string_equal(read.annotations.v[0].value, "1 \"quoted\"\n");
	assert_int_equal(state_open(root, "c1", &dir, &err), 0);
	assert_int_equal(state_remove(&dir, &err), 0);
	assert_int_equal(access(path("c1"), F_OK), -1);
}

static void missing_ones(void **unused)
{
	struct state_dir dir = { .fd = -1 };
	struct state state;

	(void)unused;
	assert_int_equal(state_open(root, "c1", &dir, &err), -ENOENT);
	assert_string_equal(err.msg, "container `c1` does not exist");
	assert_int_equal(state_load(&arena, root, "c1", &state, &err), -ENOENT);
	assert_int_equal(state_load(&arena, path("nowhere"), "c1", &state, &err), -ENOENT);
	assert_int_equal(kill_it(SIGTERM), -ENOENT);
	assert_int_equal(delete_it("c1", false), -ENOENT);
	assert_int_equal(delete_it("c1", true), 0);
	assert_int_equal(delete_it("../c1", true), -EINVAL);
}

static void an_id_is_taken_once(void **unused)
{
	struct state state = state_of(getpid());
	struct state_dir first = { .fd = -1 }, second = { .fd = -1 };

	(void)unused;
	/* While it is being made, and afterwards. */
	assert_int_equal(state_reserve(root, "c1", &first, &err), 0);
	assert_int_equal(state_reserve(root, "c1", &second, &err), -EEXIST);
	assert_string_equal(err.msg, "container with given ID already exists: `c1`");
	assert_int_equal(state_save(&first, &state, &err), 0);
	state_close(&first);
	assert_int_equal(state_reserve(root, "c1", &second, &err), -EEXIST);
	assert_int_equal(second.fd, -1);
}

static void debris_counts_as_absent(void **unused)
{
	struct state_dir dir = { .fd = -1 };
	struct strs list;
	struct state state;

	(void)unused;
	assert_int_equal(mkdir(path("c1"), STATE_FOLDER_MODE), 0);
	put_file("c1/config.json", "{}");
	put_file("c1/.state.json.new", "{");
	assert_int_equal(state_list(&arena, root, &list, &err), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(state_load(&arena, root, "c1", &state, &err), -ENOENT);
	assert_int_equal(delete_it("c1", false), -ENOENT);
	assert_int_equal(state_reserve(root, "c1", &dir, &err), 0);
	assert_int_equal(access(path("c1/config.json"), F_OK), -1);
	state_close(&dir);
	assert_int_equal(delete_it("c1", true), 0);
	assert_int_equal(access(path("c1"), F_OK), -1);
}

/* A folder that has a name and files like ours, but that rootlet did not make. */
static void a_folder_of_others_is_left_alone(void **unused)
{
	struct state_dir dir = { .fd = -1 };

	(void)unused;
	assert_int_equal(mkdir(path("c1"), 0755), 0);
	put_file("c1/config.json", "{}");
	assert_int_equal(state_reserve(root, "c1", &dir, &err), -EEXIST);
	assert_non_null(strstr(err.msg, path("c1 was not made by rootlet")));
	assert_int_equal(delete_it("c1", true), -EEXIST);
	put_file("c1/state.json", "{}");
	assert_int_equal(delete_it("c1", true), -EEXIST);
	assert_int_equal(access(path("c1/config.json"), F_OK), 0);
	assert_int_equal(access(path("c1/state.json"), F_OK), 0);
}

static void unknown_files_are_left_alone(void **unused)
{
	static const char *const unknown[] = { "letter", ".letter.new", "state.json.bak" };
	struct state state = state_of(getpid());
	struct state_dir dir = { .fd = -1 };

	(void)unused;
	make(&state, false);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		const char *file = arena_printf(&arena, "c1/%s", unknown[i]);

		put_file(file, "");
		assert_int_equal(state_open(root, "c1", &dir, &err), 0);
		assert_int_equal(state_remove(&dir, &err), -EEXIST);
		assert_non_null(strstr(err.msg, path(file)));
		assert_int_equal(access(path("c1/state.json"), F_OK), 0);
		assert_int_equal(unlink(path(file)), 0);
	}
	/* A folder by the name of a file: an empty one is no loss. */
	assert_int_equal(mkdir(path("c1/net"), 0700), 0);
	put_file("c1/net/letter", "");
	assert_int_equal(state_open(root, "c1", &dir, &err), 0);
	assert_int_equal(state_remove(&dir, &err), -ENOTEMPTY);
	assert_int_equal(access(path("c1/net/letter"), F_OK), 0);
	assert_int_equal(unlink(path("c1/net/letter")), 0);
	assert_int_equal(state_open(root, "c1", &dir, &err), 0);
	assert_int_equal(state_remove(&dir, &err), 0);
	assert_int_equal(access(path("c1"), F_OK), -1);
}

static void closing_unlocks_for_children_too(void **unused)
{
	struct state state = state_of(getpid());
	struct state_dir dir = { .fd = -1 };
	pid_t child;

	(void)unused;
	make(&state, false);
	assert_int_equal(state_open(root, "c1", &dir, &err), 0);
	child = spawn();
	state_close(&dir);
	/* Would wait for ever if the child's copy held the lock. */
	alarm(10);
	assert_int_equal(state_open(root, "c1", &dir, &err), 0);
	alarm(0);
	state_close(&dir);
	end(child);
}

/* Two deletes wait for the lock: one removes, the other finds that its folder is gone. */
static void a_folder_removed_while_waiting(void **unused)
{
	struct state state = state_of(getpid());
	struct state_dir dir = { .fd = -1 };
	int status = -1;
	pid_t child;

	(void)unused;
	make(&state, false);
	assert_int_equal(state_open(root, "c1", &dir, &err), 0);
	child = fork();
	if (child == 0) {
		struct state_dir other = { .fd = -1 };

		close(dir.fd);
		_exit(state_open(root, "c1", &other, &err) == -ENOENT ? 0 : 1);
	}
	usleep(50000);
	assert_int_equal(state_remove(&dir, &err), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void damaged_states(void **unused)
{
	static const char *const cases[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"{\"id\":\"c1\"}",
		"{\"ociVersion\":\"1\",\"id\":\"other\",\"pid\":1,\"startTime\":1,"
		"\"ownPidNamespace\":true,\"bundle\":\"\",\"rootfs\":\"\",\"created\":\"\","
		"\"owner\":\"\"}",
		"{\"ociVersion\":\"1\",\"id\":\"c1\",\"pid\":\"1\",\"startTime\":1,"
		"\"ownPidNamespace\":true,\"bundle\":\"\",\"rootfs\":\"\",\"created\":\"\","
		"\"owner\":\"\"}",
		"{\"ociVersion\":\"1\",\"id\":\"c1\",\"pid\":-1,\"startTime\":1,"
		"\"ownPidNamespace\":true,\"bundle\":\"\",\"rootfs\":\"\",\"created\":\"\","
		"\"owner\":\"\"}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct state state;

		assert_int_equal(mkdir(path("c1"), STATE_FOLDER_MODE), 0);
		put_file("c1/state.json", cases[i]);
		assert_int_equal(state_load(&arena, root, "c1", &state, &err), -EBADMSG);
		assert_non_null(strstr(err.msg, path("c1/state.json")));
		assert_non_null(strstr(err.msg, "`rootlet delete --force c1` removes it"));
		assert_int_equal(delete_it("c1", false), -EBADMSG);
		assert_int_equal(delete_it("c1", true), 0);
		assert_int_equal(access(path("c1"), F_OK), -1);
	}
}

static void links_are_not_followed(void **unused)
{
	struct state real = state_of(getpid()), state;
	struct state_dir dir = { .fd = -1 };
	struct strs list;

	(void)unused;
	make(&real, false);
	assert_int_equal(symlink("c1", path("c2")), 0);
	assert_true(state_load(&arena, root, "c2", &state, &err) < 0);
	assert_true(state_open(root, "c2", &dir, &err) < 0);
	assert_true(state_reserve(root, "c2", &dir, &err) < 0);
	assert_int_equal(symlink(root, path("link")), 0);
	assert_true(state_list(&arena, path("link"), &list, &err) < 0);
	/* A state.json that is a link, or a pipe on which a reader would hang. */
	assert_int_equal(mkdir(path("c3"), 0700), 0);
	assert_int_equal(symlink("../c1/state.json", path("c3/state.json")), 0);
	assert_true(state_load(&arena, root, "c3", &state, &err) < 0);
	assert_int_equal(mkdir(path("c4"), 0700), 0);
	assert_int_equal(mkfifo(path("c4/state.json"), 0600), 0);
	assert_int_equal(state_load(&arena, root, "c4", &state, &err), -EBADMSG);
}

static void the_list_is_sorted(void **unused)
{
	static const char *const names[] = { "b", "a", "c" };
	struct strs list;

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct state_dir dir = { .fd = -1 };
		struct state state = state_of(getpid());

		state.id = names[i];
		assert_int_equal(state_reserve(root, names[i], &dir, &err), 0);
		assert_int_equal(state_save(&dir, &state, &err), 0);
		state_close(&dir);
	}
	assert_int_equal(state_list(&arena, root, &list, &err), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0], "a");
	assert_string_equal(list.v[2], "c");
	assert_null(list.v[3]);
	assert_int_equal(state_list(&arena, path("nowhere"), &list, &err), 0);
	assert_int_equal(list.n, 0);
}

static void the_root_must_be_ours(void **unused)
{
	const char *found = NULL;
	struct strs list;

	(void)unused;
	chmod(root, 0770);
	assert_int_equal(state_root(&arena, root, false, &found, &err), -EPERM);
	assert_non_null(strstr(err.msg, "may be written by others"));
	assert_int_equal(state_list(&arena, root, &list, &err), -EPERM);
	chmod(root, 0755);
	assert_int_equal(state_root(&arena, root, false, &found, &err), 0);
	assert_string_equal(found, root);
	if (geteuid() != 0) {
		assert_int_equal(state_root(&arena, "/proc", false, &found, &err), -EPERM);
		assert_non_null(strstr(err.msg, "belongs to uid 0"));
	}
}

static void the_root_is_made(void **unused)
{
	const char *found = NULL;
	struct stat st;

	(void)unused;
	assert_int_equal(state_root(&arena, path("x/y"), false, &found, &err), 0);
	assert_int_equal(access(path("x"), F_OK), -1);
	assert_int_equal(state_root(&arena, path("x/y"), true, &found, &err), 0);
	assert_string_equal(found, path("x/y"));
	assert_int_equal(stat(found, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* Links of our own are followed, also to what is not there yet. */
	assert_int_equal(symlink("x/../z", path("relative")), 0);
	assert_int_equal(symlink(path("relative"), path("absolute")), 0);
	assert_int_equal(state_root(&arena, path("absolute/w/"), false, &found, &err), 0);
	assert_int_equal(access(path("z"), F_OK), -1);
	assert_int_equal(state_root(&arena, path("absolute/./w/"), true, &found, &err), 0);
	assert_string_equal(found, path("z/w"));
}

/* As root XDG_RUNTIME_DIR does not count. */
static void the_runtime_dir_counts_if_it_is_ours(void **unused)
{
	const char *found = NULL;

	(void)unused;
	if (geteuid() == 0) {
		print_message("# skip: run as root\n");
		skip();
	}
	setenv("XDG_RUNTIME_DIR", root, 1);
	assert_int_equal(state_root(&arena, NULL, true, &found, &err), 0);
	assert_string_equal(found, path("rootlet"));
	setenv("XDG_RUNTIME_DIR", "/proc", 1);
	assert_int_equal(state_root(&arena, NULL, false, &found, &err), 0);
	assert_null(strstr(found, "/proc"));
	setenv("XDG_RUNTIME_DIR", path("nowhere"), 1);
	assert_int_equal(state_root(&arena, NULL, false, &found, &err), 0);
	assert_null(strstr(found, "nowhere"));
	chmod(root, 0777);
	setenv("XDG_RUNTIME_DIR", root, 1);
	assert_int_equal(state_root(&arena, NULL, false, &found, &err), 0);
	assert_null(strstr(found, root));
	unsetenv("XDG_RUNTIME_DIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids),
		TEST(what_is_saved_is_read),
		TEST(missing_ones),
		TEST(an_id_is_taken_once),
		TEST(debris_counts_as_absent),
		TEST(a_folder_of_others_is_left_alone),
		TEST(unknown_files_are_left_alone),
		TEST(closing_unlocks_for_children_too),
		TEST(a_folder_removed_while_waiting),
		TEST(damaged_states),
		TEST(links_are_not_followed),
		TEST(the_list_is_sorted),
		TEST(the_root_must_be_ours),
		TEST(the_root_is_made),
		TEST(the_runtime_dir_counts_if_it_is_ours),
	};

	/* What `delete --force` warns of is not this test's output. */
	log_open(NULL, LOG_TEXT, LOG_LEVEL_ERROR, &err);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
