/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch_guest: what the host gives to a guest that sets itself up, and what it does when the
 * guest asks.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/give.h"
#include "cgroup/make.h"
#include "host/console.h"
#include "host/filter.h"
#include "host/hooks.h"
#include "host/launch_internal.h"
#include "host/mount_ids.h"
#include "host/netdev.h"
#include "host/serve.h"
#include "user/idmap.h"

/* -EPIPE is no error of ours: the guest ended already, and what it said is still to be read. */
int host_launch_tell(const struct launch *l, enum wire_type type, int fd, struct err *err)
{
	int rc = wire_send(l->wire, type, NULL, 0, fd);

	return rc < 0 && rc != -EPIPE ?
		       err_errno(err, -rc, "telling the container %s", wire_type_name(type)) :
		       0;
}

/*
 * Does the guest fork once more, so that the container's init is not the process that was cloned?
 */
bool host_launch_forks_again(const struct launch *l)
{
	return plan_joins(&l->plan->ns, CLONE_NEWUSER) || plan_joins(&l->plan->ns, CLONE_NEWPID);
}

bool host_launch_guest_waits(const struct launch *l)
{
	return l->plan->ids.how != PLAN_IDS_NONE && !host_launch_forks_again(l);
}

static int give_cgroup(const struct launch *l, int dir, struct err *err)
{
	if (l->plan->cgroup.manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	return host_launch_tell(l, dir >= 0 ? WIRE_CGROUP : WIRE_NO_CGROUP, dir, err);
}

static int serve_until(struct launch *l, enum wire_type last, struct err *err);

/*
 * The guest makes its namespaces without waiting for us. If it fails, it has said why, and will not
 * say it again.
 */
static int meet_network(struct launch *l, struct err *err)
{
	int rc;

	l->mapping = l->plan->ids.how != PLAN_IDS_NONE;
	rc = serve_until(l, WIRE_NETWORK, err);
	l->mapping = false;
	l->heard = rc < 0;
	return rc;
}

/*
 * systemd's answer takes as long as the id helpers, compiling a filter a millisecond: all of it
 * side by side.
 */
static int give(struct launch *l, struct err *err)
{
	struct idmap_job job;
	scope_fd int filter = -1;
	scope_fd int cgroup = -1;
	int rc = user_idmap_begin(&job, &l->plan->ids, l->pid, err);

	if (rc == 0 && l->plan->net.config && !host_launch_forks_again(l)) {
		/*
		 * The network's files now and not before the clone: the id helpers are at work, and
		 * the guest is.
		 */
		rc = host_launch_guest_waits(l) ?
			     host_network_files(&l->arena, l->plan, &l->dir, &l->network, err) :
			     0;
		rc = rc < 0 ? rc : meet_network(l, err);
	}
	if (rc == 0) {
		rc = cgroup_begin(&l->arena, &l->plan->cgroup, &l->cgroup, l->pid, l->pidfd,
				  l->inside, &cgroup, err);
	}
	if (rc == 0 && l->plan->filter.present) {
		rc = host_filter_compile(l->spec, l->plan, &filter, err);
	}
	TRY(user_idmap_finish(&job, &l->plan->ids, rc, err));
	host_network_mapped(&l->network);
	if (cgroup >= 0 && l->plan->cgroup.delegate) {
		TRY(cgroup_give(l->plan, cgroup, err));
	}
	if (l->plan->ids.how != PLAN_IDS_NONE) {
		TRY(host_launch_tell(l, WIRE_IDMAP, -1, err));
	}
	TRY(give_cgroup(l, cgroup, err));
	TRY(host_mount_ids(&l->plan->fs, l->wire, err));
	if (filter >= 0 && l->plan->host_setup) {
		/* the guest asks for our part of the set-up first: take_setup sends it */
		l->filter = fd_take(&filter);
	}
	return filter >= 0 ? host_launch_tell(l, WIRE_FILTER, filter, err) : 0;
}

static int take_listener(const struct launch *l, struct wire_msg *msg, struct err *err)
{
	struct filter_subject subject = { .pid = l->pid, .init = l->pid, .status = "creating" };
	int rc = host_filter_send_listener(&l->plan->filter, msg->fd, &subject, l->spec, l->plan,
					   err);

	close(msg->fd);
	return rc;
}

/*
 * The guest has mounted everything and waits: prestart, then createRuntime (config.md,
 * "POSIX-platform Hooks").
 */
static int take_setup(struct launch *l, struct err *err)
{
	TRY(host_netdev_move(l->plan, l->pid, err));
	TRY(host_network_ready(&l->network, err));
	l->hooks_begun = true;
	TRY(host_hooks_run(&l->plan->hooks, PLAN_HOOK_PRESTART, "creating", l->pid, l->bundle,
			   err));
	TRY(host_hooks_run(&l->plan->hooks, PLAN_HOOK_CREATE_RUNTIME, "creating", l->pid, l->bundle,
			   err));
	TRY(host_launch_tell(l, WIRE_SETUP_DONE, -1, err));
	return l->filter >= 0 ? host_launch_tell(l, WIRE_FILTER, l->filter, err) : 0;
}

/* An error of the network itself is the better one to tell. */
static int take_switch(struct launch *l, struct wire_msg *msg, struct err *err)
{
	const char *id = l->network.of ? l->network.of : l->options->id;
	scope_fd int listener = msg->fd, control = -1;

	TRY(host_network_ready(&l->network, err));
	TRY(host_network_connect(l->options->root, id, &control, err));
	return host_network_accel(control, id, listener, err);
}

static int take_network(struct launch *l, struct wire_msg *msg, struct err *err)
{
	bool userns = plan_joins(&l->plan->ns, CLONE_NEWUSER) || (l->plan->ns.new &CLONE_NEWUSER);

	return host_network_start(&l->network, l->pid, l->pidfd, msg->fd, userns,
				  l->mapping ? &l->plan->ids : NULL, err);
}

static int take_console(struct launch *l, struct wire_msg *msg, struct err *err)
{
	int rc = host_console_check(msg->fd, err);

	if (rc == 0 && l->console_socket >= 0) {
		rc = host_console_send(l->console_socket, msg->fd, err);
		fd_drop(&l->console_socket);
	} else if (rc == 0 && !l->detached) {
		fd_drop(&l->multiplexer);
		l->multiplexer = msg->fd;
		return 0;
	}
	close(msg->fd);
	return rc;
}

/* What this plan has no use for, as bits of messages. */
static unsigned unplanned(const struct plan *plan)
{
	unsigned bits = 0;

	bits |= plan->process.terminal ? 0 : WIRE_BIT(WIRE_CONSOLE);
	bits |= plan->host_setup ? 0 : WIRE_BIT(WIRE_SETUP);
	bits |= plan->net.config ? 0 : WIRE_BIT(WIRE_NETWORK);
	bits |= plan->filter.notify ? 0 : WIRE_BIT(WIRE_LISTENER);
	bits |= plan->net.accel ? 0 : WIRE_BIT(WIRE_SWITCH);
	bits |= plan->trace ? 0 : WIRE_BIT(WIRE_STEP);
	bits |= plan_joins(&plan->ns, CLONE_NEWUSER) || plan_joins(&plan->ns, CLONE_NEWPID) ?
			0 :
			WIRE_BIT(WIRE_INIT);
	return bits;
}

struct serving {
	struct launch *launch;
	struct serve guest;
};

/* The guest may have forked into a joined pid namespace meanwhile: then its child is init. */
static void follow(struct launch *l, const struct serve *guest)
{
	l->pid = guest->pid;
	l->pidfd = guest->pidfd;
}

static int take(void *data, struct wire_msg *msg, struct err *err)
{
	struct serving *s = data;

	follow(s->launch, &s->guest);
	switch (msg->type) {
	case WIRE_NETWORK:
		return take_network(s->launch, msg, err);
	case WIRE_SETUP:
		return take_setup(s->launch, err);
	case WIRE_LISTENER:
		return take_listener(s->launch, msg, err);
	case WIRE_SWITCH:
		return take_switch(s->launch, msg, err);
	case WIRE_CONSOLE:
		return take_console(s->launch, msg, err);
	default:
		return give(s->launch, err); /* INIT */
	}
}

static int serve_until(struct launch *l, enum wire_type last, struct err *err)
{
	struct serving s = {
		.launch = l,
		.guest = {
			.wire = l->wire,
			.signals = l->signals,
			.pid = l->pid,
			.pidfd = l->pidfd,
			.begin = l->begin,
			.quiet = l->options->quiet_notes,
			.gone = unplanned(l->plan) | l->came,
			.take = take,
		},
	};
	int rc;

	s.guest.data = &s;
	rc = last == WIRE_READY ? host_serve(&s.guest, err) : host_serve_until(&s.guest, last, err);
	l->came = s.guest.gone;
	follow(l, &s.guest);
	return rc < 0 ? host_filter_explain(l->plan, err) : 0;
}

int host_launch_serve(struct launch *l, struct err *err)
{
	return serve_until(l, WIRE_READY, err);
}

/*
 * A guest that has ended meanwhile has said why; that we then could not give it anything is a
 * consequence.
 */
int host_launch_give(struct launch *l, struct err *err)
{
	struct pollfd ended = { l->pidfd, POLLIN, 0 };
	struct err said;
	int rc = give(l, err);

	if (rc < 0 && !l->heard && poll(&ended, 1, 0) > 0 &&
	    serve_until(l, WIRE_READY, &said) < 0) {
		*err = said;
		return -said.code;
	}
	return rc;
}
