/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/annotation_rows: the one table of the annotations that have an effect.
 *
 * A new one is its row here and the code that acts on it, which finds its value in the plan:
 * plan->annotations[PLAN_ANNOTATION_X]. plan.h makes the enum of the rows, annotations.c a table;
 * the manual, docs/config-support.md and `features` are made of that, and tests/unit/
 * test_annotations.c tries each value that a row allows and some that it does not.
 *
 * ROW(the enumerator, the name, members of struct plan_annotation_row)
 */
/* clang-format off */

ROW(PLAN_ANNOTATION_NET, "org.rootlet.net",
	.reader = "plan/net",
	.value = "slirp4netns[:OPTION=VALUE,...], host, none, ns:PATH or container:ID",
	.meaning = "the network where the command line names none")

ROW(PLAN_ANNOTATION_PUBLISH, "org.rootlet.publish",
	.reader = "plan/net",
	.value = "[HOST:]PORT[-PORT]:PORT[-PORT][/udp], separated by commas",
	.meaning = "published ports; without org.rootlet.net they imply slirp4netns")

ROW(PLAN_ANNOTATION_PROC, "org.rootlet.proc",
	.kind = PLAN_ANNOTATION_WORD, .reader = "plan/mount_adapt",
	.unsafe = "org.rootlet.proc",
	.value = "mount or bind",
	.meaning = "bind: the /proc that is there in place of a fresh one, for containers "
		   "in containers")

ROW(PLAN_ANNOTATION_SESSION, "org.rootlet.session",
	.kind = PLAN_ANNOTATION_WORD, .reader = "plan/build",
	.value = "bound or persistent",
	.meaning = "persistent: refused where the container would end with the user's last "
		   "login session; bound: that is meant, and not told at the start")

ROW(PLAN_ANNOTATION_CONTEXT_TYPE, "run.oci.mount_context_type",
	.reader = "plan/mount_adapt",
	.value = "context, fscontext, defcontext or rootcontext",
	.meaning = "which option linux.mountLabel becomes")

ROW(PLAN_ANNOTATION_CRIU_CONFIG, "org.criu.config",
	.reader = "criu/", .unsafe = "org.criu.config",
	.value = "a file",
	.meaning = "CRIU's configuration, for checkpoint and restore")

ROW(PLAN_ANNOTATION_HOOKS_STDOUT, "run.oci.hooks.stdout",
	.reader = "plan/hooks", .unsafe = "run.oci.hooks.",
	.value = "a file",
	.meaning = "the hooks' output is appended to it")

ROW(PLAN_ANNOTATION_HOOKS_STDERR, "run.oci.hooks.stderr",
	.reader = "plan/hooks",
	.value = "a file",
	.meaning = "the hooks' errors are appended to it")

ROW(PLAN_ANNOTATION_HOOKS_SHARED, "org.rootlet.hooks.shared",
	.kind = PLAN_ANNOTATION_FLAG, .reader = "plan/hooks",
	.unsafe = "org.rootlet.hooks.shared",
	.value = "0 or 1",
	.meaning = "createContainer hooks are run even where another container can look at them")

ROW(PLAN_ANNOTATION_KEEP_GROUPS, "run.oci.keep_original_groups",
	.kind = PLAN_ANNOTATION_FLAG, .reader = "plan/process",
	.value = "0 or 1",
	.meaning = "setgroups(2) is never called, process.user.additionalGids is left out "
		   "with a note")

ROW(PLAN_ANNOTATION_PIDFD_RECEIVER, "run.oci.pidfd_receiver",
	.reader = "host/",
	.unsafe = "run.oci.pidfd_receiver",
	.value = "a UNIX stream socket",
	.meaning = "it is sent a pidfd of the container's first process")

ROW(PLAN_ANNOTATION_HANDLER, "run.oci.handler",
	.reader = "plan/build",
	.value = "a name",
	.meaning = "what starts the container's program")

ROW(PLAN_ANNOTATION_SECCOMP_RECEIVER, "run.oci.seccomp.receiver",
	.reader = "plan/filter",
	.unsafe = "run.oci.seccomp.receiver",
	.value = "a UNIX stream socket",
	.meaning = "the listener's, in place of linux.seccomp.listenerPath; without both "
		   "that of RUN_OCI_SECCOMP_RECEIVER in the environment")

ROW(PLAN_ANNOTATION_SECCOMP_BPF, "run.oci.seccomp_bpf_data",
	.reader = "plan/filter",
	.value = "base64",
	.meaning = "a BPF program, loaded in place of the rules of linux.seccomp")

ROW(PLAN_ANNOTATION_SECCOMP_STRICT, "run.oci.seccomp_fail_unknown_syscall",
	.kind = PLAN_ANNOTATION_FLAG, .reader = "plan/filter",
	.value = "0 or 1",
	.meaning = "a system call that is not known is an error")

ROW(PLAN_ANNOTATION_SUBGROUP, "run.oci.systemd.subgroup",
	.reader = "plan/cgroup",
	.value = "a path",
	.meaning = "the cgroup below the scope's that the processes are in (default: "
		   "container); empty: none")

ROW(PLAN_ANNOTATION_DELEGATE, "run.oci.delegate-cgroup",
	.reader = "plan/cgroup",
	.value = "a name",
	.meaning = "a further cgroup below that, the container's own; entered when its "
		   "namespace is made")

ROW(PLAN_ANNOTATION_UNIT_PROPERTY, "org.systemd.property.",
	.reader = "plan/cgroup",
	.value = "GVariant's text format",
	.meaning = "a property of the scope, where systemd makes the cgroup")

/* clang-format on */
