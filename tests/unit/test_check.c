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

#include "spec/spec.h"

struct rule {
	const char *config;
	const char *msg; /* NULL: must load */
};

/* A configuration that is sound but for what is given. */
#define TOP(members) "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}, " members "}"
#define VERSION(v) "{\"ociVersion\": \"" v "\", \"root\": {\"path\": \"r\"}}"
#define PROCESS(members) TOP("\"process\": {\"cwd\": \"/\", \"args\": [\"sh\"], " members "}")
#define LINUX(members) TOP("\"linux\": {" members "}")
#define RESOURCES(members) LINUX("\"resources\": {" members "}")
#define SECCOMP(members) LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", " members "}")
#define SYSCALL(members) SECCOMP("\"syscalls\": [{" members "}]")
#define MPOL(mode, members) LINUX("\"memoryPolicy\": {\"mode\": \"" mode "\"" members "}")
#define RANGE(container, host, size)                                                               \
	"{\"containerID\": " container ", \"hostID\": " host ", \"size\": " size "}"
#define ONE_TO_ONE "[" RANGE("0", "1000", "1") "]"
#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void check(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct spec *spec = NULL;
		struct err err = { 0 };
		int rc = spec_load(&arena, rules[i].config, strlen(rules[i].config), &spec, &err);

		assert_string_equal(err.msg, rules[i].msg ? rules[i].msg : "");
		assert_int_equal(rc, rules[i].msg ? -EINVAL : 0);
		assert_true(!spec == !!rules[i].msg);
	}
}

#define CHECK(rules) check(rules, sizeof(rules) / sizeof((rules)[0]))

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
		{ VERSION("0.5.0-dev"), NULL },
		{ VERSION("1.0.2-dev"), NULL },
		{ VERSION("1.0.0-rc.1+build.001"), NULL },
		{ VERSION("1.0.0-0a.-"), NULL },
		{ VERSION("1.99.0"), NULL },
		{ TOP("\"hostname\": \"" SIXTY "0123\""), NULL },
		{ TOP("\"hostname\": \"" SIXTY "01234\""), "/hostname: longer than 64 bytes" },
		{ TOP("\"domainname\": \"" SIXTY "01234\""), "/domainname: longer than 64 bytes" },
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
		{ MAPS("{\"containerID\": 0, \"hostID\": 0}"),
		  "/linux/uidMappings/0/size: required, but missing" },
	};

	(void)state;
	CHECK(rules);
}

