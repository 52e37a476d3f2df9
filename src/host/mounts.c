/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/mounts: `rootlet mounts`: mounts added to a container that is there, or removed from it.
 *
 * This side reads and decides; a clone of it goes into the container and acts (guest/change.c).
 */
#include "host/mounts.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "container/look.h"
#include "facts/facts.h"
#include "guest/guest.h"
#include "host/foreground.h"
#include "host/input.h"
#include "host/mount_ids.h"
#include "host/serve.h"
#include "plan/enter.h"
#include "sys/clone.h"
#include "sys/fd.h"

struct change {
	struct container *container;
	struct plan *plan;
	struct serve guest;
};

static int read_wish(struct arena *arena, const char *file, struct plan_mounts_wish *wish,
		     struct err *err)
{
	struct input input;

	TRY(host_input_read(arena, "", file, &input, err));
	wish->file = input.name;
	if (spec_load_mounts(arena, input.text, input.len, &wish->v, &wish->n, err) < 0) {
		return err_wrap(err, "%s", input.name);
	}
	return 0;
}

static void tell_notes(const struct plan *plan)
{
	for (size_t i = 0; i < plan->note_n; i++) {
		const struct plan_note *note = &plan->notes[i];

		if (!note->quiet && log_notes_wanted()) {
			log_warning("%s: %s: %s%s%s", note->path, note->what, note->why,
				    note->remedy ? "; " : "", note->remedy ? note->remedy : "");
		}
	}
}

static int prepare(struct change *c, const char *file, bool remove, struct err *err)
{
	const struct state *state = &c->container->state;
	struct arena *arena = &c->container->arena;
	struct plan_mounts_wish wish = { .remove = remove, .cgroup = state->cgroup.manager };
	struct facts_container container;
	struct plan_options options;
	struct facts facts;
	struct spec *spec = NULL;

	TRY(container_spec(c->container, &spec, err));
	TRY(read_wish(arena, file, &wish, err));
	TRY(container_look(c->container, &container, err));
	facts_mounts(arena, spec, &facts);
	options = (struct plan_options){
		.id = state->id,
		.bundle = state->bundle,
		.trace = c->guest.begin > 0,
	};
	TRY(plan_enter_mounts(arena, spec, &facts, &container, &options, &wish, &c->plan, err));
	tell_notes(c->plan);
	return 0;
}

static int spawn(struct change *c, struct err *err)
{
	scope_fd int theirs = -1;
	int rc = wire_pair(&c->guest.wire, &theirs);

	if (rc < 0) {
		return err_errno(err, -rc, "socketpair");
	}
	c->guest.pid = sys_clone(0, &c->guest.pidfd);
	if (c->guest.pid == 0) {
		struct guest_fds fds = {
			.wire = theirs,
			.gate = -1,
			.init = c->container->init,
			.root = c->container->root_dir,
			.namespaces = c->container->by_gate ? c->container->namespaces : NULL,
		};

		fd_drop(&c->guest.wire);
		guest_main(c->plan, &fds);
	}
	return c->guest.pid < 0 ? err_errno(err, -c->guest.pid, "making a process") : 0;
}

/*
 * host_serve has taken over the process that was forked into the pid namespace; nothing else can
 * come.
 */
static int take(void *data, struct wire_msg *msg, struct err *err)
{
	(void)data;
	if (msg->type == WIRE_INIT) {
		return 0;
	}
	scope_close_(&msg->fd);
	return err_set(err, EPROTO, "the process in the container sent %s, which has no use here",
		       wire_type_name(msg->type));
}

static int act(struct change *c, struct err *err)
{
	TRY(host_signals_catch(&c->guest.signals, err));
	c->guest.take = take;
	TRY(spawn(c, err));
	TRY(host_mount_ids(&c->plan->fs, c->guest.wire, err));
	return host_serve(&c->guest, err);
}

int host_mounts(struct container *container, const char *file, bool remove, struct err *err)
{
	struct change c = { .container = container, .guest = SERVE_INIT };
	int rc;

	c.guest.begin = host_trace_begin();
	rc = prepare(&c, file, remove, err);
	if (rc == 0) {
		rc = act(&c, err);
		/*
		 * Killed with the pid namespace that it was in: the reason is the container's end.
		 */
		if (rc < 0) {
			rc = container_explain(container, err);
		}
		/* Done or failed: it has nothing more to do. */
		host_serve_kill(&c.guest);
	}
	host_serve_done(&c.guest);
	return rc;
}
