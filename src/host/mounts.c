/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/mounts: `rootlet mounts`: mounts added to a container that is there, or removed from it.
 *
 * This side reads and decides; a clone of it goes into the container and acts (guest/change.c).
 */
#include "host/mounts.h"

#include <errno.h>
#include <unistd.h>

#include "base/scope.h"
#include "container/look.h"
#include "facts/facts.h"
#include "host/foreground.h"
#include "host/guest_process.h"
#include "host/guest_requests.h"
#include "host/input.h"
#include "host/mount_ids.h"
#include "host/notes.h"
#include "host/trace.h"
#include "plan/enter.h"
#include "spec/load.h"

struct change {
	struct container *container;
	const struct plan *plan;
	struct guest_process guest;
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
	host_notes_warn(c->plan);
	return 0;
}

static int spawn(struct change *c, struct err *err)
{
	struct guest_clone how = {
		.what = "a process",
		.into = -1,
		.fds = { .gate = -1, .init = c->container->init, .root = c->container->root_dir },
	};

	if (c->container->by_gate) {
		how.fds.namespaces = c->container->namespaces;
	}
	return host_guest_spawn(&c->guest, &how, err);
}

static const struct guest_request mounts_requests[] = {
	{ WIRE_INIT, host_guest_enters_pids, host_guest_take_init },
	GUEST_REQUESTS_END,
};

static int act(struct change *c, struct err *err)
{
	TRY(host_signals_catch(&c->guest.signals, err));
	c->guest.requests = mounts_requests;
	c->guest.plan = c->plan;
	TRY(spawn(c, err));
	for (size_t i = 0; i < c->plan->fs.mount_n; i++) {
		TRY(host_mount_ids_give(&c->plan->fs.mounts[i], c->guest.wire, err));
	}
	return host_guest_serve(&c->guest, WIRE_READY, err);
}

int host_mounts(struct container *container, const char *file, bool remove, struct err *err)
{
	struct change c = { .container = container, .guest = GUEST_PROCESS_NONE };
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
		host_guest_kill(&c.guest);
	}
	host_guest_done(&c.guest);
	return rc;
}
