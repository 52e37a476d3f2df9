/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits in a tree that looks like a cgroup: what is written, to the byte, and that a file which
 * says something else afterwards is an error. For what test machines have no hardware for (rdma);
 * the others are tests/integration/limits.bats'.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "cgroup/limits.h"
#include "plan/limits.h"
#include "scratch.h"
#include "spec/load.h"
#include "sys/fd.h"

struct tree {
	struct arena arena;
	char path[PATH_MAX];
	int dir;
	struct err err;
};

static int set_up(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	*state = t;
	if (!t || scratch_make(t->path) < 0) {
		return -1;
	}
	t->dir = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t->dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "rdma.max", "io.weight", "io.bfq.weight" };
	struct tree *t = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)unlinkat(t->dir, files[i], 0);
	}
	close(t->dir);
	(void)rmdir(t->path);
	arena_done(&t->arena);
	free(t);
	return 0;
}

static void file(struct tree *t, const char *name)
{
	scope_fd int fd = openat(t->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
}

static const char *get(struct tree *t, const char *name)
{
	const char *text = NULL;

	assert_true(sys_read_file(&t->arena, t->dir, name, 65536, &text) >= 0);
	return text;
}

/* As a bundle's limits go: decoded, planned, written, read back. */
static int set(struct tree *t, const char *json)
{
	struct spec_resources *resources;
	struct plan_limits limits;

	if (spec_load_resources(&t->arena, json, strlen(json), &resources, &t->err) < 0 ||
	    plan_limits(&t->arena, resources, "/linux/resources", true, &limits, &t->err) < 0) {
		fail_msg("%s", t->err.msg);
	}
	return cgroup_set_limits(t->dir, &limits, false, &t->err);
}

static void has_error(struct tree *t, const char *part)
{
	if (!strstr(t->err.msg, part)) {
		fail_msg("\"%s\" is not in: %s", part, t->err.msg);
	}
}

/* Documentation/admin-guide/cgroup-v2.rst, "RDMA": "mlx4_0 hca_handle=2 hca_object=2000". */
static void rdma(void **state)
{
	struct tree *t = *state;

	file(t, "rdma.max");
	assert_int_equal(set(t, "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}}"),
			 0);
	assert_string_equal(get(t, "rdma.max"), "mlx5_1 hca_handle=3 hca_object=10000");
	file(t, "rdma.max");
	assert_int_equal(set(t, "{\"rdma\":{\"rxe0\":{\"hcaObjects\":0}}}"), 0);
	assert_string_equal(get(t, "rdma.max"), "rxe0 hca_object=0");
	file(t, "rdma.max");
	assert_int_equal(set(t, "{\"rdma\":{\"rxe0\":{\"hcaHandles\":4294967295}}}"), 0);
	assert_string_equal(get(t, "rdma.max"), "rxe0 hca_handle=4294967295");
}

/* One that takes what is written and says nothing. */
static void not_held(void **state)
{
	struct tree *t = *state;

	assert_int_equal(symlinkat("/dev/null", t->dir, "rdma.max"), 0);
	assert_int_equal(set(t, "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}}"), -EIO);
	has_error(t, "/linux/resources/rdma/mlx5_1: \"mlx5_1 hca_handle=3\" was written to "
		     "rdma.max, but it says \"\"");
}

static void no_file(void **state)
{
	struct tree *t = *state;

	assert_int_equal(set(t, "{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}}"), -ENOTSUP);
	has_error(t, "/linux/resources/rdma/mlx5_1: this cgroup has no file rdma.max");
	assert_int_equal(set(t, "{\"blockIO\":{\"weight\":500}}"), -ENOTSUP);
	has_error(t, "/linux/resources/blockIO/weight: this cgroup has no file io.weight");
}

/* BFQ's file keeps the scale of version 1, io.weight has its own. */
static void weights(void **state)
{
	struct tree *t = *state;

	file(t, "io.weight");
	assert_int_equal(set(t, "{\"blockIO\":{\"weight\":500}}"), 0);
	assert_string_equal(get(t, "io.weight"), "default 4950");
	file(t, "io.weight");
	assert_int_equal(
		set(t,
		    "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":10}]}}"),
		0);
	assert_string_equal(get(t, "io.weight"), "8:16 1");
	file(t, "io.weight");
	file(t, "io.bfq.weight");
	assert_int_equal(set(t, "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,"
				"\"weight\":1000}]}}"),
			 0);
	assert_string_equal(get(t, "io.bfq.weight"), "8:16 1000");
	assert_string_equal(get(t, "io.weight"), "");
}

/*
 * From here on a write of one of these two lengths is refused as the kernel does where no policy
 * weighs a device.
 */
static void refuse_writes(unsigned a, unsigned b)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, a, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, b, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		_exit(99);
	}
}

/*
 * In a child, which a filter does not leave. Returns 0, or what set() says; the message is in
 * t->err.
 */
static int set_refused(struct tree *t, const char *json, unsigned a, unsigned b)
{
	int pipe_fds[2], status = 0, rc;
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		refuse_writes(a, b);
		rc = set(t, json);
		_exit(write(pipe_fds[1], &t->err, sizeof(t->err)) == (ssize_t)sizeof(t->err) ? -rc :
											       98);
	}
	assert_int_equal(read(pipe_fds[0], &t->err, sizeof(t->err)), sizeof(t->err));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

#define OF_DEVICE "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":1000}]}}"

/* BFQ is loaded, but is not this disk's scheduler: then io.weight is where it may be weighed. */
static void not_bfq(void **state)
{
	struct tree *t = *state;

	file(t, "io.weight");
	file(t, "io.bfq.weight");
	assert_int_equal(set_refused(t, OF_DEVICE, sizeof("8:16 1000") - 1, 0), 0);
	assert_string_equal(get(t, "io.bfq.weight"), "");
	assert_string_equal(get(t, "io.weight"), "8:16 10000");
}

static void nothing_weighs(void **state)
{
	struct tree *t = *state;

	file(t, "io.weight");
	file(t, "io.bfq.weight");
	assert_int_equal(
		set_refused(t, OF_DEVICE, sizeof("8:16 1000") - 1, sizeof("8:16 10000") - 1),
		-EOPNOTSUPP);
	has_error(t,
		  "/linux/resources/blockIO/weightDevice/0: writing \"8:16 10000\" to io.weight");
	has_error(t, "have root write \"8:16 enable=1\" to /sys/fs/cgroup/io.cost.qos");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rdma, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(weights, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_bfq, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_weighs, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("cgroup_limits", tests, NULL, NULL);
}
