/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/mounts: `rootlet mounts`: mounts added to a container that is there, or removed from it.
 *
 * This side reads and decides; a clone of it goes into the container and acts (guest/change.c). The
 * container is held by a pidfd of its first process that was checked by its start time.
 */
#include "host/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "facts/facts.h"
#include "guest/guest.h"
#include "host/foreground.h"
#include "host/gate.h"
#include "host/input.h"
#include "host/lifecycle.h"
#include "host/mount_ids.h"
#include "host/serve.h"
#include "plan/enter.h"
#include "state/file.h"
#include "state/status.h"
#include "sys/clone.h"
#include "sys/fd.h"
#include "sys/namespaces.h"
#include "json/tree.h"

struct change {
	struct arena arena;
	struct state state;
	struct plan *plan;
	struct serve guest;
	int init; /* pidfd of the container's first process */
	/* its root directory, where joining its mount namespace does not lead there; else -1 */
	int root;
	bool by_gate;
	int namespaces[SYS_NAMESPACES]; /* by_gate: where they can't be had by the pidfd; else -1 */
};

static int not_running(const char *id, struct err *err)
{
	return err_set(err, ESRCH,
		       "cannot change the mounts of container `%s`: container not running", id);
}

static int find_container(struct change *c, const char *root, const char *id, struct err *err)
{
	TRY(state_load(&c->arena, root, id, &c->state, err));
	if (state_status(root, &c->state) == STATE_STOPPED ||
	    state_pidfd(&c->state, &c->init) < 0) {
		return not_running(id, err);
	}
	if (c->state.no_pivot) {
		const char *path = arena_printf(&c->arena, "/proc/%d/root", (int)c->state.pid);

		c->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (c->root < 0) {
			return err_errno(err, errno, "the root of container `%s`", id);
		}
	}
	return 0;
}

static int read_spec(struct change *c, const char *root, const char *id, struct spec **ret,
		     struct err *err)
{
	const char *path = arena_printf(&c->arena, "%s/%s/config.json", root, id);
	const char *text;
	ssize_t len = sys_read_file(&c->arena, AT_FDCWD, path, JSON_TEXT_MAX, &text);

	if (len < 0) {
		return err_errno(err, (int)-len, "%s, the container's configuration", path);
	}
	return spec_load(&c->arena, text, (size_t)len, ret, err) < 0 ? err_wrap(err, "%s", path) :
								       0;
}

static int read_wish(struct change *c, const char *file, struct plan_mounts_wish *wish,
		     struct err *err)
{
	struct input input;

	TRY(host_input_read(&c->arena, "", file, &input, err));
	wish->file = input.name;
	if (spec_load_mounts(&c->arena, input.text, input.len, &wish->v, &wish->n, err) < 0) {
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

/*
 * A container that waits for its start as another user than root can't be looked into: it is asked.
 */
static int ask_at_gate(struct change *c, const char *root, const char *id, struct err *err)
{
	const char *path = arena_printf(&c->arena, "%s/%s", root, id);
	struct state_dir dir = { .root = root, .id = id };
	scope_fd int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return err_errno(err, errno, "%s", path);
	}
	dir.fd = fd;
	c->by_gate = true;
	return host_gate_namespaces(&dir, c->namespaces, err);
}

static int look_at_container(struct change *c, const char *root, const char *id,
			     struct facts_container *ret, struct err *err)
{
	int rc = facts_container(&c->arena, (pid_t)c->state.pid, NULL, ret);

	if ((rc == -EACCES || rc == -EPERM) && state_status(root, &c->state) == STATE_CREATED) {
		TRY(ask_at_gate(c, root, id, err));
		rc = facts_container(&c->arena, (pid_t)c->state.pid, c->namespaces, ret);
	}
	if (rc == -ESRCH) {
		return not_running(id, err);
	}
	return rc < 0 ? err_errno(err, -rc, "looking at the namespaces of container `%s`", id) : 0;
}

static int prepare(struct change *c, const char *root, const char *id, const char *file,
		   bool remove, struct err *err)
{
	struct plan_mounts_wish wish = { .remove = remove };
	struct facts_container container;
	struct plan_options options;
	struct facts facts;
	struct spec *spec = NULL;

	TRY(find_container(c, root, id, err));
	wish.cgroup = c->state.cgroup.manager;
	TRY(read_spec(c, root, id, &spec, err));
	TRY(read_wish(c, file, &wish, err));
	TRY(look_at_container(c, root, id, &container, err));
	facts_mounts(&c->arena, spec, &facts);
	options = (struct plan_options){
		.id = c->state.id,
		.bundle = c->state.bundle,
		.trace = c->guest.begin > 0,
	};
	TRY(plan_enter_mounts(&c->arena, spec, &facts, &container, &options, &wish, &c->plan, err));
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
			.init = c->init,
			.root = c->root,
			.namespaces = c->by_gate ? c->namespaces : NULL,
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

int host_mounts(const char *root, const char *id, const char *file, bool remove, struct err *err)
{
	struct change c = { .guest = SERVE_INIT, .init = -1, .root = -1 };
	int rc;

	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		c.namespaces[i] = -1;
	}
	c.guest.begin = host_trace_begin();
	rc = prepare(&c, root, id, file, remove, err);
	if (rc == 0) {
		rc = act(&c, err);
		/*
		 * Killed with the pid namespace that it was in: the reason is the container's end.
		 */
		if (rc < 0 && state_is_ending(&c.state)) {
			rc = not_running(id, err);
		}
		/* Done or failed: it has nothing more to do. */
		host_serve_kill(&c.guest);
	}
	host_serve_done(&c.guest);
	fd_drop(&c.init);
	fd_drop(&c.root);
	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		fd_drop(&c.namespaces[i]);
	}
	arena_done(&c.arena);
	return rc;
}
