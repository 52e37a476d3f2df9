/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_linux: the rules for the `linux` object, as test_check has those of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"

static const struct rule object_rules[] = {
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
	{ LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/x\", \"fileMode\": 8630}]"), NULL },
	{ LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/x\", \"fileMode\": 65536}]"),
	  "/linux/devices/0/fileMode: 65536 is out of range (0 to 65535)" },
	{ LINUX("\"netDevices\": {\"eth0\": {\"name\": \"" TEN "012345\"}}"),
	  "/linux/netDevices/eth0/name: \"0123456789012345\" can't be the name of a "
	  "network device" },
	{ LINUX("\"netDevices\": {\"eth0\": {\"name\": \"" TEN "01234\"}}"), NULL },
	{ LINUX("\"netDevices\": {\"eth0\": {\"name\": \"\"}, \"...\": {}}"), NULL },
	{ LINUX("\"netDevices\": {\"eth0\": {}, \".\": {}}"),
	  "/linux/netDevices: \".\" can't be the name of a network device" },
	{ LINUX("\"netDevices\": {\"..\": {}}"),
	  "/linux/netDevices: \"..\" can't be the name of a network device" },
	{ LINUX("\"netDevices\": {\"\": {}}"),
	  "/linux/netDevices: \"\" can't be the name of a network device" },
	{ LINUX("\"netDevices\": {\"a b\": {}}"),
	  "/linux/netDevices: \"a b\" can't be the name of a network device" },
	{ LINUX("\"netDevices\": {\"a:b\": {}}"),
	  "/linux/netDevices: \"a:b\" can't be the name of a network device" },
	{ LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/x\"}, {\"type\": \"c\", "
		"\"path\": \"/y\"}]"),
	  "/linux/devices/1/major: required, but missing (type is not \"p\")" },
	{ LINUX("\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"uts\"}, {\"type\": "
		"\"pid\"}]"),
	  "/linux/namespaces/2/type: \"pid\" is there twice" },
	{ LINUX("\"namespaces\": [{\"type\": \"time\"}, {\"type\": \"time\"}]"),
	  "/linux/namespaces/1/type: \"time\" is there twice" },
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
	{ LINUX("\"personality\": {}"), "/linux/personality/domain: required, but missing" },
	{ LINUX("\"timeOffsets\": {\"boottime\": {\"nanosecs\": 1000000000}}"),
	  "/linux/timeOffsets/boottime/nanosecs: 1000000000 is out of range (0 to "
	  "999999999)" },
	{ LINUX("\"timeOffsets\": {\"realtime\": {\"secs\": 1}}"),
	  "/linux/timeOffsets/realtime: nothing of that name is known here" },
	{ LINUX("\"intelRdt\": {\"closID\": \"a/b\"}"),
	  "/linux/intelRdt/closID: \"a/b\" can't be the name of a class" },
	{ LINUX("\"intelRdt\": {\"closID\": \".\"}"),
	  "/linux/intelRdt/closID: \".\" can't be the name of a class" },
	{ LINUX("\"intelRdt\": {\"closID\": \"..\"}"),
	  "/linux/intelRdt/closID: \"..\" can't be the name of a class" },
	{ LINUX("\"intelRdt\": {\"closID\": \"\"}"), "/linux/intelRdt/closID: must not be empty" },
	{ LINUX("\"intelRdt\": {\"closID\": \"a\", \"memBwSchema\": \"MB:0=1\", "
		"\"schemata\": [\"a\", \"b\"]}"),
	  NULL },
	{ LINUX("\"intelRdt\": {\"schemata\": [\"a\", \"a\\nb\"]}"),
	  "/linux/intelRdt/schemata/1: must be one line" },
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
	{ MPOL("MPOL_BIND", ""), "/linux/memoryPolicy/nodes: MPOL_BIND needs at least one node" },
	{ MPOL("MPOL_PREFERRED", ""), NULL },
	{ MPOL("MPOL_BIND", ", \"nodes\": \"0-x\""),
	  "/linux/memoryPolicy/nodes: \"0-x\" is not a list such as \"0-3,7\"" },
	{ MPOL("MPOL_BIND", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_STATIC_NODES\", "
			    "\"MPOL_F_RELATIVE_NODES\"]"),
	  "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES "
	  "exclude each other" },
	{ MPOL("MPOL_LOCAL", ", \"nodes\": \"0\""),
	  "/linux/memoryPolicy/nodes: MPOL_LOCAL takes no nodes" },
	{ MPOL("MPOL_DEFAULT", ""), NULL },
	{ MPOL("MPOL_PREFERRED", ", \"nodes\": \"0\""), NULL },
	{ MPOL("MPOL_BIND", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_NUMA_BALANCING\"]"), NULL },
	{ MPOL("MPOL_PREFERRED_MANY", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_NUMA_BALANCING\"]"),
	  NULL },
	{ MPOL("MPOL_BIND", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_STATIC_NODES\"]"), NULL },
	{ MPOL("MPOL_BIND", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_RELATIVE_NODES\"]"), NULL },
	{ MPOL("MPOL_INTERLEAVE", ", \"nodes\": \"0\", \"flags\": [\"MPOL_F_NUMA_BALANCING\"]"),
	  "/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING needs MPOL_BIND or "
	  "MPOL_PREFERRED_MANY" },
};

