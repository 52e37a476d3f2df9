/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State folders: locks, debris, damage, liveness, and whom the folder of all state may belong to.
 */
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/scope.h"
#include "host/lifecycle.h"
#include "state/file.h"
#include "state/folder.h"
#include "state/processes.h"
#include "state/root.h"
#include "state/status.h"
#include "sys/proc.h"
#include "tests/unit/scratch.h"

static char root[PATH_MAX];
static struct arena arena;
static struct err err;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int setup(void **unused)
{
	(void)unused;
	memset(&err, 0, sizeof(err));
	return scratch_make(root);
}

static int teardown(void **unused)
{
	(void)unused;
	chmod(root, 0700);
	arena_done(&arena);
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static char *path(const char *name)
{
	return arena_printf(&arena, "%s/%s", root, name);
}

static void put_file(const char *name, const char *text)
{
	scope_file FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			pause();
		}
	}
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct state state_of(pid_t pid)
{
	static struct pair pairs[] = { { "org.example.a", "1 \"quoted\"\n" }, { "b", "" } };
	struct state state = {
		.oci_version = "1.3.0",
		.id = "c1",
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.created = "2026-01-02T15:04:05.123456789Z",
		.owner = "nobody",
		.pid = pid,
		.annotations = { .v = pairs, .n = 2 },
	};
	char letter;

	assert_int_equal(sys_process_start_time(pid, &state.start_time, &letter), 0);
	return state;
}

