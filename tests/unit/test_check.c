/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_check: one configuration for each rule, with the message it must bring; and what must pass.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "spec/check_mappings.h"
#include "spec/list.h"
#include "spec/load.h"
#include "spec/check.h"

static void top(void **state)
{
	static const struct rule rules[] = {
		{ "{\"root\": {\"path\": \"r\"}}", "/ociVersion: required, but missing" },
		{ "{\"ociVersion\": \"1.0.0\"}", "/root: required, but missing" },
		{ "{\"ociVersion\": \"1.0.0\", \"root\": {}}",
		  "/root/path: required, but missing" },
		{ "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"\"}}",
		  "/root/path: must not be empty" },
		{ VERSION("1.3"), "/ociVersion: \"1.3\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION(""), "/ociVersion: \"\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("v1.0.0"),
		  "/ociVersion: \"v1.0.0\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.01.0"),
		  "/ociVersion: \"1.01.0\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0-"),
		  "/ociVersion: \"1.0.0-\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0-a..b"),
		  "/ociVersion: \"1.0.0-a..b\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0-01"),
		  "/ociVersion: \"1.0.0-01\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0 "),
		  "/ociVersion: \"1.0.0 \" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("2.0.0"),
		  "/ociVersion: version 2.0.0 is not supported (1.x is, up to 1.3.0)" },
		{ VERSION("10.0.0"),
		  "/ociVersion: version 10.0.0 is not supported (1.x is, up to 1.3.0)" },
		{ VERSION("1.0.0-a."),
		  "/ociVersion: \"1.0.0-a.\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0+"),
		  "/ociVersion: \"1.0.0+\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0+a_b"),
		  "/ociVersion: \"1.0.0+a_b\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0."),
		  "/ociVersion: \"1.0.\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("1.0.0.0"),
		  "/ociVersion: \"1.0.0.0\" is not a version as SemVer 2.0.0 has it" },
		{ VERSION("0.0.0"), NULL },
		{ VERSION("1.10.20"), NULL },
		{ VERSION("1.0.0-0"), NULL },
		{ VERSION("1.0.0-0.00a.10"), NULL },
		{ VERSION("1.0.0+00"), NULL },
		{ VERSION("1.0.0+a-b.c"), NULL },
		{ VERSION("0.5.0-dev"), NULL },
		{ VERSION("1.0.2-dev"), NULL },
		{ VERSION("1.0.0-rc.1+build.001"), NULL },
		{ VERSION("1.0.0-0a.-"), NULL },
		{ VERSION("1.99.0"), NULL },
		{ TOP("\"hostname\": \"" SIXTY "0123\""), NULL },
		{ TOP("\"hostname\": \"" SIXTY "01234\""), "/hostname: longer than 64 bytes" },
		{ TOP("\"domainname\": \"" SIXTY "01234\""), "/domainname: longer than 64 bytes" },
		{ TOP("\"domainname\": \"" SIXTY "0123\""), NULL },
		{ TOP("\"annotations\": {\"a\": \"x\", \"\": \"x\"}"),
		  "/annotations/: a member without a name" },
		{ TOP("\"annotations\": {\"\": \"x\"}"), "/annotations/: a member without a name" },
		{ TOP("\"annotations\": {\"a\": 1}"),
		  "/annotations/a: expected a string, found a number" },
	};

	(void)state;
	CHECK(rules);
}