static void linux_objects(void **state)
{
	(void)state;
	CHECK(object_rules);
}

static void seccomp(void **state)
{
	static const struct rule rules[] = {
		{ LINUX("\"seccomp\": {}"), "/linux/seccomp/defaultAction: required, but missing" },
		{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\"}"),
		  "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY can't be the default" },
		{ SECCOMP("\"defaultErrnoRet\": 1"),
		  "/linux/seccomp/defaultErrnoRet: the action SCMP_ACT_ALLOW returns no errno" },
		{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", "
			"\"defaultErrnoRet\": 4095}"),
		  NULL },
		{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", "
			"\"defaultErrnoRet\": 4096}"),
		  "/linux/seccomp/defaultErrnoRet: 4096 is out of range (0 to 4095)" },
		{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_TRACE\", "
			"\"defaultErrnoRet\": 65535}"),
		  NULL },
		{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_TRACE\", "
			"\"defaultErrnoRet\": 65536}"),
		  "/linux/seccomp/defaultErrnoRet: 65536 is out of range (0 to 65535)" },
		{ SECCOMP("\"listenerMetadata\": \"x\", \"listenerPath\": \"/x\""), NULL },
		{ SECCOMP("\"architectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_VAX\"]"),
		  "/linux/seccomp/architectures/1: unknown value \"SCMP_ARCH_VAX\"" },
		{ SYSCALL("\"names\": [\"read\", \"\"], \"action\": \"SCMP_ACT_ALLOW\""),
		  "/linux/seccomp/syscalls/0/names/1: must not be empty" },
		{ SECCOMP("\"syscalls\": [{\"names\": [\"a\"], \"action\": \"SCMP_ACT_LOG\"}, "
			  "{\"names\": [\"\"], \"action\": \"SCMP_ACT_LOG\"}]"),
		  "/linux/seccomp/syscalls/1/names/0: must not be empty" },
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

