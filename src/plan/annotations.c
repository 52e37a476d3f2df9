/* SPDX-License-Identifier: Apache-2.0 */
/* plan/annotations: the one table of the annotations that have an effect. */
#include "plan/annotations.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

#define OWN "org.rootlet."
#define PATH "/annotations/"

/* clang-format off */
/* The name stands behind its path, so that a message needs no memory of its own. */
#define NAME(text) .name = &(PATH text)[sizeof(PATH) - 1]

const struct plan_annotation_row plan_annotations[PLAN_ANNOTATION_N] = {
	[PLAN_ANNOTATION_NET] = {
		NAME("org.rootlet.net"), .reader = "plan/net",
		.value = "slirp4netns[:OPTION=VALUE,...], host, none, ns:PATH or container:ID",
		.meaning = "the network where the command line names none" },
	[PLAN_ANNOTATION_PUBLISH] = {
		NAME("org.rootlet.publish"), .reader = "plan/net",
		.value = "[HOST:]PORT[-PORT]:PORT[-PORT][/udp], separated by commas",
		.meaning = "published ports; without org.rootlet.net they imply slirp4netns" },
	[PLAN_ANNOTATION_PROC] = {
		NAME("org.rootlet.proc"), .reader = "plan/mount_adapt",
		.unsafe = "org.rootlet.proc",
		.value = "mount or bind",
		.meaning = "bind: the /proc that is there in place of a fresh one, for containers "
			   "in containers" },
	[PLAN_ANNOTATION_SESSION] = {
		NAME("org.rootlet.session"), .reader = "plan/build",
		.value = "bound or persistent",
		.meaning = "persistent: refused where the container would end with the user's last "
			   "login session; bound: that is meant, and not told at the start" },
	[PLAN_ANNOTATION_CONTEXT_TYPE] = {
		NAME("run.oci.mount_context_type"), .reader = "plan/mount_adapt",
		.value = "context, fscontext, defcontext or rootcontext",
		.meaning = "which option linux.mountLabel becomes" },
	[PLAN_ANNOTATION_CRIU_CONFIG] = {
		NAME("org.criu.config"), .reader = "criu/", .unsafe = "org.criu.config",
		.value = "a file",
		.meaning = "CRIU's configuration, for checkpoint and restore" },
	[PLAN_ANNOTATION_HOOKS_STDOUT] = {
		NAME("run.oci.hooks.stdout"), .reader = "plan/hooks", .unsafe = "run.oci.hooks.",
		.value = "a file",
		.meaning = "the hooks' output is appended to it" },
	[PLAN_ANNOTATION_HOOKS_STDERR] = {
		NAME("run.oci.hooks.stderr"), .reader = "plan/hooks",
		.value = "a file",
		.meaning = "the hooks' errors are appended to it" },
	[PLAN_ANNOTATION_KEEP_GROUPS] = {
		NAME("run.oci.keep_original_groups"), .reader = "plan/process",
		.value = "0 or 1",
		.meaning = "setgroups(2) is never called, process.user.additionalGids is left out "
			   "with a note" },
	[PLAN_ANNOTATION_PIDFD_RECEIVER] = {
		NAME("run.oci.pidfd_receiver"), .reader = "host/",
		.unsafe = "run.oci.pidfd_receiver",
		.value = "a UNIX stream socket",
		.meaning = "it is sent a pidfd of the container's first process" },
	[PLAN_ANNOTATION_HANDLER] = {
		NAME("run.oci.handler"), .reader = "plan/build",
		.value = "a name",
		.meaning = "what starts the container's program" },
	[PLAN_ANNOTATION_SECCOMP_RECEIVER] = {
		NAME("run.oci.seccomp.receiver"), .reader = "plan/filter",
		.unsafe = "run.oci.seccomp.receiver",
		.value = "a UNIX stream socket",
		.meaning = "the listener's, in place of linux.seccomp.listenerPath; without both "
			   "that of RUN_OCI_SECCOMP_RECEIVER in the environment" },
	[PLAN_ANNOTATION_SECCOMP_BPF] = {
		NAME("run.oci.seccomp_bpf_data"), .reader = "plan/filter",
		.value = "base64",
		.meaning = "a BPF program, loaded in place of the rules of linux.seccomp" },
	[PLAN_ANNOTATION_SECCOMP_STRICT] = {
		NAME("run.oci.seccomp_fail_unknown_syscall"), .reader = "plan/filter",
		.value = "0 or 1",
		.meaning = "a system call that is not known is an error" },
	[PLAN_ANNOTATION_SUBGROUP] = {
		NAME("run.oci.systemd.subgroup"), .reader = "plan/cgroup",
		.value = "a path",
		.meaning = "the cgroup below the scope's that the processes are in (default: "
			   "container); empty: none" },
	[PLAN_ANNOTATION_DELEGATE] = {
		NAME("run.oci.delegate-cgroup"), .reader = "plan/cgroup",
		.value = "a name",
		.meaning = "a further cgroup below that, the container's own; entered when its "
			   "namespace is made" },
	[PLAN_ANNOTATION_UNIT_PROPERTY] = {
		NAME("org.systemd.property."), .reader = "plan/cgroup",
		.value = "GVariant's text format",
		.meaning = "a property of the scope, where systemd makes the cgroup" },
};
/* clang-format on */

static bool is_beginning(const char *name)
{
	return name[strlen(name) - 1] == '.';
}

const char *plan_annotation(const struct spec *spec, enum plan_annotation which)
{
	const char *name = plan_annotations[which].name;

	assert(!is_beginning(name));
	return spec_annotation(spec, name);
}

bool plan_annotation_flag(const struct spec *spec, enum plan_annotation which)
{
	const char *value = plan_annotation(spec, which);

	return value && !str_eq(value, "0") && !str_eq(value, "false");
}

const char *plan_annotation_path(enum plan_annotation which)
{
	return plan_annotations[which].name - strlen(PATH);
}

static bool is_known(const char *key)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		if (str_eq(plan_annotations[i].name, key)) {
			return true;
		}
	}
	return false;
}

static const char *own_names(struct arena *arena)
{
	struct text list;

	text_init(&list, arena);
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		if (str_starts(plan_annotations[i].name, OWN)) {
			text_add(&list, "%s%s", list.len > 0 ? ", " : "", plan_annotations[i].name);
		}
	}
	return list.s;
}

int plan_annotations_known(struct arena *arena, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->annotations.n; i++) {
		const char *key = spec->annotations.v[i].key;

		if (str_starts(key, OWN) && !is_known(key)) {
			return err_set(err, EINVAL,
				       PATH "%.100s: there is no such annotation; rootlet has %s",
				       key, own_names(arena));
		}
	}
	return 0;
}