static void process(void **state)
{
	static const struct rule rules[] = {
		{ TOP("\"process\": {\"cwd\": \"/\"}"),
		  "/process/args: at least one entry is required" },
		{ TOP("\"process\": {\"cwd\": \"/\", \"args\": []}"),
		  "/process/args: at least one entry is required" },
		{ TOP("\"process\": {\"args\": [\"sh\"]}"), "/process/cwd: required, but missing" },
		{ TOP("\"process\": {\"cwd\": \"a\", \"args\": [\"sh\"]}"),
		  "/process/cwd: must be an absolute path, found \"a\"" },
		{ PROCESS("\"env\": [\"A=1\", \"B\", \"=c\", \"\"]"), NULL },
		{ PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 2, \"hard\": 1}]"),
		  "/process/rlimits/0: the soft limit 2 is above the hard limit 1" },
		{ PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}, "
			  "{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}]"),
		  "/process/rlimits/1/type: RLIMIT_CPU is there twice" },
		{ PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}, "
			  "{\"type\": \"RLIMIT_AS\", \"soft\": 1, \"hard\": 1}, "
			  "{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}]"),
		  "/process/rlimits/2/type: RLIMIT_CPU is there twice" },
		{ PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}, "
			  "{\"type\": \"RLIMIT_AS\", \"soft\": 2, \"hard\": 1}]"),
		  "/process/rlimits/1: the soft limit 2 is above the hard limit 1" },
		{ PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1}]"),
		  "/process/rlimits/0/hard: required, but missing" },
		{ PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_X\", \"soft\": 1, \"hard\": 1}]"),
		  "/process/rlimits/0/type: unknown value \"RLIMIT_X\" (one of: RLIMIT_AS, "
		  "RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, "
		  "RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC, "
		  "RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK)" },
		{ PROCESS("\"user\": {\"umask\": 512}"),
		  "/process/user/umask: 512 is out of range (0 to 511)" },
		{ PROCESS("\"user\": {\"uid\": 4294967295}"),
		  "/process/user/uid: 4294967295 is out of range (0 to 4294967294)" },
		{ PROCESS("\"consoleSize\": {\"height\": 1}"),
		  "/process/consoleSize/width: required, but missing" },
		{ PROCESS("\"oomScoreAdj\": 1001"),
		  "/process/oomScoreAdj: 1001 is out of range (-1000 to 1000)" },
		{ PROCESS("\"scheduler\": {}"),
		  "/process/scheduler/policy: required, but missing" },
		{ PROCESS("\"scheduler\": {\"policy\": \"SCHED_IDLE\", \"nice\": 20}"),
		  "/process/scheduler/nice: 20 is out of range (-20 to 19)" },
		{ PROCESS("\"ioPriority\": {\"priority\": 1}"),
		  "/process/ioPriority/class: required, but missing" },
		{ PROCESS("\"ioPriority\": {\"class\": \"IOPRIO_CLASS_RT\", \"priority\": 8}"),
		  "/process/ioPriority/priority: 8 is out of range (0 to 7)" },
		{ PROCESS("\"ioPriority\": {\"class\": \"IOPRIO_CLASS_RT\"}"), NULL },
		{ PROCESS("\"execCPUAffinity\": {\"initial\": \"0-\"}"),
		  "/process/execCPUAffinity/initial: \"0-\" is not a list such as \"0-3,7\"" },
		{ PROCESS("\"execCPUAffinity\": {\"final\": \"3-1\"}"),
		  "/process/execCPUAffinity/final: \"3-1\" is not a list such as \"0-3,7\"" },
		{ PROCESS("\"execCPUAffinity\": {\"initial\": \"000000000000007\"}"), NULL },
		{ PROCESS("\"execCPUAffinity\": {\"initial\": \"0000000000000007\"}"),
		  "/process/execCPUAffinity/initial: \"0000000000000007\" is not a list such as "
		  "\"0-3,7\"" },
		{ PROCESS("\"execCPUAffinity\": {\"initial\": \"3-3\", \"final\": \"3-\"}"),
		  "/process/execCPUAffinity/final: \"3-\" is not a list such as \"0-3,7\"" },
		{ PROCESS("\"user\": {\"umask\": 511, \"uid\": 4294967294, \"gid\": 4294967294}"),
		  NULL },
		{ PROCESS("\"user\": {\"gid\": 4294967295}"),
		  "/process/user/gid: 4294967295 is out of range (0 to 4294967294)" },
		{ PROCESS("\"capabilities\": {\"bounding\": [\"CAP_NEVER_HEARD_OF\"]}"), NULL },
	};

	(void)state;
	CHECK(rules);
}

