/* SPDX-License-Identifier: Apache-2.0 */
/* host/launch_guest: the steps of a launch that deal with the guest. */
#include "host/launch_guest.h"

#include <sched.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "cgroup/give.h"
#include "cgroup/make.h"
#include "host/filter.h"
#include "host/guest_process.h"
#include "host/guest_requests.h"
#include "host/hooks.h"
#include "host/launch.h"
#include "host/mount_ids.h"
#include "host/netdev.h"
#include "host/network.h"
#include "sys/proc.h"
#include "user/idmap.h"

/*
 * Does the guest fork once more, so that the container's init is not the process that was cloned?
 */
static bool forks_again(const struct plan *plan)
{
	return plan_joins(&plan->ns, CLONE_NEWUSER) || plan_joins(&plan->ns, CLONE_NEWPID);
}

static bool maps_ids(const struct plan *plan)
{
	return plan->ids.how != PLAN_IDS_NONE;
}

/* Does the process that is cloned wait for its ids before it looks for anything of ours? */
static bool guest_waits(const struct plan *plan)
{
	return maps_ids(plan) && !forks_again(plan) && !plan->net.names_first;
}

/* ---- what it asks for ---- */

static bool is_known_by_mounts(const struct plan *plan)
{
	return (plan->ns.new &CLONE_NEWNS) && !(plan->ns.new &CLONE_NEWPID);
}

static int take_mounts(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	struct launch *l = g->owner;

	(void)err;
	l->mount_namespace = (struct opt_u64){ .set = true, .value = msg->mount_namespace };
	return 0;
}

static bool has_network(const struct plan *plan)
{
	return plan->net.config;
}

static int take_network(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	struct launch *l = g->owner;
	const struct plan *plan = l->plan;
	bool userns = plan_joins(&plan->ns, CLONE_NEWUSER) || (plan->ns.new &CLONE_NEWUSER);
	const struct plan_ids *still_to_map = NULL;

	if (l->mapping && maps_ids(plan)) {
		still_to_map = &plan->ids;
	}
	return host_network_start(&l->network, g->pid, g->pidfd, msg->fd, userns, still_to_map,
				  err);
}

static bool has_host_setup(const struct plan *plan)
{
	return plan->host_setup;
}

static int send_filter(struct launch *l, struct err *err)
{
	if (l->fds[LAUNCH_FILTER] >= 0) {
		TRY(host_guest_give(&l->guest, WIRE_FILTER, l->fds[LAUNCH_FILTER], err));
		fd_drop(&l->fds[LAUNCH_FILTER]);
	}
	return 0;
}

/*
 * The guest has mounted everything and waits: prestart, then createRuntime (config.md,
 * "POSIX-platform Hooks").
 */
static int take_setup(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	struct launch *l = g->owner;
	const struct plan_hooks *hooks = &l->plan->hooks;

	(void)msg;
	TRY(host_network_joined(&l->network, err));
	TRY(host_netdev_move(l->plan, g->pid, err));
	TRY(host_network_ready(&l->network, err));
	l->hooks_begun = true;
	TRY(host_hooks_run(hooks, PLAN_HOOK_PRESTART, "creating", g->pid, l->bundle, err));
	TRY(host_hooks_run(hooks, PLAN_HOOK_CREATE_RUNTIME, "creating", g->pid, l->bundle, err));
	TRY(host_guest_tell(g, WIRE_SETUP_DONE, err));
	return send_filter(l, err);
}

/* An error of the network itself is the better one to tell. */
static int take_switch(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	struct launch *l = g->owner;
	scope_fd int listener = msg->fd;
	scope_fd int control = -1;
	const char *id = l->options->id;

	if (l->network.of) {
		id = l->network.of;
	}
	TRY(host_network_ready(&l->network, err));
	TRY(host_network_connect(l->options->root, id, &control, err));
	return host_network_accel(control, id, listener, err);
}

static const struct guest_request launch_requests[] = {
	{ WIRE_INIT, forks_again, host_guest_take_init },
	{ WIRE_OWN_MOUNTS, is_known_by_mounts, take_mounts },
	{ WIRE_NETWORK, has_network, take_network },
	{ WIRE_CONSOLE, host_guest_has_terminal, host_guest_take_console },
	{ WIRE_SETUP, has_host_setup, take_setup },
	{ WIRE_LISTENER, host_guest_has_listener, host_guest_take_listener },
	{ WIRE_SWITCH, host_guest_is_accelerated, take_switch },
	GUEST_REQUESTS_END,
};

/* ---- the clone ---- */

/*
 * While it still has the caller's ids: later the host's procfs may hide it from us (hidepid=,
 * proc(5)).
 */
static void note_start(struct launch *l)
{
	char letter;

	if (sys_process_start_time(l->guest.pid, &l->start_time, &letter) < 0) {
		l->start_time = 0;
	}
}

int host_launch_spawn(struct launch *l, struct err *err)
{
	/*
	 * The other namespaces are made by the guest, while the maps are written; a joined user
	 * namespace comes first.
	 */
	const uint64_t first = CLONE_NEWUSER | CLONE_NEWPID;
	struct guest_clone how = {
		.what = "the container's first process",
		.into = l->fds[LAUNCH_INTO],
		.fds = { .gate = l->fds[LAUNCH_GATE], .init = -1, .root = -1 },
	};

	if (!plan_joins(&l->plan->ns, CLONE_NEWUSER)) {
		how.flags = l->plan->ns.new &first;
	}
	if (how.flags & CLONE_NEWUSER) {
		how.what = "the container's first process in a new user namespace";
	}
	if (!l->guest.detached) {
		TRY(host_relay_make(l->plan, &l->relay, err));
		l->guest.relay = &l->relay;
	}
	l->guest.requests = launch_requests;
	l->guest.owner = l;
	l->guest.plan = l->plan;
	l->guest.spec = l->spec;
	l->guest.status = "creating";
	TRY(host_guest_spawn(&l->guest, &how, err));
	note_start(l);
	return 0;
}

