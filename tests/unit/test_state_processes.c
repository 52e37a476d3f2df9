/* SPDX-License-Identifier: Apache-2.0 */
/* A container's processes: is it alive, which are its, and their end by kill and delete. */
#include <errno.h>
#include <sched.h>

#include "state/processes.h"
#include "state/status.h"
#include "tests/unit/state_folder.h"

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
	assert_int_equal(delete_it("c1", false), 0);
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
	assert_int_equal(delete_it("c1", false), -EBUSY);
	assert_string_equal(err.msg, "cannot delete container c1 that is not stopped: running");
	assert_int_equal(kill_it(0), 0);
	assert_int_equal(kill_it(SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(kill_it(SIGTERM), -ESRCH);
	assert_string_equal(err.msg, "container not running: `c1`");
	assert_int_equal(delete_it("c1", false), 0);
	assert_int_equal(delete_it("c1", false), -ENOENT);
}

static void delete_kills_with_force_or_before_start(void **unused)
{
	(void)unused;
	for (int force = 0; force < 2; force++) {
		pid_t pid = spawn();
		struct state state = state_of(pid);
		int status;

		make(&state, !force);
		assert_int_equal(delete_it("c1", force), 0);
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
	assert_int_equal(kill_it(SIGKILL), 0);
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
	assert_int_equal(delete_it("c1", true), 0);
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
	assert_int_equal(delete_it("c1", true), 0);
	alarm(0);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	waitpid(init, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(liveness),
		TEST(a_process_name_can_t_lie),
		TEST(kill_and_delete),
		TEST(delete_kills_with_force_or_before_start),
		TEST(processes_by_descent),
		TEST(processes_by_namespace),
		TEST(force_frees_a_held_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