static void linux_objects(void **state)
{
	static const struct rule rules[] = {
		{ LINUX("\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"pid\"}]"),
		  "/linux/namespaces/1/type: \"pid\" is there twice" },
		{ LINUX("\"namespaces\": [{\"type\": \"foo\"}]"),
		  "/linux/namespaces/0/type: unknown value \"foo\" (one of: pid, network, mount, "
		  "ipc, uts, user, cgroup, time)" },
		{ LINUX("\"namespaces\": [{\"type\": \"pid\", \"path\": \"x\"}]"),
		  "/linux/namespaces/0/path: must be an absolute path, found \"x\"" },
		{ LINUX("\"devices\": [{\"type\": \"c\", \"path\": \"dev/x\", \"major\": 1, "
			"\"minor\": 1}]"),
		  "/linux/devices/0/path: must be an absolute path, found \"dev/x\"" },
		{ LINUX("\"devices\": [{\"path\": \"/x\"}]"),
		  "/linux/devices/0/type: required, but missing" },
		{ LINUX("\"devices\": [{\"type\": \"c\", \"path\": \"/x\", \"minor\": 1}]"),
		  "/linux/devices/0/major: required, but missing (type is not \"p\")" },
		{ LINUX("\"devices\": [{\"type\": \"u\", \"path\": \"/x\", \"major\": 1}]"),
		  "/linux/devices/0/minor: required, but missing (type is not \"p\")" },
		{ LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/x\", \"fileMode\": 8630}]"),
		  NULL },
		{ LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/x\", \"fileMode\": 65536}]"),
		  "/linux/devices/0/fileMode: 65536 is out of range (0 to 65535)" },
		{ LINUX("\"netDevices\": {\"eth0\": {\"name\": \"" TEN "012345\"}}"),
		  "/linux/netDevices/eth0/name: \"0123456789012345\" can't be the name of a "
		  "network device" },
		{ LINUX("\"netDevices\": {\"a/b\": {}}"),
		  "/linux/netDevices: \"a/b\" can't be the name of a network device" },
		{ LINUX("\"maskedPaths\": [\"/a\", \"b\"]"),
		  "/linux/maskedPaths/1: must be an absolute path, found \"b\"" },
		{ LINUX("\"readonlyPaths\": [\"\"]"),
		  "/linux/readonlyPaths/0: must be an absolute path, found \"\"" },
		{ LINUX("\"rootfsPropagation\": \"rprivate\""), NULL },
		{ LINUX("\"rootfsPropagation\": \"x\""),
		  "/linux/rootfsPropagation: unknown value \"x\" (one of: private, shared, slave, "
		  "unbindable, rprivate, rshared, rslave, runbindable)" },
		{ LINUX("\"sysctl\": {\"\": \"1\"}"), "/linux/sysctl/: a member without a name" },
		{ LINUX("\"personality\": {\"domain\": \"LINUX\", \"flags\": [\"X\"]}"),
		  "/linux/personality/flags: no flag is supported" },
		{ LINUX("\"personality\": {}"),
		  "/linux/personality/domain: required, but missing" },
		{ LINUX("\"timeOffsets\": {\"boottime\": {\"nanosecs\": 1000000000}}"),
		  "/linux/timeOffsets/boottime/nanosecs: 1000000000 is out of range (0 to "
		  "999999999)" },
		{ LINUX("\"timeOffsets\": {\"realtime\": {\"secs\": 1}}"),
		  "/linux/timeOffsets/realtime: nothing of that name is known here" },
		{ LINUX("\"intelRdt\": {\"closID\": \"a/b\"}"),
		  "/linux/intelRdt/closID: \"a/b\" can't be the name of a class" },
		{ LINUX("\"intelRdt\": {\"closID\": \"/\"}"), NULL },
		{ LINUX("\"intelRdt\": {\"memBwSchema\": \"L3:0=1\"}"),
		  "/linux/intelRdt/memBwSchema: must begin with \"MB:\" and be one line" },
		{ LINUX("\"intelRdt\": {\"memBwSchema\": \"MB:0=1\\n\"}"),
		  "/linux/intelRdt/memBwSchema: must begin with \"MB:\" and be one line" },
		{ LINUX("\"intelRdt\": {\"schemata\": [\"a\\nb\"]}"),
		  "/linux/intelRdt/schemata/0: must be one line" },
		{ LINUX("\"memoryPolicy\": {\"nodes\": \"0\"}"),
		  "/linux/memoryPolicy/mode: required, but missing" },
		{ MPOL("MPOL_DEFAULT", ", \"nodes\": \"0\""),
		  "/linux/memoryPolicy/nodes: MPOL_DEFAULT takes no nodes" },
		{ MPOL("MPOL_LOCAL", ", \"nodes\": \"\""), NULL },
		{ MPOL("MPOL_BIND", ""),
		  "/linux/memoryPolicy/nodes: MPOL_BIND needs at least one node" },
		{ MPOL("MPOL_PREFERRED", ""), NULL },
		{ MPOL("MPOL_BIND", ", \"nodes\": \"0-x\""),
		  "/linux/memoryPolicy/nodes: \"0-x\" is not a list such as \"0-3,7\"" },
		{ MPOL("MPOL_BIND", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_STATIC_NODES\", "
				    "\"MPOL_F_RELATIVE_NODES\"]"),
		  "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES "
		  "exclude each other" },
		{ MPOL("MPOL_INTERLEAVE",
		       ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_NUMA_BALANCING\"]"),
		  "/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING needs MPOL_BIND or "
		  "MPOL_PREFERRED_MANY" },
	};

	(void)state;
	CHECK(rules);
}