/* ROOT/c1 with the state given, unlocked. */
static void make(const struct state *state, bool gate)
{
	struct state_dir dir = { .fd = -1 };

	assert_int_equal(state_reserve(root, "c1", &dir, &err), 0);
	if (gate) {
		assert_int_equal(state_write_file(&dir, "gate", "", 0, &err), 0);
	}
	assert_int_equal(state_save(&dir, state, &err), 0);
	state_close(&dir);
	assert_int_equal(dir.fd, -1);
}

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
	make(&state, false);
	assert_int_equal(state_load(&arena, root, "c1", &read, &err), 0);
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
	assert_int_equal(host_kill(root, "c1", SIGTERM, false, &err), -ENOENT);
	assert_int_equal(host_delete(root, "c1", false, &err), -ENOENT);
	assert_int_equal(host_delete(root, "c1", true, &err), 0);
	assert_int_equal(host_delete(root, "../c1", true, &err), -EINVAL);
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
	assert_int_equal(mkdir(path("c1"), 0700), 0);
	assert_int_equal(mkdir(path("c1/sub"), 0700), 0);
	put_file("c1/config.json", "{}");
	put_file("c1/.state.json.new", "{");
	assert_int_equal(state_list(&arena, root, &list, &err), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(state_load(&arena, root, "c1", &state, &err), -ENOENT);
	assert_int_equal(host_delete(root, "c1", false, &err), -ENOENT);
	assert_int_equal(state_reserve(root, "c1", &dir, &err), 0);
	assert_int_equal(access(path("c1/config.json"), F_OK), -1);
	assert_int_equal(access(path("c1/sub"), F_OK), -1);
	state_close(&dir);
	assert_int_equal(host_delete(root, "c1", true, &err), 0);
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

		assert_int_equal(mkdir(path("c1"), 0700), 0);
		put_file("c1/state.json", cases[i]);
		assert_int_equal(state_load(&arena, root, "c1", &state, &err), -EBADMSG);
		assert_non_null(strstr(err.msg, path("c1/state.json")));
		assert_non_null(strstr(err.msg, "`rootlet delete --force c1` removes it"));
		assert_int_equal(host_delete(root, "c1", false, &err), -EBADMSG);
		assert_int_equal(host_delete(root, "c1", true, &err), 0);
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

static void liveness(void **unused)
{
	pid_t pid = spawn();
	struct state state = state_of(pid);
	int pidfd = -1;

	(void)unused;
	make(&state, true);
	assert_int_equal(state_status(root, &state), STATE_CREATED);
	assert_int_equal(unlink(path("c1/gate")), 0);
	assert_int_equal(state_status(root, &state), STATE_RUNNING);
	assert_int_equal(state_pidfd(&state, &pidfd), 0);
	close(pidfd);

	/* The pid belongs to another process by now. */
	state.start_time++;
	assert_int_equal(state_status(root, &state), STATE_STOPPED);
	assert_int_equal(state_pidfd(&state, &pidfd), -ESRCH);
	state.start_time--;

	/* The machine was started anew. */
	state.boot_id = "00000000-0000-0000-0000-000000000000";
	assert_int_equal(state_status(root, &state), STATE_STOPPED);
	assert_int_equal(state_pidfd(&state, &pidfd), -ESRCH);
	state.boot_id = NULL;
	assert_int_equal(state_status(root, &state), STATE_RUNNING);

	/* A zombie, and then nothing. */
	kill(pid, SIGKILL);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(state_status(root, &state), STATE_STOPPED);
	assert_int_equal(state_pidfd(&state, &pidfd), -ESRCH);
	assert_int_equal(host_delete(root, "c1", false, &err), 0);
	waitpid(pid, NULL, 0);
	assert_int_equal(state_status(root, &state), STATE_STOPPED);
}

static void a_process_name_can_t_lie(void **unused)
{
	int ready[2], status;
	uint64_t start = 0;
	char letter = '?', byte;
	pid_t pid;

	(void)unused;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		scope_file FILE *comm = fopen("/proc/self/comm", "w");

		if (comm) {
			fputs("x) Z 1 2 3 (", comm);
			fflush(comm);
		}
		(void)!write(ready[1], "x", 1);
		for (;;) {
			pause();
		}
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(sys_process_start_time(pid, &start, &letter), 0);
	assert_true(letter == 'S' || letter == 'R');
	assert_true(start > 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(sys_process_start_time(pid, &start, &letter), -ESRCH);
	close(ready[0]);
	close(ready[1]);
}

static void kill_and_delete(void **unused)
{
	pid_t pid = spawn();
	struct state state = state_of(pid);
	int status;

	(void)unused;
	make(&state, false);
	assert_int_equal(host_delete(root, "c1", false, &err), -EBUSY);
	assert_string_equal(err.msg, "cannot delete container c1 that is not stopped: running");
	assert_int_equal(host_kill(root, "c1", 0, false, &err), 0);
	assert_int_equal(host_kill(root, "c1", SIGTERM, false, &err), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(host_kill(root, "c1", SIGTERM, false, &err), -ESRCH);
	assert_string_equal(err.msg, "container not running: `c1`");
	assert_int_equal(host_delete(root, "c1", false, &err), 0);
	assert_int_equal(host_delete(root, "c1", false, &err), -ENOENT);
}

static void delete_kills_with_force_or_before_start(void **unused)
{
	(void)unused;
	for (int force = 0; force < 2; force++) {
		pid_t pid = spawn();
		struct state state = state_of(pid);
		int status;

		make(&state, !force);
		assert_int_equal(host_delete(root, "c1", force, &err), 0);
		assert_int_equal(access(path("c1"), F_OK), -1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
}

/* Without a pid namespace of its own the container is init and what descends from it. */
static void processes_by_descent(void **unused)
{
	int ready[2];
	struct state state;
	pid_t tree[2];
	pid_t *pids = NULL;
	size_t n = 0;
	pid_t init;

	(void)unused;
	assert_int_equal(pipe(ready), 0);
	init = fork();
	if (init == 0) {
		pid_t child = fork();

		if (child > 0) {
			(void)!write(ready[1], &child, sizeof(child));
		}
		for (;;) {
			pause();
		}
	}
	tree[0] = init;
	assert_int_equal(read(ready[0], &tree[1], sizeof(tree[1])), sizeof(tree[1]));
	state = state_of(init);
	make(&state, false);
	assert_int_equal(state_processes(&arena, &state, &pids, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_true((pids[0] == tree[0] && pids[1] == tree[1]) ||
		    (pids[0] == tree[1] && pids[1] == tree[0]));
	/* SIGKILL takes the whole tree. */
	assert_int_equal(host_kill(root, "c1", SIGKILL, false, &err), 0);
	assert_int_equal(waitpid(init, NULL, 0), init);
	close(ready[1]);
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 0); /* the child held the other end */
	close(ready[0]);
	assert_int_equal(state_processes(&arena, &state, &pids, &n, &err), 0);
	assert_int_equal(n, 0);
}

static void be_namespace_init(int ready)
{
	pid_t middle = fork();

	if (middle == 0) {
		if (fork() == 0) {
			pause();
		}
		_exit(0);
	}
	waitpid(middle, NULL, 0);
	(void)!write(ready, "x", 1);
	for (;;) {
		pause();
	}
}

/*
 * The pid of an init in new user and pid namespaces, which has an orphan for company; -1 where that
 * is forbidden.
 */
static pid_t spawn_namespace(void)
{
	int pid_pipe[2], ready_pipe[2];
	pid_t init = -1, helper;
	char byte;

	assert_int_equal(pipe(pid_pipe), 0);
	assert_int_equal(pipe(ready_pipe), 0);
	helper = fork();
	if (helper == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0) {
			_exit(1);
		}
		init = fork();
		if (init == 0) {
			be_namespace_init(ready_pipe[1]);
		}
		(void)!write(pid_pipe[1], &init, sizeof(init));
		_exit(0);
	}
	close(pid_pipe[1]);
	close(ready_pipe[1]);
	waitpid(helper, NULL, 0);
	if (read(pid_pipe[0], &init, sizeof(init)) != sizeof(init) ||
	    read(ready_pipe[0], &byte, 1) != 1) {
		init = -1;
	}
	close(pid_pipe[0]);
	close(ready_pipe[0]);
	return init;
}

static void processes_by_namespace(void **unused)
{
	struct state state;
	pid_t *pids = NULL;
	size_t n = 0;
	pid_t init = spawn_namespace();
	int pidfd = -1;

	(void)unused;
	if (init < 0) {
		print_message("# skip: no user namespaces for an ordinary user\n");
		skip();
	}
	state = state_of(init);
	state.own_pid_namespace = true;
	make(&state, false);
	assert_int_equal(state_processes(&arena, &state, &pids, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_true(pids[0] == init || pids[1] == init);
	assert_int_equal(state_pidfd(&state, &pidfd), 0);
	assert_int_equal(host_delete(root, "c1", true, &err), 0);
	close(pidfd);
	assert_int_equal(state_status(root, &state), STATE_STOPPED);
	assert_int_equal(state_processes(&arena, &state, &pids, &n, &err), 0);
	assert_int_equal(n, 0);
}

/* delete --force does not wait for a `start` that hangs with the lock. */
static void force_frees_a_held_lock(void **unused)
{
	pid_t init = spawn(), holder;
	struct state state = state_of(init);
	int ready[2], status;
	char byte;

	(void)unused;
	make(&state, false);
	assert_int_equal(pipe(ready), 0);
	holder = fork();
	if (holder == 0) {
		struct state_dir dir = { .fd = -1 };

		if (state_open(root, "c1", &dir, &err) < 0) {
			_exit(1);
		}
		(void)!write(ready[1], "x", 1);
		while (state_status(root, &state) != STATE_STOPPED) {
			usleep(1000);
		}
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	alarm(10);
	assert_int_equal(host_delete(root, "c1", true, &err), 0);
	alarm(0);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	waitpid(init, NULL, 0);
	close(ready[0]);
	close(ready[1]);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids),
		TEST(what_is_saved_is_read),
		TEST(missing_ones),
		TEST(an_id_is_taken_once),
		TEST(debris_counts_as_absent),
		TEST(closing_unlocks_for_children_too),
		TEST(a_folder_removed_while_waiting),
		TEST(damaged_states),
		TEST(links_are_not_followed),
		TEST(liveness),
		TEST(a_process_name_can_t_lie),
		TEST(kill_and_delete),
		TEST(delete_kills_with_force_or_before_start),
		TEST(processes_by_descent),
		TEST(processes_by_namespace),
		TEST(force_frees_a_held_lock),
		TEST(the_list_is_sorted),
		TEST(the_root_must_be_ours),
		TEST(the_root_is_made),
		TEST(the_runtime_dir_counts_if_it_is_ours),
	};

	/* What `delete --force` warns of is not this test's output. */
	log_open(NULL, LOG_TEXT, LOG_LEVEL_ERROR, &err);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
