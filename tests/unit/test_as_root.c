/* SPDX-License-Identifier: Apache-2.0 */
/* What a function does that is run as root of a user namespace, and what becomes of its errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/as_root.h"

/* What both processes see. */
struct seen {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

static struct seen *share(void)
{
	struct seen *seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(seen, MAP_FAILED);
	return seen;
}

static int look(void *data)
{
	struct seen *seen = data;

	*seen = (struct seen){ .uid = getuid(), .gid = getgid(), .pid = getpid() };
	return 0;
}

static int refuse(void *data)
{
	(void)data;
	return -ENOTEMPTY;
}

/* The own id alone, which needs nobody's help. */
struct own {
	struct plan_extent uid;
	struct plan_extent gid;
	struct plan_ids ids;
};

static void own_id(struct own *own)
{
	own->uid = (struct plan_extent){ .inside = 0, .outside = geteuid(), .count = 1 };
	own->gid = (struct plan_extent){ .inside = 0, .outside = getegid(), .count = 1 };
	own->ids = (struct plan_ids){
		.how = PLAN_IDS_DIRECT,
		.deny_setgroups = true,
		.uid = { .v = &own->uid, .n = 1 },
		.gid = { .v = &own->gid, .n = 1 },
	};
}

static void acts_as_root(void **state)
{
	struct seen *seen = share();
	struct err err = { .code = 0 };
	struct own own;
	int rc;

	(void)state;
	*seen = (struct seen){ .uid = 1, .gid = 1 };
	own_id(&own);
	rc = user_as_root(&own.ids, look, seen, "looking", &err);
	if (rc < 0 && strstr(err.msg, "user namespace")) {
		skip();
	}
	assert_int_equal(rc, 0);
	assert_int_equal(seen->uid, 0);
	assert_int_equal(seen->gid, 0);
	assert_int_not_equal(seen->pid, getpid());
	munmap(seen, sizeof(*seen));
}

static void tells_what_failed(void **state)
{
	struct err err = { .code = 0 };
	struct own own;
	int rc;

	(void)state;
	own_id(&own);
	rc = user_as_root(&own.ids, refuse, NULL, "removing the cgroup /x", &err);
	if (strstr(err.msg, "user namespace")) {
		skip();
	}
	assert_int_equal(rc, -ENOTEMPTY);
	assert_int_equal(err.code, ENOTEMPTY);
	assert_string_equal(err.msg, "removing the cgroup /x: Directory not empty");
}

/* A map that the kernel refuses: nothing is done. */
static void without_a_map_nothing_is_done(void **state)
{
	struct seen *seen = share();
	struct err err = { .code = 0 };
	struct own own;

	(void)state;
	own_id(&own);
	own.uid.count = 0;
	assert_true(user_as_root(&own.ids, look, seen, "looking", &err) < 0);
	assert_int_not_equal(err.code, 0);
	assert_int_equal(seen->pid, 0);
	munmap(seen, sizeof(*seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acts_as_root),
		cmocka_unit_test(tells_what_failed),
		cmocka_unit_test(without_a_map_nothing_is_done),
	};

	return cmocka_run_group_tests_name("as_root", tests, NULL, NULL);
}