static void seccomp(void **state)
{
	static const struct rule rules[] = {
		{ LINUX("\"seccomp\": {}"), "/linux/seccomp/defaultAction: required, but missing" },
		{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\"}"),
		  "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY can't be the default" },
		{ SECCOMP("\"defaultErrnoRet\": 1"),
		  "/linux/seccomp/defaultErrnoRet: the action SCMP_ACT_ALLOW returns no errno" },
		{ SECCOMP("\"listenerMetadata\": \"x\""),
		  "/linux/seccomp/listenerMetadata: not without listenerPath" },
		{ SECCOMP("\"architectures\": [\"SCMP_ARCH_VAX\"]"),
		  "/linux/seccomp/architectures/0: unknown value \"SCMP_ARCH_VAX\"" },
		{ SYSCALL("\"action\": \"SCMP_ACT_ALLOW\""),
		  "/linux/seccomp/syscalls/0/names: required, but missing" },
		{ SYSCALL("\"names\": [], \"action\": \"SCMP_ACT_ALLOW\""),
		  "/linux/seccomp/syscalls/0/names: at least one entry is required" },
		{ SYSCALL("\"names\": [\"\"], \"action\": \"SCMP_ACT_ALLOW\""),
		  "/linux/seccomp/syscalls/0/names/0: must not be empty" },
		{ SYSCALL("\"names\": [\"read\"]"),
		  "/linux/seccomp/syscalls/0/action: required, but missing" },
		{ SYSCALL("\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\", \"errnoRet\": 1"),
		  "/linux/seccomp/syscalls/0/errnoRet: the action SCMP_ACT_LOG returns no errno" },
		{ SYSCALL("\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": "
			  "4096"),
		  "/linux/seccomp/syscalls/0/errnoRet: 4096 is out of range (0 to 4095)" },
		{ SYSCALL("\"names\": [\"read\"], \"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": "
			  "4096"),
		  NULL },
		{ SYSCALL("\"names\": [\"r\"], \"action\": \"SCMP_ACT_LOG\", \"args\": "
			  "[{\"index\": 6}]"),
		  "/linux/seccomp/syscalls/0/args/0/index: 6 is out of range (0 to 5)" },
		{ SYSCALL("\"names\": [\"r\"], \"action\": \"SCMP_ACT_LOG\", \"args\": "
			  "[{\"index\": 0}]"),
		  "/linux/seccomp/syscalls/0/args/0/value: required, but missing" },
		{ SYSCALL("\"names\": [\"r\"], \"action\": \"SCMP_ACT_LOG\", \"args\": "
			  "[{\"index\": 0, \"value\": 0}]"),
		  "/linux/seccomp/syscalls/0/args/0/op: required, but missing" },
	};

	(void)state;
	CHECK(rules);
}

