/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/features: what this build recognises, as the Features structure of runtime-spec (features.md,
 * features-linux.md).
 *
 * Every list is the table that decodes or applies the thing, so nothing can be claimed that is not
 * there.
 */
#include "cmd/commands.h"
#include "commit.h"
#include "plan/annotations.h"
#include "plan/caps.h"
#include "plan/options.h"
#include "spec/names.h"
#include "spec/spec.h"
#include "spec/tables.h"
#include "json/encode.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

static void write_names(struct json_writer *w, const char *key, const struct name *table)
{
	json_array_begin(w, key);
	for (const struct name *n = table; n->name; n++) {
		json_string(w, NULL, n->name);
	}
	json_array_end(w);
}

static void write_enabled(struct json_writer *w, const char *key, bool enabled)
{
	json_object_begin(w, key);
	json_bool(w, "enabled", enabled);
	json_object_end(w);
}

static void write_hooks(struct json_writer *w)
{
	json_array_begin(w, "hooks");
	for (const struct json_field *f = spec_hooks_table.fields; f->key; f++) {
		json_string(w, NULL, f->key);
	}
	json_array_end(w);
}

static void write_mount_options(struct json_writer *w)
{
	json_array_begin(w, "mountOptions");
	for (const struct mount_option *o = plan_mount_options; o->name; o++) {
		json_string(w, NULL, o->name);
	}
	json_array_end(w);
}

static void write_seccomp(struct json_writer *w)
{
	json_object_begin(w, "seccomp");
	json_bool(w, "enabled", true);
	write_names(w, "actions", spec_seccomp_action_names);
	write_names(w, "operators", spec_seccomp_op_names);
	write_names(w, "archs", spec_seccomp_arch_names);
	write_names(w, "knownFlags", spec_seccomp_flag_names);
	write_names(w, "supportedFlags", spec_seccomp_flag_names);
	json_object_end(w);
}

/* Whether this build has the client; which manager answers is not a feature of the build. */
#ifdef HAVE_SD_BUS
static const bool has_systemd = true;
#else
static const bool has_systemd = false;
#endif

static void write_linux(struct json_writer *w)
{
	json_object_begin(w, "linux");
	write_names(w, "namespaces", spec_namespace_names);
	write_names(w, "capabilities", plan_cap_names);
	json_object_begin(w, "cgroup");
	json_bool(w, "v1", false);
	json_bool(w, "v2", true);
	json_bool(w, "systemd", has_systemd);
	json_bool(w, "systemdUser", has_systemd);
	json_bool(w, "rdma", true);
	json_object_end(w);
	write_seccomp(w);
	write_enabled(w, "apparmor", true);
	write_enabled(w, "selinux", true);
	json_object_begin(w, "intelRdt");
	json_bool(w, "enabled", true);
	json_bool(w, "schemata", true);
	json_bool(w, "monitoring", true);
	json_object_end(w);
	json_object_begin(w, "memoryPolicy");
	write_names(w, "modes", spec_mpol_mode_names);
	write_names(w, "flags", spec_mpol_flag_names);
	json_object_end(w);
	json_object_begin(w, "mountExtensions");
	write_enabled(w, "idmap", true);
	json_object_end(w);
	write_enabled(w, "netDevices", true);
	json_object_end(w);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	struct json_writer w;
	struct text out;

	(void)ret_status;
	text_init(&out, ctx->arena);
	json_writer_init(&w, &out, false);
	json_object_begin(&w, NULL);
	json_string(&w, "ociVersionMin", "1.0.0");
	json_string(&w, "ociVersionMax", SPEC_VERSION);
	write_hooks(&w);
	write_mount_options(&w);
	write_linux(&w);
	json_object_begin(&w, "annotations");
	json_string(&w, "org.rootlet.version", PACKAGE_VERSION);
	json_string(&w, "org.rootlet.commit", ROOTLET_COMMIT);
	json_string(&w, "run.oci.checkpoint.enabled", "true");
	json_object_end(&w);
	json_array_begin(&w, "potentiallyUnsafeConfigAnnotations");
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		if (plan_annotations[i].unsafe) {
			json_string(&w, NULL, plan_annotations[i].unsafe);
		}
	}
	json_array_end(&w);
	json_object_end(&w);
	text_add(&out, "\n");
	return cmd_print(ctx, &out, err);
}

const struct cmd cmd_features = {
	.name = "features",
	.summary = "Print what this build recognises, as JSON",
	.arguments = "",
	.options = options,
	.run = run,
};