static void mounts_and_hooks(void **state)
{
	static const struct rule rules[] = {
		{ TOP("\"mounts\": [{}]"), "/mounts/0/destination: required, but missing" },
		{ TOP("\"mounts\": [{\"destination\": \"\"}]"),
		  "/mounts/0/destination: must not be empty" },
		{ TOP("\"mounts\": [{\"destination\": \"../x\", \"type\": \"bind\"}]"), NULL },
		{ TOP("\"mounts\": [{\"destination\": \"/x\\u0000\"}]"),
		  "line 1, column 83: a string contains a NUL byte" },
		{ TOP("\"mounts\": [{\"destination\": \"/a\"}, {\"destination\": \"/b\", "
		      "\"uidMappings\": " ONE_TO_ONE "}]"),
		  "/mounts/1/gidMappings: required beside uidMappings" },
		{ TOP("\"mounts\": [{\"destination\": \"/b\", \"gidMappings\": " ONE_TO_ONE "}]"),
		  "/mounts/0/uidMappings: required beside gidMappings" },
		{ TOP("\"hooks\": {\"poststop\": [{\"path\": \"a\"}]}"),
		  "/hooks/poststop/0/path: must be an absolute path, found \"a\"" },
		{ TOP("\"hooks\": {\"prestart\": [{}]}"),
		  "/hooks/prestart/0/path: required, but missing" },
		{ TOP("\"hooks\": {\"prestart\": [{\"path\": \"/a\", \"timeout\": 0}]}"),
		  "/hooks/prestart/0/timeout: 0 is out of range (1 to 2147483647)" },
	};

	(void)state;
	CHECK(rules);
}

#define MAPS(uids) LINUX("\"uidMappings\": [" uids "], \"gidMappings\": " ONE_TO_ONE)

static void id_mappings(void **state)
{
	static const struct rule rules[] = {
		{ LINUX("\"uidMappings\": " ONE_TO_ONE),
		  "/linux/gidMappings: required beside uidMappings" },
		{ MAPS(RANGE("0", "0", "0")), "/linux/uidMappings/0/size: must not be 0" },
		{ MAPS(RANGE("1", "0", "4294967295")),
		  "/linux/uidMappings/0: the range goes beyond the highest id, 4294967294" },
		{ MAPS(RANGE("0", "4294967295", "1")),
		  "/linux/uidMappings/0: the range goes beyond the highest id, 4294967294" },
		{ MAPS(RANGE("0", "0", "4294967295")), NULL },
		{ MAPS(RANGE("0", "100", "10") "," RANGE("9", "200", "1")),
		  "/linux/uidMappings/1/containerID: the range overlaps that of entry 0" },
		{ MAPS(RANGE("0", "100", "10") "," RANGE("10", "109", "1")),
		  "/linux/uidMappings/1/hostID: the range overlaps that of entry 0" },
		{ MAPS(RANGE("0", "100", "10") "," RANGE("10", "110", "1")), NULL },
		{ MAPS(RANGE("9", "200", "1") "," RANGE("0", "100", "10")),
		  "/linux/uidMappings/1/containerID: the range overlaps that of entry 0" },
		{ MAPS(RANGE("10", "109", "1") "," RANGE("0", "100", "10")),
		  "/linux/uidMappings/1/hostID: the range overlaps that of entry 0" },
		{ MAPS(RANGE("10", "110", "1") "," RANGE("0", "100", "10")), NULL },
		{ MAPS(RANGE("0", "10", "1") "," RANGE("1", "11", "1") "," RANGE("2", "10", "1")),
		  "/linux/uidMappings/2/hostID: the range overlaps that of entry 0" },
		{ MAPS(RANGE("0", "1", "4294967294")), NULL },
		{ MAPS(RANGE("0", "2", "4294967294")),
		  "/linux/uidMappings/0: the range goes beyond the highest id, 4294967294" },
		{ LINUX("\"uidMappings\": " ONE_TO_ONE
			", \"gidMappings\": [" RANGE("0", "0", "0") "]"),
		  "/linux/gidMappings/0/size: must not be 0" },
		{ MAPS("{\"containerID\": 0, \"hostID\": 0}"),
		  "/linux/uidMappings/0/size: required, but missing" },
	};

	(void)state;
	CHECK(rules);
}