static void resources(void **state)
{
	static const struct rule rules[] = {
		{ RESOURCES("\"devices\": [{}]"),
		  "/linux/resources/devices/0/allow: required, but missing" },
		{ RESOURCES("\"devices\": [{\"allow\": true, \"type\": \"p\"}]"),
		  "/linux/resources/devices/0/type: unknown value \"p\" (one of: a, c, b)" },
		{ RESOURCES("\"devices\": [{\"allow\": true, \"access\": \"rx\"}]"),
		  "/linux/resources/devices/0/access: \"rx\" is not made of r, w and m" },
		{ RESOURCES("\"memory\": {\"limit\": 2, \"swap\": 1}"),
		  "/linux/resources/memory/swap: 1 is memory and swap together, but the memory "
		  "limit alone is 2" },
		{ RESOURCES("\"memory\": {\"limit\": 2, \"swap\": 0}"), NULL },
		{ RESOURCES("\"memory\": {\"limit\": -1, \"swap\": 1}"), NULL },
		{ RESOURCES("\"memory\": {\"swappiness\": 101}"),
		  "/linux/resources/memory/swappiness: 101 is out of range (0 to 100)" },
		{ RESOURCES("\"memory\": {\"limit\": 9223372036854775808}"),
		  "/linux/resources/memory/limit: 9223372036854775808 is out of range "
		  "(-9223372036854775808 to 9223372036854775807)" },
		{ RESOURCES("\"cpu\": {\"quota\": 10, \"burst\": 11}"),
		  "/linux/resources/cpu/burst: 11 is above the quota, 10" },
		{ RESOURCES("\"cpu\": {\"quota\": -1, \"burst\": 11}"), NULL },
		{ RESOURCES("\"cpu\": {\"cpus\": \"0-3 5, ,7\\n\"}"), NULL },
		{ RESOURCES("\"cpu\": {\"cpus\": \"0:1\"}"),
		  "/linux/resources/cpu/cpus: \"0:1\" is not a list such as \"0-3,7\"" },
		{ RESOURCES("\"cpu\": {\"mems\": \"4294967296\"}"),
		  "/linux/resources/cpu/mems: \"4294967296\" is not a list such as \"0-3,7\"" },
		{ RESOURCES("\"cpu\": {\"idle\": 2}"),
		  "/linux/resources/cpu/idle: 2 is out of range (0 to 1)" },
		{ RESOURCES("\"blockIO\": {\"weight\": 9}"),
		  "/linux/resources/blockIO/weight: 9 is out of range (10 to 1000, or 0)" },
		{ RESOURCES("\"blockIO\": {\"weight\": 0}"), NULL },
		{ RESOURCES("\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0}]}"),
		  "/linux/resources/blockIO/weightDevice/0: weight or leafWeight is required" },
		{ RESOURCES("\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0, "
			    "\"leafWeight\": 1001}]}"),
		  "/linux/resources/blockIO/weightDevice/0/leafWeight: 1001 is out of range (10 to "
		  "1000, or 0)" },
		{ RESOURCES("\"blockIO\": {\"throttleReadIOPSDevice\": [{\"major\": 8, \"minor\": "
			    "0}]}"),
		  "/linux/resources/blockIO/throttleReadIOPSDevice/0/rate: required, but missing" },
		{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"02MB\", \"limit\": 1}]"),
		  "/linux/resources/hugepageLimits/0/pageSize: \"02MB\" is not a size such as "
		  "\"2MB\"" },
		{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2\", \"limit\": 1}]"),
		  "/linux/resources/hugepageLimits/0/pageSize: \"2\" is not a size such as "
		  "\"2MB\"" },
		{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2MB\"}]"),
		  "/linux/resources/hugepageLimits/0/limit: required, but missing" },
		{ RESOURCES("\"rdma\": {\"mlx\": {}}"),
		  "/linux/resources/rdma/mlx: hcaHandles or hcaObjects is required" },
		{ RESOURCES("\"unified\": {\"../x\": \"1\"}"),
		  "/linux/resources/unified: \"../x\" can't be the name of a file in a cgroup" },
		{ RESOURCES("\"network\": {\"priorities\": [{\"name\": \"eth0\"}]}"),
		  "/linux/resources/network/priorities/0/priority: required, but missing" },
	};

	(void)state;
	CHECK(rules);
}

static void lists(void **state)
{
	const char *rest = " 0-3,7,,4294967295\n";
	uint32_t first, last;

	(void)state;
	assert_int_equal(spec_list_next(&rest, &first, &last), 1);
	assert_true(first == 0 && last == 3);
	assert_int_equal(spec_list_next(&rest, &first, &last), 1);
	assert_true(first == 7 && last == 7);
	assert_int_equal(spec_list_next(&rest, &first, &last), 1);
	assert_true(first == UINT32_MAX && last == UINT32_MAX);
	assert_int_equal(spec_list_next(&rest, &first, &last), 0);
	assert_int_equal(spec_list_next(&rest, &first, &last), 0);
	rest = "1-";
	assert_int_equal(spec_list_next(&rest, &first, &last), -EINVAL);
	assert_string_equal(rest, "1-");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top),
		cmocka_unit_test(process),
		cmocka_unit_test(mounts_and_hooks),
		cmocka_unit_test(id_mappings),
		cmocka_unit_test(linux_objects),
		cmocka_unit_test(seccomp),
		cmocka_unit_test(resources),
		cmocka_unit_test(lists),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
