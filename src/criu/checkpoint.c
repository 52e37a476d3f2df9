/* SPDX-License-Identifier: Apache-2.0 */
/* criu/checkpoint: a running container into image files. */
#include "criu/checkpoint.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "criu/criu_images.h"
#include "host/lifecycle.h"
#include "spec/spec.h"
#include "state/file.h"
#include "state/folder.h"
#include "state/status.h"
#include "sys/fd.h"

/* The configuration as it was at create. */
static int load_spec(struct arena *arena, const struct state_dir *dir, struct spec **ret,
		     struct err *err)
{
	const char *text;
	ssize_t len = sys_read_file(arena, dir->fd, "config.json", JSON_TEXT_MAX, &text);
	int rc;

	if (len < 0) {
		err_errno(err, (int)-len, "%s/%s/config.json", dir->root, dir->id);
		return (int)len;
	}
	rc = spec_load(arena, text, (size_t)len, ret, err);
	if (rc < 0) {
		(void)err_wrap(err, "%s/%s/config.json", dir->root, dir->id);
	}
	return rc;
}

/*
 * Namespaces that the container has joined are their owner's to keep: CRIU is only told that they
 * are there.
 */
static int add_namespaces(struct criu *c, const struct spec *spec, const struct state *state,
			  struct err *err)
{
	const struct spec_linux *lin = spec->linux_;

	for (size_t i = 0; lin && i < lin->namespaces.n; i++) {
		const struct spec_namespace *ns = &lin->namespaces.v[i];
		const char *file = ns->type == CLONE_NEWNET ? "net" :
				   ns->type == CLONE_NEWPID ? "pid" :
							      NULL;
		struct stat st;

		if (!file || !ns->path || !*ns->path) {
			continue;
		}
		if (stat(arena_printf(c->arena, "/proc/%d/ns/%s", (int)state->pid, file), &st) <
		    0) {
			return err_errno(err, errno,
					 "/linux/namespaces/%zu: the container's namespace", i);
		}
		criu_add(c, "--external", "%s[%llu]:rootlet-%s", file,
			 (unsigned long long)st.st_ino, file);
	}
	return 0;
}

static int dump(struct arena *arena, const struct state_dir *dir, const struct state *state,
		const struct criu_options *options, struct err *err)
{
	struct criu criu;
	struct spec *spec = NULL;

	TRY(load_spec(arena, dir, &spec, err));
	if (spec->process && spec->process->terminal) {
		return err_set(
			err, ENOTSUP,
			"checkpoint: container `%s` has a terminal, whose other side is not in the "
			"container: only one with /process/terminal false can be checkpointed",
			state->id);
	}
	TRY(criu_begin(&criu, arena, "checkpoint", options->pre_dump ? "pre-dump" : "dump", options,
		       spec_annotation(spec, "org.criu.config"), true, err));
	criu_add(&criu, "--tree", "%d", (int)state->pid);
	criu_add(&criu, "--root", "%s", state->rootfs);
	criu_flag(&criu, options->leave_running && !options->pre_dump, "--leave-running");
	criu_flag(&criu, options->pre_dump, "--track-mem");
	if (options->parent) {
		criu_add(&criu, "--prev-images-dir", "%s", options->parent);
	}
	TRY(add_namespaces(&criu, spec, state, err));
	TRY(criu_images_describe(&criu, state, err));
	return criu_run(&criu, err);
}

int criu_checkpoint(const char *root, const char *id, const struct criu_options *options,
		    struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	enum state_status status;
	struct state_dir dir;
	struct state state;
	int rc;

	TRY(criu_allowed("checkpoint", err));
	TRY(state_open(root, id, &dir, err));
	rc = state_read(&arena, &dir, &state, err);
	if (rc == 0) {
		status = state_status(root, &state);
		rc = status == STATE_RUNNING || status == STATE_PAUSED ?
			     dump(&arena, &dir, &state, options, err) :
			     err_set(err, ESRCH, "container not running: `%s` is %s", id,
				     state_status_name(status));
	}
	if (rc == 0 && !options->leave_running && !options->pre_dump) {
		rc = host_destroy(&dir, &state, err);
	}
	state_close(&dir);
	return rc;
}