/* {"linux": {KEY of n entries, the other of one}} */
static int load_mappings(const char *key, const char *other, int n, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct spec *spec;
	struct text text;

	text_init(&text, &arena);
	text_add(&text, "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"r\"}, ");
	text_add(&text, "\"linux\": {\"%s\": " ONE_TO_ONE ", \"%s\": [", other, key);
	for (int i = 0; i < n; i++) {
		text_add(&text, "%s{\"containerID\": %d, \"hostID\": %d, \"size\": 1}",
			 i ? "," : "", i, i);
	}
	text_add(&text, "]}}");
	return spec_load(&arena, text.s, text.len, &spec, err);
}

static void too_many_mappings(void **state)
{
	static const char *const keys[] = { "uidMappings", "gidMappings" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct err err = { 0 };

		assert_int_equal(load_mappings(keys[i], keys[1 - i], SPEC_MAPPINGS_MAX, &err), 0);
		assert_int_equal(load_mappings(keys[i], keys[1 - i], SPEC_MAPPINGS_MAX + 1, &err),
				 -EINVAL);
		assert_true(str_starts(err.msg, "/linux/"));
		assert_non_null(strstr(err.msg, keys[i]));
		assert_non_null(strstr(err.msg, "more than 340 entries"));
	}
}

static void lists(void **state)
{
	const char *rest = " 0-3,7,,4294967295\n";
	uint32_t first, last;

	(void)state;
	assert_int_equal(str_list_next(&rest, &first, &last), 1);
	assert_true(first == 0 && last == 3);
	assert_int_equal(str_list_next(&rest, &first, &last), 1);
	assert_true(first == 7 && last == 7);
	assert_int_equal(str_list_next(&rest, &first, &last), 1);
	assert_true(first == UINT32_MAX && last == UINT32_MAX);
	assert_int_equal(str_list_next(&rest, &first, &last), 0);
	assert_int_equal(str_list_next(&rest, &first, &last), 0);
	rest = "1-";
	assert_int_equal(str_list_next(&rest, &first, &last), -EINVAL);
	assert_string_equal(rest, "1-");
	rest = "5x";
	assert_int_equal(str_list_next(&rest, &first, &last), -EINVAL);
	rest = "5-5,6";
	assert_int_equal(str_list_next(&rest, &first, &last), 1);
	assert_true(first == 5 && last == 5);
	assert_string_equal(rest, ",6");
}

/* Without the document around them the paths begin at the object. */
static void parts(void **state)
{
	static const char process_text[] = "{\"cwd\": \"x\", \"args\": [\"sh\"]}";
	static const char resources_text[] = "{\"cpu\": {\"cpus\": \"x\"}}";
	scope_arena struct arena arena = ARENA_INIT;
	struct spec_process *p;
	struct spec_resources *r;
	struct err err;

	(void)state;
	assert_int_equal(spec_load_process(&arena, process_text, strlen(process_text), &p, &err),
			 -EINVAL);
	assert_string_equal(err.msg, "/cwd: must be an absolute path, found \"x\"");
	assert_int_equal(
		spec_load_resources(&arena, resources_text, strlen(resources_text), &r, &err),
		-EINVAL);
	assert_string_equal(err.msg, "/cpu/cpus: \"x\" is not a list such as \"0-3,7\"");
}

