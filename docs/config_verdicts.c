/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_verdicts: the one table of what becomes of a property, for an ordinary user and for root.
 *
 * "Root" is root of the machine, with a container that has no user namespace unless the bundle asks
 * for one. What a container with a user namespace can't have is said under "user" only.
 * config_support.c holds the table and the field tables together.
 */
#include <stddef.h>

#include "docs/config_support.h"

/* clang-format off */
#define NO_RESCTRL REFUSED("only root can put a process into a group of resctrl")
#define DONE { VERDICT_DONE, NULL }
#define DONE_WITH(text) { VERDICT_DONE, text }
#define ADAPTED(text) { VERDICT_ADAPTED, text }
#define REFUSED(text) { VERDICT_REFUSED, text }
#define BOTH(key, verdict) { key, verdict, verdict }

#define WINDOWS ADAPTED("of Windows only: its type is checked, then it is ignored")
#define CLAMPED ADAPTED("not above the user's own hard limit; a note says so")
#define MAPPED DONE_WITH("an id that is not mapped is refused by its name")
#define LIMIT \
	DONE_WITH("where the controller is delegated; else an error, or with " \
		"--limits=best-effort a note")
#define NOT_IN_V2 REFUSED("cgroup v2 has no such limit")
#define DEVICE_RULES \
	ADAPTED("no cgroup holds them: the container has only the devices that are bound into " \
		"it, and can't make others")
#define DEVICE_RULES_ROOT \
	DONE_WITH("by a program at the cgroup (eBPF); the default devices are allowed always, " \
		"and so is making nodes")
#define IDMAP \
	ADAPTED("only whoever owns a filesystem may map its ids: done for a tmpfs that is made " \
		"in the container; for a tree of the host it is refused, and the error says so")
#define IDMAP_ROOT DONE_WITH("where the filesystem can be idmapped")

