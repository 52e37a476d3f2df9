/* SPDX-License-Identifier: Apache-2.0 */
/* criu/checkpoint: a running container into image files. */
#include "criu/checkpoint.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#include "criu/criu_images.h"
#include "host/delete.h"
#include "plan/annotations.h"
#include "spec/spec.h"

/* Of those that CRIU is told of; NULL for others. */
static const char *namespace_file(const struct spec_namespace *ns)
{
	switch (ns->type) {
	case CLONE_NEWNET:
		return "net";
	case CLONE_NEWPID:
		return "pid";
	default:
		return NULL;
	}
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
		const char *file = namespace_file(ns);
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

/* What a part of is not in the container. */
static int check(const struct state *state, const struct spec *spec, struct err *err)
{
	if (spec->process && spec->process->terminal) {
		return err_set(
			err, ENOTSUP,
			"checkpoint: container `%s` has a terminal, whose other side is not in the "
			"container: only one with /process/terminal false can be checkpointed",
			state->id);
	}
	/*
	 * Its tap device is slirp4netns's, and /etc/hosts and /etc/resolv.conf are parts of a
	 * filesystem that is mounted nowhere, which CRIU does not know how to dump.
	 */
	if (state->network.pid.set) {
		return err_set(err, ENOTSUP,
			       "checkpoint: container `%s` has a network of rootlet's, which is "
			       "not in the container: run it with --net=none or --net=host to "
			       "checkpoint it",
			       state->id);
	}
	return 0;
}

static int dump(struct container *c, const struct criu_options *options, struct err *err)
{
	const struct state *state = &c->state;
	struct criu criu;
	struct spec *spec = NULL;

	TRY(container_spec(c, &spec, err));
	TRY(check(state, spec, err));
	TRY(criu_begin(&criu, &c->arena, "checkpoint", options->pre_dump ? "pre-dump" : "dump",
		       options, plan_annotation(spec, PLAN_ANNOTATION_CRIU_CONFIG), true, err));
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

int criu_checkpoint(struct container *c, const struct criu_options *options, struct err *err)
{
	TRY(dump(c, options, err));
	if (options->leave_running || options->pre_dump) {
		return 0;
	}
	return host_destroy(c, false, err);
}