static void parts_that_load(void **state)
{
	static const char process_text[] = "{\"cwd\": \"/\", \"args\": [\"sh\"]}";
	static const char resources_text[] = "{\"cpu\": {\"cpus\": \"7\"}}";
	static const char mounts_text[] = "[{\"destination\": \"/a\"}, {\"destination\": \"/b\"}]";
	static const char *const bad_mounts[][2] = {
		{ "{}", "expected an array of mounts, found object" },
		{ "[{\"destination\": \"/a\"}, {}]", "/1/destination: required, but missing" },
		{ "[{\"destination\": \"/a\"}, {\"destination\": \"\"}]",
		  "/1/destination: must not be empty" },
		{ "[", "line 1, column 2: the text ends too early" },
		{ "[{\"destination\": \"/a\", \"uidMappings\": " ONE_TO_ONE "}]",
		  "/0/gidMappings: required beside uidMappings" },
	};
	scope_arena struct arena arena = ARENA_INIT;
	struct spec_process *p;
	struct spec_resources *r;
	struct spec_mount *mounts = NULL;
	size_t n = 0;
	struct err err;

	(void)state;
	assert_int_equal(spec_load_process(&arena, process_text, strlen(process_text), &p, &err),
			 0);
	assert_string_equal(p->args.v[0], "sh");
	assert_int_equal(
		spec_load_resources(&arena, resources_text, strlen(resources_text), &r, &err), 0);
	assert_string_equal(r->cpu->cpus, "7");
	for (size_t i = 0; i < sizeof(bad_mounts) / sizeof(bad_mounts[0]); i++) {
		assert_int_equal(spec_load_mounts(&arena, bad_mounts[i][0],
						  strlen(bad_mounts[i][0]), &mounts, &n, &err),
				 -EINVAL);
		assert_string_equal(err.msg, bad_mounts[i][1]);
		assert_true(!mounts && n == 0);
	}
	assert_int_equal(
		spec_load_mounts(&arena, mounts_text, strlen(mounts_text), &mounts, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(mounts[1].destination, "/b");
}

/* What the field tables refuse already: the rules hold for a struct from elsewhere too. */
static void structs_made_by_hand(void **state)
{
	struct spec_root root = { .path = "" };
	struct spec_namespace ns = { .type = 1, .path = "x" };
	struct spec_seccomp_syscall call = { .action = SPEC_ACT_LOG };
	struct spec_seccomp seccomp = { .syscalls = { .v = &call, .n = 1 } };
	struct spec_linux lin = { .namespaces = { .v = &ns, .n = 1 } };
	struct spec spec = { .root = &root };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(spec_check(&spec, &err), -EINVAL);
	assert_string_equal(err.msg, "/ociVersion: \"\" is not a version as SemVer 2.0.0 has it");
	spec.oci_version = "1.0.0";
	assert_int_equal(spec_check(&spec, &err), -EINVAL);
	assert_string_equal(err.msg, "/root/path: must not be empty");
	root.path = NULL;
	assert_int_equal(spec_check(&spec, &err), -EINVAL);
	root.path = "r";
	assert_int_equal(spec_check(&spec, &err), 0);
	spec.linux_ = &lin;
	assert_int_equal(spec_check(&spec, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "/linux/namespaces/0/path: must be an absolute path, found \"x\"");
	lin = (struct spec_linux){ .seccomp = &seccomp };
	assert_int_equal(spec_check(&spec, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "/linux/seccomp/syscalls/0/names: at least one entry is required");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top),
		cmocka_unit_test(process),
		cmocka_unit_test(mounts_and_hooks),
		cmocka_unit_test(id_mappings),
		cmocka_unit_test(too_many_mappings),
		cmocka_unit_test(lists),
		cmocka_unit_test(parts),
		cmocka_unit_test(parts_that_load),
		cmocka_unit_test(structs_made_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
