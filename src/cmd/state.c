/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/state: the OCI operation "state", and the JSON form of a container that list shares. */
#include "cmd/state.h"
#include "cmd/commands.h"
#include "state/file.h"
#include "state/status.h"

static const struct cmd_option options[] = {
	CMD_OPTIONS_END,
};

void cmd_state_json(struct json_writer *w, const struct state *state, enum state_status status)
{
	json_object_begin(w, NULL);
	json_string(w, "ociVersion", state->oci_version);
	json_string(w, "id", state->id);
	/* runtime.md: the pid is of interest only while there is a process. */
	json_int(w, "pid", status == STATE_STOPPED ? 0 : state->pid);
	json_string(w, "status", state_status_name(status));
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
	const char *root = NULL;
	struct json_writer w;
	struct state state;
	struct text out;

	(void)ret_status;
	TRY(cmd_root(ctx, false, &root, err));
	TRY(state_load(ctx->arena, root, ctx->args.v[0], &state, err));
	text_init(&out, ctx->arena);
	json_writer_init(&w, &out, false);
	cmd_state_json(&w, &state, state_status(root, &state));
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
	.run = run,
};