static const struct rule resource_rules[] = {
	{ RESOURCES("\"devices\": [{}]"),
	  "/linux/resources/devices/0/allow: required, but missing" },
	{ RESOURCES("\"devices\": [{\"allow\": true, \"type\": \"p\"}]"),
	  "/linux/resources/devices/0/type: unknown value \"p\" (one of: a, c, b)" },
	{ RESOURCES("\"devices\": [{\"allow\": true, \"access\": \"rx\"}]"),
	  "/linux/resources/devices/0/access: \"rx\" is not made of r, w and m" },
	{ RESOURCES("\"memory\": {\"limit\": 2, \"swap\": 1}"),
	  "/linux/resources/memory/swap: 1 is memory and swap together, but the memory "
	  "limit alone is 2" },
	{ RESOURCES("\"devices\": [{\"allow\": true, \"type\": \"\"}]"),
	  "/linux/resources/devices/0/type: unknown value \"\" (one of: a, c, b)" },
	{ RESOURCES("\"devices\": [{\"allow\": true, \"type\": \"ab\"}]"),
	  "/linux/resources/devices/0/type: unknown value \"ab\" (one of: a, c, b)" },
	{ RESOURCES("\"devices\": [{\"allow\": true, \"type\": \"a\", \"access\": "
		    "\"\"}, {\"allow\": true, \"type\": \"b\", \"access\": \"x\"}]"),
	  "/linux/resources/devices/1/access: \"x\" is not made of r, w and m" },
	{ RESOURCES("\"memory\": {\"limit\": 2, \"swap\": 2}"), NULL },
	{ RESOURCES("\"memory\": {\"limit\": 2, \"swap\": -1}"), NULL },
	{ RESOURCES("\"memory\": {\"limit\": 2}"), NULL },
	{ RESOURCES("\"memory\": {\"swap\": 1}"), NULL },
	{ RESOURCES("\"cpu\": {\"quota\": 10, \"burst\": 10}"), NULL },
	{ RESOURCES("\"cpu\": {\"quota\": 0, \"burst\": 10}"), NULL },
	{ RESOURCES("\"cpu\": {\"quota\": 1, \"burst\": 2}"),
	  "/linux/resources/cpu/burst: 2 is above the quota, 1" },
	{ RESOURCES("\"blockIO\": {\"weight\": 10, \"leafWeight\": 1000}"), NULL },
	{ RESOURCES("\"blockIO\": {\"weight\": 1001}"),
	  "/linux/resources/blockIO/weight: 1001 is out of range (10 to 1000, or 0)" },
	{ RESOURCES("\"blockIO\": {\"leafWeight\": 9}"),
	  "/linux/resources/blockIO/leafWeight: 9 is out of range (10 to 1000, or 0)" },
	{ RESOURCES("\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0, "
		    "\"weight\": 10}, {\"major\": 8, \"minor\": 0, \"weight\": 9}]}"),
	  "/linux/resources/blockIO/weightDevice/1/weight: 9 is out of range (10 to 1000, "
	  "or 0)" },
	{ RESOURCES("\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0, "
		    "\"leafWeight\": 10}]}"),
	  NULL },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 1}, "
		    "{\"pageSize\": \"MB\", \"limit\": 1}]"),
	  "/linux/resources/hugepageLimits/1/pageSize: \"MB\" is not a size such as "
	  "\"2MB\"" },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2TB\", \"limit\": 1}]"),
	  "/linux/resources/hugepageLimits/0/pageSize: \"2TB\" is not a size such as "
	  "\"2MB\"" },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2MBx\", \"limit\": 1}]"),
	  "/linux/resources/hugepageLimits/0/pageSize: \"2MBx\" is not a size such as "
	  "\"2MB\"" },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"64KB\", \"limit\": 1}, "
		    "{\"pageSize\": \"1GB\", \"limit\": 1}]"),
	  NULL },
	{ RESOURCES("\"rdma\": {\"a\": {\"hcaObjects\": 1}, \"b\": {}}"),
	  "/linux/resources/rdma/b: hcaHandles or hcaObjects is required" },
	{ RESOURCES("\"unified\": {\"a\": \"1\", \"\": \"1\"}"),
	  "/linux/resources/unified: \"\" can't be the name of a file in a cgroup" },
	{ RESOURCES("\"unified\": {\".\": \"1\"}"),
	  "/linux/resources/unified: \".\" can't be the name of a file in a cgroup" },
	{ RESOURCES("\"unified\": {\"..\": \"1\"}"),
	  "/linux/resources/unified: \"..\" can't be the name of a file in a cgroup" },
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

static void resources(void **state)
{
	(void)state;
	CHECK(resource_rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_objects),
		cmocka_unit_test(seccomp),
		cmocka_unit_test(resources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
