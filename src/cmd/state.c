/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/state: the OCI operation "state", and the JSON form of a container that list shares. */
#include "cmd/state.h"
#include "cmd/commands.h"
#include "state/status.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

void cmd_state_json(struct json_writer *w, const struct container *c)
{
	const struct state *state = &c->state;

	json_object_begin(w, NULL);
	json_string(w, "ociVersion", state->oci_version);
	json_string(w, "id", state->id);
	/* runtime.md: the pid is of interest only while there is a process. */
	json_int(w, "pid", container_pid(c));
	json_string(w, "status", state_status_name(c->status));
	json_string(w, "bundle", state->bundle);
	json_string(w, "rootfs", state->rootfs);
	json_string(w, "created", state->created);
	if (state->annotations.n > 0) {
		json_object_begin(w, "annotations");
		for (size_t i = 0; i < state->annotations.n; i++) {
			json_string(w, state->annotations.v[i].key, state->annotations.v[i].value);
		}
		json_object_end(w);
	}
	json_string(w, "owner", state->owner);
	if (state->cgroup.unit) {
		json_string(w, "systemd-scope", state->cgroup.unit); /* as crun */
	}
	json_object_end(w);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	struct json_writer w;
	struct text out;

	(void)ret_status;
	text_init(&out, ctx->arena);
	json_writer_init(&w, &out, false);
	cmd_state_json(&w, ctx->container);
	text_add(&out, "\n");
	return cmd_print(ctx, &out, err);
}

const struct cmd cmd_state = {
	.name = "state",
	.summary = "Print a container's state as JSON",
	.arguments = "CONTAINER",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_THERE,
	.run = run,
};