const struct verdict_row verdict_properties[] = {
	BOTH("ociVersion", DONE_WITH("1.x up to 1.3.0, and 0.x")),
	BOTH("root", DONE),
	BOTH("root.path", DONE),
	BOTH("root.readonly", DONE),

	BOTH("process", DONE),
	BOTH("process.terminal", DONE),
	BOTH("process.consoleSize", DONE),
	BOTH("process.consoleSize.height", DONE),
	BOTH("process.consoleSize.width", DONE),
	BOTH("process.cwd", DONE_WITH("made where it is missing")),
	BOTH("process.env", DONE),
	BOTH("process.args", DONE),
	BOTH("process.commandLine", WINDOWS),
	BOTH("process.user", DONE),
	{ "process.user.uid", MAPPED, DONE },
	{ "process.user.gid", MAPPED, DONE },
	BOTH("process.user.umask", DONE),
	{ "process.user.additionalGids",
		ADAPTED("set where the gids are mapped, else refused; with a map of one id "
			"setgroups(2) is denied, and a note says so. Groups of the caller that are "
			"not mapped show as 65534 (nobody)"), DONE },
	BOTH("process.user.username", WINDOWS),
	BOTH("process.capabilities", DONE_WITH("without it all sets are empty")),
	BOTH("process.capabilities.bounding",
		DONE_WITH("a capability that the kernel lacks is left out with a note")),
	BOTH("process.capabilities.effective", DONE),
	BOTH("process.capabilities.inheritable", DONE),
	BOTH("process.capabilities.permitted", DONE),
	BOTH("process.capabilities.ambient",
		ADAPTED("those that are permitted and inheritable too, as the kernel wants it")),
	{ "process.rlimits", CLAMPED, DONE },
	BOTH("process.rlimits[].type", DONE_WITH("the same twice is refused")),
	{ "process.rlimits[].soft", CLAMPED, DONE },
	{ "process.rlimits[].hard", CLAMPED, DONE },
	BOTH("process.noNewPrivileges", DONE),
	BOTH("process.apparmorProfile", ADAPTED("applied where AppArmor is active, else a note")),
	BOTH("process.selinuxLabel", ADAPTED("applied where SELinux is active, else a note")),
	{ "process.oomScoreAdj",
		ADAPTED("not below the caller's own value; a note says so"), DONE },
	BOTH("process.scheduler", DONE),
	{ "process.scheduler.policy",
		DONE_WITH("SCHED_FIFO and SCHED_RR as far as RLIMIT_RTPRIO reaches; SCHED_DEADLINE "
			"is refused: it is root's. SCHED_ISO is in no kernel"),
		DONE_WITH("SCHED_ISO is in no kernel") },
	{ "process.scheduler.nice", DONE_WITH("lower values as far as RLIMIT_NICE reaches"), DONE },
	BOTH("process.scheduler.priority", DONE),
	BOTH("process.scheduler.flags", DONE),
	{ "process.scheduler.runtime", REFUSED("of SCHED_DEADLINE, which is root's"), DONE },
	{ "process.scheduler.deadline", REFUSED("of SCHED_DEADLINE, which is root's"), DONE },
	{ "process.scheduler.period", REFUSED("of SCHED_DEADLINE, which is root's"), DONE },
	BOTH("process.ioPriority", DONE),
	{ "process.ioPriority.class",
		DONE_WITH("IOPRIO_CLASS_RT is the kernel's to refuse: it is root's"), DONE },
	BOTH("process.ioPriority.priority", DONE),
	BOTH("process.execCPUAffinity", DONE_WITH("of exec alone, as the specification says")),
	BOTH("process.execCPUAffinity.initial", DONE),
	BOTH("process.execCPUAffinity.final", DONE),

	BOTH("hostname",
		DONE_WITH("needs a uts namespace; not beside another value of the sysctl "
			"kernel.hostname")),
	BOTH("domainname",
		DONE_WITH("needs a uts namespace; not beside another value of the sysctl "
			"kernel.domainname")),

	BOTH("mounts", DONE),
	BOTH("mounts[].destination",
		DONE_WITH("made where it is missing; a relative one starts at the root")),
	BOTH("mounts[].source", DONE),
	{ "mounts[].type",
		ADAPTED("what a user namespace may mount (proc, sysfs, tmpfs, devpts, mqueue, "
			"cgroup2, overlay, fuse …); without an own namespace proc, sysfs, mqueue "
			"and cgroup are bound from the host; overlay gets userxattr"),
		DONE_WITH("cgroup and cgroup2 without a cgroup namespace are bound read-only") },
	BOTH("mounts[].options", DONE_WITH("see the table of mount options")),
	{ "mounts[].uidMappings", IDMAP, IDMAP_ROOT },
	{ "mounts[].uidMappings[].containerID", IDMAP, IDMAP_ROOT },
	{ "mounts[].uidMappings[].hostID", IDMAP, IDMAP_ROOT },
	{ "mounts[].uidMappings[].size", IDMAP, IDMAP_ROOT },
	{ "mounts[].gidMappings", IDMAP, IDMAP_ROOT },
	{ "mounts[].gidMappings[].containerID", IDMAP, IDMAP_ROOT },
	{ "mounts[].gidMappings[].hostID", IDMAP, IDMAP_ROOT },
	{ "mounts[].gidMappings[].size", IDMAP, IDMAP_ROOT },

	BOTH("hooks", DONE),
	BOTH("hooks.prestart", DONE),
	BOTH("hooks.createRuntime", DONE),
	BOTH("hooks.createContainer", DONE),
	BOTH("hooks.startContainer", DONE),
	BOTH("hooks.poststart", DONE),
	BOTH("hooks.poststop", DONE),
	BOTH("hooks.*[].path", DONE),
	BOTH("hooks.*[].args", DONE),
	BOTH("hooks.*[].env", DONE),
	BOTH("hooks.*[].timeout", DONE),

	BOTH("linux", DONE),
	{ "linux.namespaces",
		ADAPTED("a user and a mount namespace are added where the bundle has none"),
		ADAPTED("a mount namespace is added where the bundle has none") },
	BOTH("linux.namespaces[].type", DONE_WITH("all eight; the same twice is refused")),
	{ "linux.namespaces[].path",
		DONE_WITH("of namespaces that a user namespace of the user's owns"), DONE },
	{ "linux.uidMappings",
		DONE_WITH("of one's own id and the ranges of /etc/subuid; without it all of them "
			"are mapped"), DONE },
	BOTH("linux.uidMappings[].containerID", DONE),
	{ "linux.uidMappings[].hostID", DONE_WITH("a foreign id is refused by its number"), DONE },
	BOTH("linux.uidMappings[].size", DONE),
	{ "linux.gidMappings",
		DONE_WITH("of one's own id and the ranges of /etc/subgid; without it all of them "
			"are mapped"), DONE },
	BOTH("linux.gidMappings[].containerID", DONE),
	{ "linux.gidMappings[].hostID", DONE_WITH("a foreign id is refused by its number"), DONE },
	BOTH("linux.gidMappings[].size", DONE),
	BOTH("linux.timeOffsets", DONE_WITH("of a new time namespace")),
	BOTH("linux.timeOffsets.boottime", DONE),
	BOTH("linux.timeOffsets.boottime.secs", DONE),
	BOTH("linux.timeOffsets.boottime.nanosecs", DONE),
	BOTH("linux.timeOffsets.monotonic", DONE),
	BOTH("linux.timeOffsets.monotonic.secs", DONE),
	BOTH("linux.timeOffsets.monotonic.nanosecs", DONE),
	{ "linux.devices",
		ADAPTED("the host's node is bound, after its type and number were checked: no "
			"mknod in a user namespace"), DONE },
	BOTH("linux.devices[].type", DONE),
	BOTH("linux.devices[].path", DONE),
	{ "linux.devices[].major", ADAPTED("that of the host's node must be the same"), DONE },
	{ "linux.devices[].minor", ADAPTED("that of the host's node must be the same"), DONE },
	{ "linux.devices[].fileMode", ADAPTED("of a FIFO; a bound node keeps the host's"), DONE },
	{ "linux.devices[].uid", ADAPTED("of a FIFO; a bound node keeps the host's"), DONE },
	{ "linux.devices[].gid", ADAPTED("of a FIFO; a bound node keeps the host's"), DONE },
	{ "linux.netDevices",
		REFUSED("moving a network device takes CAP_NET_ADMIN over the network namespace "
			"that it is in"), DONE },
	{ "linux.netDevices{}.name",
		REFUSED("as netDevices"),
		DONE_WITH("a template such as eth%d too") },
	{ "linux.cgroupsPath",
		DONE_WITH("below what is delegated to the user, or as the name of a scope of the "
			"user's systemd, made of the whole path: /a/b is a-b.scope in app.slice, "
			"/x.slice/b is b.scope in x.slice; where there is neither, the container "
			"stays in its caller's cgroup and a note says so"),
		DONE_WITH("an absolute path is the place, unless --systemd-cgroup asks for a "
			"scope, whose name is made of the whole path; any other is a scope's name "
			"where systemd manages the machine") },

	BOTH("linux.resources", LIMIT),
	{ "linux.resources.devices", DEVICE_RULES, DEVICE_RULES_ROOT },
	{ "linux.resources.devices[].allow", DEVICE_RULES, DEVICE_RULES_ROOT },
	{ "linux.resources.devices[].type", DEVICE_RULES, DEVICE_RULES_ROOT },
	{ "linux.resources.devices[].major", DEVICE_RULES, DEVICE_RULES_ROOT },
	{ "linux.resources.devices[].minor", DEVICE_RULES, DEVICE_RULES_ROOT },
	{ "linux.resources.devices[].access", DEVICE_RULES, DEVICE_RULES_ROOT },
	BOTH("linux.resources.memory", LIMIT),
	BOTH("linux.resources.memory.limit", LIMIT),
	BOTH("linux.resources.memory.reservation", LIMIT),
	BOTH("linux.resources.memory.swap", LIMIT),
	BOTH("linux.resources.memory.kernel",
		REFUSED("cgroup v2 has no such limit; 0 and -1 are taken")),
	BOTH("linux.resources.memory.kernelTCP",
		REFUSED("cgroup v2 has no such limit; 0 and -1 are taken")),
	BOTH("linux.resources.memory.swappiness", NOT_IN_V2),
	BOTH("linux.resources.memory.disableOOMKiller",
		REFUSED("cgroup v2 always has it; false is taken")),
	BOTH("linux.resources.memory.useHierarchy",
		ADAPTED("cgroup v2 always counts what is below: ignored")),
	BOTH("linux.resources.memory.checkBeforeUpdate", LIMIT),
	BOTH("linux.resources.cpu", LIMIT),
	BOTH("linux.resources.cpu.shares", LIMIT),
	BOTH("linux.resources.cpu.quota", LIMIT),
	BOTH("linux.resources.cpu.burst", LIMIT),
	BOTH("linux.resources.cpu.period", LIMIT),
	BOTH("linux.resources.cpu.realtimeRuntime",
		REFUSED("cgroup v2 has no such limit; 0 is taken")),
	BOTH("linux.resources.cpu.realtimePeriod",
		REFUSED("cgroup v2 has no such limit; 0 is taken")),
	BOTH("linux.resources.cpu.cpus", LIMIT),
	BOTH("linux.resources.cpu.mems", LIMIT),
	BOTH("linux.resources.cpu.idle", LIMIT),
	BOTH("linux.resources.pids", LIMIT),
	BOTH("linux.resources.pids.limit", LIMIT),
	BOTH("linux.resources.blockIO", LIMIT),
	BOTH("linux.resources.blockIO.weight", LIMIT),
	BOTH("linux.resources.blockIO.leafWeight",
		REFUSED("cgroup v2 has no such limit; 0 is taken")),
	BOTH("linux.resources.blockIO.weightDevice", LIMIT),
	BOTH("linux.resources.blockIO.weightDevice[].major", LIMIT),
	BOTH("linux.resources.blockIO.weightDevice[].minor", LIMIT),
	BOTH("linux.resources.blockIO.weightDevice[].weight", LIMIT),
	BOTH("linux.resources.blockIO.weightDevice[].leafWeight",
		REFUSED("cgroup v2 has no such limit; 0 is taken")),
	BOTH("linux.resources.blockIO.throttleReadBpsDevice", LIMIT),
	BOTH("linux.resources.blockIO.throttleWriteBpsDevice", LIMIT),
	BOTH("linux.resources.blockIO.throttleReadIOPSDevice", LIMIT),
	BOTH("linux.resources.blockIO.throttleWriteIOPSDevice", LIMIT),
	BOTH("linux.resources.blockIO.throttle*Device[].major", LIMIT),
	BOTH("linux.resources.blockIO.throttle*Device[].minor", LIMIT),
	BOTH("linux.resources.blockIO.throttle*Device[].rate", LIMIT),
	BOTH("linux.resources.hugepageLimits", LIMIT),
	BOTH("linux.resources.hugepageLimits[].pageSize", LIMIT),
	BOTH("linux.resources.hugepageLimits[].limit", LIMIT),
	BOTH("linux.resources.network", NOT_IN_V2),
	BOTH("linux.resources.network.classID", NOT_IN_V2),
	BOTH("linux.resources.network.priorities", NOT_IN_V2),
	BOTH("linux.resources.network.priorities[].name", NOT_IN_V2),
	BOTH("linux.resources.network.priorities[].priority", NOT_IN_V2),
	BOTH("linux.resources.rdma", LIMIT),
	BOTH("linux.resources.rdma{}.hcaHandles", LIMIT),
	BOTH("linux.resources.rdma{}.hcaObjects", LIMIT),
	BOTH("linux.resources.unified",
		DONE_WITH("the files that move, freeze or end processes are refused")),

	{ "linux.intelRdt", NO_RESCTRL, DONE_WITH("where a resctrl filesystem is mounted") },
	{ "linux.intelRdt.closID", NO_RESCTRL, DONE },
	{ "linux.intelRdt.schemata", NO_RESCTRL, DONE },
	{ "linux.intelRdt.l3CacheSchema", NO_RESCTRL, DONE },
	{ "linux.intelRdt.memBwSchema", NO_RESCTRL, DONE },
	{ "linux.intelRdt.enableMonitoring", NO_RESCTRL, DONE },
	BOTH("linux.memoryPolicy", DONE),
	BOTH("linux.memoryPolicy.mode", DONE),
	BOTH("linux.memoryPolicy.nodes", DONE),
	BOTH("linux.memoryPolicy.flags", DONE),
	{ "linux.sysctl",
		DONE_WITH("of namespaces of the container's own, as far as the kernel lets a user "
			"namespace set them; a key of the whole machine is refused"),
		DONE_WITH("of namespaces of the container's own; a key of the whole machine is "
			"refused") },
	BOTH("linux.seccomp", DONE),
	BOTH("linux.seccomp.defaultAction", DONE_WITH("SCMP_ACT_NOTIFY can't be the default")),
	BOTH("linux.seccomp.defaultErrnoRet", DONE),
	BOTH("linux.seccomp.architectures",
		DONE_WITH("those that this libseccomp does not know are left out: none of their "
			"programs run here")),
	BOTH("linux.seccomp.flags", DONE),
	BOTH("linux.seccomp.listenerPath", DONE),
	BOTH("linux.seccomp.listenerMetadata", DONE),
	BOTH("linux.seccomp.syscalls", DONE),
	BOTH("linux.seccomp.syscalls[].names",
		DONE_WITH("a name that this libseccomp does not know is left out, unless "
			"run.oci.seccomp_fail_unknown_syscall is set")),
	BOTH("linux.seccomp.syscalls[].action", DONE),
	BOTH("linux.seccomp.syscalls[].errnoRet", DONE),
	BOTH("linux.seccomp.syscalls[].args",
		DONE_WITH("conditions on one argument are alternatives, on several arguments all "
			"must hold")),
	BOTH("linux.seccomp.syscalls[].args[].index", DONE),
	BOTH("linux.seccomp.syscalls[].args[].value", DONE),
	BOTH("linux.seccomp.syscalls[].args[].valueTwo", DONE),
	BOTH("linux.seccomp.syscalls[].args[].op", DONE),
	BOTH("linux.rootfsPropagation",
		DONE_WITH("private, shared, slave, unbindable, and their r forms")),
	BOTH("linux.maskedPaths", DONE),
	BOTH("linux.readonlyPaths", DONE),
	BOTH("linux.mountLabel", DONE_WITH("where SELinux is active; elsewhere a note")),
	BOTH("linux.personality", DONE),
	BOTH("linux.personality.domain", DONE),
	BOTH("linux.personality.flags", REFUSED("the specification knows no flag")),
	BOTH("annotations", DONE_WITH("kept in the state; those of the next table have an effect")),
	{ NULL, DONE, DONE },
};

const struct verdict_row verdict_annotations[] = {
	{ "org.rootlet.proc", ADAPTED("with a note"), REFUSED("where there is no user namespace") },
	{ "org.rootlet.session",
		DONE,
		DONE_WITH("without an effect: root's containers outlive root's sessions") },
	{ "org.criu.config",
		ADAPTED("without an effect: checkpoint and restore take CAP_SYS_ADMIN"), DONE },
	{ "run.oci.keep_original_groups",
		DONE_WITH("groups that are not mapped show as 65534 (nogroup) inside; they count "
			"for the host's files all the same"), DONE },
	BOTH("run.oci.handler",
		REFUSED("rootlet starts Linux programs; wasm, krun and others are named in the "
			"error")),
	{ NULL, DONE, DONE },
};

const struct verdict_row verdict_options[] = {
	{ "idmap", IDMAP, IDMAP_ROOT },
	{ "ridmap", IDMAP, IDMAP_ROOT },
	{ NULL, DONE, DONE },
};
