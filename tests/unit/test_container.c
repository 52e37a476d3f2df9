/* SPDX-License-Identifier: Apache-2.0 */
/* The handle of a container: what is demanded of its status, and the words when it is not so. */
#include <errno.h>

#include "container/container.h"
#include "tests/unit/state_folder.h"

/* What clients read; for each way in which a command may want its container. */
static void what_is_said_of_a_status(void **unused)
{
	static const struct {
		struct container_want want;
		const char *created, *running, *stopped; /* NULL: that will do */
	} cases[] = {
		{ { .status = 0 }, NULL, NULL, NULL },
		{ { .status = CONTAINER_ALIVE }, NULL, NULL, "container not running: `c1`" },
		{ { .status = CONTAINER_ALIVE, .cannot = "cannot update container" },
		  NULL,
		  NULL,
		  "cannot update container `c1`: container not running" },
		{ { .status = CONTAINER_ALIVE,
		    .held = true,
		    .cannot = "cannot exec in container",
		    .tells_why = true },
		  NULL,
		  NULL,
		  "cannot exec in container `c1`: container not running: it is not running, but "
		  "stopped" },
		{ { .status = CONTAINER_STARTED, .locked = true, .tells_why = true },
		  "container not running: `c1` is created",
		  NULL,
		  "container not running: `c1` is stopped" },
		{ { .status = CONTAINER_CREATED,
		    .locked = true,
		    .cannot = "cannot start container" },
		  NULL,
		  "cannot start container `c1`: it is running, not created",
		  "cannot start container `c1`: it is stopped, not created" },
		{ { .status = CONTAINER_RUNNING, .cannot = "cannot pause container" },
		  "cannot pause container `c1`: it is created, not running",
		  NULL,
		  "cannot pause container `c1`: container not running" },
		{ { .status = CONTAINER_PAUSED, .cannot = "cannot resume container" },
		  "cannot resume container `c1`: it is created, not paused",
		  "cannot resume container `c1`: it is running, not paused",
		  "cannot resume container `c1`: container not running" },
	};
	pid_t pid = spawn();
	struct state state = state_of(pid);

	(void)unused;
	make(&state, true);
	for (int status = 0; status < 3; status++) {
		if (status == 1) {
			assert_int_equal(unlink(path("c1/gate")), 0);
		}
		if (status == 2) {
			end(pid);
		}
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			const char *const said[] = { cases[i].created, cases[i].running,
						     cases[i].stopped };
			struct container c;
			int rc = container_find(root, "c1", &cases[i].want, &c, &err);

			if (said[status]) {
				assert_true(rc == -ESRCH || rc == -EINVAL);
				assert_string_equal(err.msg, said[status]);
				continue;
			}
			assert_int_equal(rc, 0);
			assert_string_equal(c.state.bundle, "/bundle");
			assert_int_equal(c.init >= 0, cases[i].want.held);
			assert_int_equal(c.dir.fd >= 0, cases[i].want.locked);
			container_done(&c);
		}
	}
}

static void one_that_is_not_there(void **unused)
{
	const struct container_want want = { .locked = true };
	struct container c;

	(void)unused;
	assert_int_equal(container_find(root, "c1", &want, &c, &err), -ENOENT);
	assert_string_equal(err.msg, "container `c1` does not exist");
	assert_int_equal(container_find(root, "../c1", &want, &c, &err), -EINVAL);
}

/* Whatever has failed meanwhile, the end of the container is the reason. */
static void its_end_explains_what_failed(void **unused)
{
	const struct container_want want = { .status = CONTAINER_ALIVE,
					     .held = true,
					     .cannot = "cannot exec in container",
					     .tells_why = true };
	pid_t pid = spawn();
	struct state state = state_of(pid);
	struct container c;

	(void)unused;
	make(&state, false);
	assert_int_equal(container_find(root, "c1", &want, &c, &err), 0);
	(void)err_set(&err, EIO, "a broken disk");
	assert_int_equal(container_explain(&c, &err), -EIO);
	assert_string_equal(err.msg, "a broken disk");
	end(pid);
	assert_int_equal(container_explain(&c, &err), -ESRCH);
	assert_string_equal(err.msg, "cannot exec in container `c1`: container not running: it is "
				     "not running, it has just ended");
	container_done(&c);
}

static void its_configuration(void **unused)
{
	const struct container_want any = { .status = 0 };
	struct state state = state_of(getpid());
	struct spec *spec = NULL, *again = NULL;
	struct container c;

	(void)unused;
	make(&state, false);
	assert_int_equal(container_find(root, "c1", &any, &c, &err), 0);
	assert_int_equal(container_spec(&c, &spec, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path("c1/config.json")));
	put_file("c1/config.json", "{}");
	assert_int_equal(container_spec(&c, &spec, &err), -EINVAL);
	assert_non_null(strstr(err.msg, path("c1/config.json")));
	put_file("c1/config.json",
		 "{\"ociVersion\":\"1.3.0\",\"hostname\":\"h\",\"root\":{\"path\":\"r\"}}");
	assert_int_equal(container_spec(&c, &spec, &err), 0);
	assert_string_equal(spec->hostname, "h");
	/* Once is enough. */
	assert_int_equal(unlink(path("c1/config.json")), 0);
	assert_int_equal(container_spec(&c, &again, &err), 0);
	assert_ptr_equal(again, spec);
	container_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_said_of_a_status),
		TEST(one_that_is_not_there),
		TEST(its_end_explains_what_failed),
		TEST(its_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