void host_launch_kill(struct launch *l, struct err *err)
{
	(void)err;
	host_guest_kill(&l->guest);
}

/* A guest that joins the namespaces of others says on its own when it is there, by INIT. */
int host_launch_await_init(struct launch *l, struct err *err)
{
	if (forks_again(l->plan)) {
		TRY(host_guest_serve(&l->guest, WIRE_INIT, err));
		note_start(l);
	}
	return 0;
}

/* ---- ids and network ---- */

int host_launch_begin_ids(struct launch *l, struct err *err)
{
	l->mapping = true;
	return user_idmap_begin(&l->ids, &l->plan->ids, l->guest.pid, err);
}

int host_launch_finish_ids(struct launch *l, struct err *err)
{
	l->mapping = false;
	TRY(user_idmap_finish(&l->ids, &l->plan->ids, 0, l->guest.signals, err));
	host_network_mapped(&l->network);
	return 0;
}

void host_launch_settle(struct launch *l, struct err *err)
{
	if (l->mapping) {
		l->mapping = false;
		(void)user_idmap_finish(&l->ids, &l->plan->ids, -err->code, l->guest.signals, err);
	}
	host_guest_last_word(&l->guest, err);
}

static int begin_cgroup(struct launch *l, struct err *err)
{
	if (l->cgroup_begun) {
		return 0;
	}
	l->cgroup_begun = true;
	return cgroup_begin(&l->arena, &l->plan->cgroup, &l->cgroup, &l->job, l->guest.pid,
			    l->guest.pidfd, l->guest.inside, &l->fds[LAUNCH_CGROUP], err);
}

/*
 * Does the guest stay its caller's process for the set-up? Out of a login session the system's
 * manager moves it, and does so only for the user whose id the process has
 * (org.freedesktop.systemd1(5), AttachProcessesToUnit): any other has to wait for its cgroup.
 */
static bool keeps_callers_id(const struct plan_ids *ids)
{
	uint32_t uid;

	return !ids->take_ids ||
	       (plan_map_outside(&ids->uid, ids->setup_uid, &uid) && uid == geteuid());
}

int host_launch_give_ids(struct launch *l, struct err *err)
{
	if (l->plan->cgroup.manager == PLAN_CGROUP_SYSTEMD && !keeps_callers_id(&l->plan->ids)) {
		TRY(begin_cgroup(l, err));
	}
	if (maps_ids(l->plan)) {
		return host_guest_tell(&l->guest, WIRE_IDMAP, err);
	}
	return 0;
}

int host_launch_network_files(struct launch *l, struct err *err)
{
	if (guest_waits(l->plan)) {
		return 0;
	}
	return host_network_files(&l->arena, l->plan, &l->dir, &l->network, err);
}

int host_launch_await_network(struct launch *l, struct err *err)
{
	if (!has_network(l->plan) || forks_again(l->plan)) {
		return 0;
	}
	if (guest_waits(l->plan)) {
		TRY(host_network_files(&l->arena, l->plan, &l->dir, &l->network, err));
	}
	return host_guest_serve(&l->guest, WIRE_NETWORK, err);
}

/* ---- cgroup, mounts, filter ---- */

int host_launch_ask_cgroup(struct launch *l, struct err *err)
{
	(void)err;
	cgroup_ask(&l->plan->cgroup, &l->job, l->guest.pid, l->guest.pidfd);
	return 0;
}

static int own_cgroup(struct launch *l, struct err *err)
{
	if (l->fds[LAUNCH_CGROUP] < 0 || !l->plan->cgroup.delegate) {
		return 0;
	}
	return cgroup_give(l->plan, l->fds[LAUNCH_CGROUP], err);
}

static int give_cgroup(struct launch *l, struct err *err)
{
	if (l->plan->cgroup.manager == PLAN_CGROUP_NONE) {
		return 0;
	}
	TRY(begin_cgroup(l, err));
	TRY(own_cgroup(l, err));
	if (l->fds[LAUNCH_CGROUP] < 0) {
		return host_guest_tell(&l->guest, WIRE_NO_CGROUP, err);
	}
	TRY(host_guest_give(&l->guest, WIRE_CGROUP, l->fds[LAUNCH_CGROUP], err));
	fd_drop(&l->fds[LAUNCH_CGROUP]);
	return 0;
}

int host_launch_give_mounts(struct launch *l, struct err *err)
{
	const struct plan_fs *fs = &l->plan->fs;
	bool given = false;

	for (size_t i = 0; i < fs->mount_n; i++) {
		if (!given && plan_mount_in_cgroup(&fs->mounts[i])) {
			given = true;
			TRY(give_cgroup(l, err));
		}
		TRY(host_mount_ids_give(&fs->mounts[i], l->guest.wire, err));
	}
	if (given) {
		return 0;
	}
	return give_cgroup(l, err);
}

int host_launch_compile_filter(struct launch *l, struct err *err)
{
	if (!l->plan->filter.present) {
		return 0;
	}
	return host_filter_compile(l->spec, l->plan, &l->fds[LAUNCH_FILTER], err);
}

int host_launch_give_filter(struct launch *l, struct err *err)
{
	/* The guest asks for our part of the set-up first: take_setup sends it. */
	if (l->plan->host_setup) {
		return 0;
	}
	return send_filter(l, err);
}

int host_launch_serve(struct launch *l, struct err *err)
{
	return host_guest_serve(&l->guest, WIRE_READY, err);
}
