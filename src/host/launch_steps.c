/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch_steps: the host's half of a launch: the ordered steps from a bundle to a container
 * that is ready (create) or started (run).
 *
 * The other half is make_steps[] in guest/guest.c. Both run side by side from the clone on: the
 * guest makes its namespaces while the id helpers run, then waits for what it is given, and is
 * served until it is ready.
 */
#include "host/launch_steps.h"

#include <sys/prctl.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/make.h"
#include "cgroup/remove.h"
#include "host/foreground.h"
#include "host/gate.h"
#include "host/hooks.h"
#include "host/launch_guest.h"
#include "host/network.h"
#include "host/notify.h"
#include "host/pidfd_socket.h"
#include "host/rdt.h"
#include "host/record.h"
#include "host/trace.h"
#include "state/exit.h"
#include "state/folder.h"
#include "state/state.h"

/* ---- before the clone ---- */

void host_launch_poststop(struct launch *l, struct err *err)
{
	struct err second;

	if (l->hooks_begun &&
	    host_hooks_poststop(&l->plan->hooks, l->bundle, err->signal != 0, &second) < 0) {
		log_warning("%s", second.msg);
	}
}

bool host_launch_adopts_orphans(const struct launch *l)
{
	return !l->guest.detached && !l->options->no_subreaper && !host_own_pid_namespace(l->plan);
}

static int adopt_orphans(struct launch *l, struct err *err)
{
	(void)err;
	if (host_launch_adopts_orphans(l)) {
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	}
	return 0;
}

int host_launch_catch_signals(struct launch *l, struct err *err)
{
	return host_signals_catch(&l->guest.signals, err);
}

int host_launch_reserve(struct launch *l, struct err *err)
{
	return state_reserve(l->options->root, l->options->id, &l->dir, err);
}

void host_launch_unreserve(struct launch *l, struct err *err)
{
	struct err ignored;

	(void)err;
	if (l->cgroup_left) {
		state_close(&l->dir);
	} else if (l->dir.fd >= 0) {
		(void)state_remove(&l->dir, &ignored);
	}
}

int host_launch_keep_config(struct launch *l, struct err *err)
{
	return state_write_file(&l->dir, "config.json", l->config, l->config_len, err);
}

static int make_notify(struct launch *l, struct err *err)
{
	if (l->notify.to >= 0) {
		return host_notify_bind(&l->dir, &l->notify.from, err);
	}
	return 0;
}

static void end_network(struct launch *l, struct err *err)
{
	host_network_end(&l->network, err->signal != 0);
}

static int make_gate(struct launch *l, struct err *err)
{
	return host_gate_make(&l->dir, &l->fds[LAUNCH_GATE], err);
}

static int begin_record(struct launch *l, struct err *err)
{
	if (!l->guest.detached && !l->options->keep) {
		return 0;
	}
	return state_exit_begin(&l->dir, &l->fds[LAUNCH_RECORD], err);
}

static int make_rdt(struct launch *l, struct err *err)
{
	TRY(host_rdt_make(&l->plan->rdt, err));
	l->rdt_made = true;
	return 0;
}

int host_launch_remove_rdt(const struct launch *l, struct err *err)
{
	const struct plan_rdt *rdt;
	const char *group = NULL;

	if (!l->rdt_made) {
		return 0;
	}
	rdt = &l->plan->rdt;
	if (rdt->remove_group) {
		group = rdt->group;
	}
	return host_rdt_remove(group, rdt->monitor, err);
}

static void undo_rdt(struct launch *l, struct err *err)
{
	struct err ignored;

	(void)err;
	(void)host_launch_remove_rdt(l, &ignored);
}

static int prepare_cgroup(struct launch *l, struct err *err)
{
	TRY(cgroup_prepare(&l->arena, &l->plan->cgroup, l->dir.fd,
			   arena_printf(&l->arena, "%s/%s", l->dir.root, l->dir.id), &l->cgroup,
			   &l->fds[LAUNCH_INTO], err));
	cgroup_connect(&l->plan->cgroup, &l->job);
	return 0;
}

int host_launch_end_cgroup(struct launch *l, struct err *err)
{
	if (cgroup_remove(&l->cgroup, err) < 0) {
		l->cgroup_left = true;
		return err_hint(err, "it is left: `rootlet delete --force %s` removes it",
				l->options->id);
	}
	return 0;
}

void host_launch_remove_cgroup(struct launch *l, struct err *err)
{
	struct err second;

	l->cgroup.hurry = err->signal != 0;
	if (!l->cgroup_left && host_launch_end_cgroup(l, &second) < 0) {
		log_warning("%s", second.msg);
	}
}

/* ---- once the guest is ready ---- */

static int enter_rdt(struct launch *l, struct err *err)
{
	return host_rdt_enter(&l->plan->rdt, l->guest.pid, err);
}

static int link_network(struct launch *l, struct err *err)
{
	/* Where the host had a part in the set-up, it has waited for all of the network then. */
	if (l->plan->host_setup) {
		return 0;
	}
	return host_network_linked(&l->network, err);
}

static int share_network(struct launch *l, struct err *err)
{
	TRY(host_network_joined(&l->network, err));
	return host_network_share(&l->network, &l->dir, l->guest.pid, l->guest.pidfd, err);
}

int host_launch_record(struct launch *l, struct err *err)
{
	return host_record(l, err);
}

int host_launch_pid_file(struct launch *l, struct err *err)
{
	if (l->options->pid_file) {
		return host_pid_file(l->options->pid_file, l->guest.pid, err);
	}
	return 0;
}

int host_launch_send_pidfd(struct launch *l, struct err *err)
{
	int client = l->fds[LAUNCH_PIDFD_SOCKET];
	int receiver = l->fds[LAUNCH_PIDFD_RECEIVER];

	if (client >= 0) {
		TRY(host_pidfd_socket_send(client, PIDFD_SOCKET_INIT, l->guest.pidfd, err));
	}
	if (receiver >= 0) {
		return host_pidfd_receiver_send(receiver, l->guest.pidfd, err);
	}
	return 0;
}

static int give_notify(struct launch *l, struct err *err)
{
	if (l->notify.from < 0) {
		return 0;
	}
	return host_guest_give(&l->guest, WIRE_NOTIFY, l->notify.from, err);
}

/* A guest that was killed already is the container's affair, and shows in its state. */
static int tell_recorded(struct launch *l, struct err *err)
{
	return host_guest_tell(&l->guest, WIRE_RECORDED, err);
}

static int start(struct launch *l, struct err *err)
{
	if (!l->plan->process.rows) {
		host_foreground_size(l->guest.multiplexer);
	}
	l->hooks_begun = true;
	return host_gate_start(l->guest.wire, l->guest.signals, NULL, err);
}

static int await_network_ready(struct launch *l, struct err *err)
{
	return host_network_ready(&l->network, err);
}

static int run_poststart(struct launch *l, struct err *err)
{
	return host_hooks_run(&l->plan->hooks, PLAN_HOOK_POSTSTART, "running", l->guest.pid,
			      l->bundle, err);
}

/* ---- all of it ---- */

static const struct launch_step launch_steps[] = {
	/*
	 * Everything that can fail without a process fails here. What is undone last is the
	 * container as its hooks know it: nothing of it is left when those of poststop run.
	 */
	{ "plan", LAUNCH_ANY, host_launch_prepare, host_launch_poststop },
	{ "orphans", LAUNCH_RUN, adopt_orphans, NULL },
	/* Before anything is made that a signal could leave behind. */
	{ "signals", LAUNCH_ANY, host_launch_catch_signals, NULL },
	{ "state folder", LAUNCH_ANY, host_launch_reserve, host_launch_unreserve },
	{ "configuration", LAUNCH_ANY, host_launch_keep_config, NULL },
	{ "notification socket", LAUNCH_ANY, make_notify, NULL },
	/*
	 * Where the guest comes for them at once; else they are made when there is time. Undone
	 * after the guest: the network's helper then ends by itself.
	 */
	{ "network files", LAUNCH_ANY, host_launch_network_files, end_network },
	/* The guest inherits it. */
	{ "gate", LAUNCH_CREATE, make_gate, NULL },
	{ "exit record", LAUNCH_RUN, begin_record, NULL },
	{ "resctrl groups", LAUNCH_ANY, make_rdt, undo_rdt },
	/* Last before the clone, which is born in it. */
	{ "cgroup", LAUNCH_ANY, prepare_cgroup, host_launch_remove_cgroup },
	{ "clone", LAUNCH_ANY, host_launch_spawn, host_launch_kill },
	/* Where it forks once more, what follows is for the process that will be init. */
	{ "init", LAUNCH_ANY, host_launch_await_init, NULL },
	/*
	 * systemd's job takes longer than all else together, the id helpers a millisecond and more,
	 * compiling a filter a millisecond, a network's helper several: all of it side by side.
	 */
	{ "scope asked for", LAUNCH_ANY, host_launch_ask_cgroup, NULL },
	{ "id helpers", LAUNCH_ANY, host_launch_begin_ids, host_launch_settle },
	{ "network begun", LAUNCH_ANY, host_launch_await_network, NULL },
	{ "filter", LAUNCH_ANY, host_launch_compile_filter, NULL },
	{ "ids", LAUNCH_ANY, host_launch_finish_ids, NULL },
	/* Given in the order in which the guest's steps wait for it. */
	{ "ids given", LAUNCH_ANY, host_launch_give_ids, NULL },
	/* The guest makes its mounts beside systemd's job, all but those that need the cgroup. */
	{ "cgroup and idmapped mounts given", LAUNCH_ANY, host_launch_give_mounts, NULL },
	{ "filter given", LAUNCH_ANY, host_launch_give_filter, NULL },
	/* Its terminal, the hooks of prestart and createRuntime, its listener. */
	{ "guest ready", LAUNCH_ANY, host_launch_serve, NULL },
	/* What of the network a program may not miss: before anybody can start one. */
	{ "resctrl", LAUNCH_ANY, enter_rdt, NULL },
	{ "network linked", LAUNCH_ANY, link_network, NULL },
	{ "network shared", LAUNCH_ANY, share_network, NULL },
	/* From here on other commands find the container. */
	{ "state", LAUNCH_ANY, host_launch_record, NULL },
	/* After the state: who waits for it may ask for that next. */
	{ "pid file", LAUNCH_ANY, host_launch_pid_file, NULL },
	{ "pidfd", LAUNCH_ANY, host_launch_send_pidfd, NULL },
	{ "notifications given", LAUNCH_CREATE, give_notify, NULL },
	/* The guest goes to its gate. */
	{ "recorded", LAUNCH_CREATE, tell_recorded, NULL },
	{ "start", LAUNCH_RUN, start, NULL },
	/*
	 * Beside the program. Where it fails after all, the program has had no network, and is
	 * ended.
	 */
	{ "network ready", LAUNCH_ANY, await_network_ready, NULL },
	{ "poststart hooks", LAUNCH_RUN, run_poststart, NULL },
	LAUNCH_STEPS_END,
};

int host_launch_run_steps(struct launch *l, const struct launch_step *steps, struct err *err)
{
	l->steps = steps;
	for (const struct launch_step *step = steps; step->run; step++) {
		l->begun++;
		if (!(step->kind & l->kind)) {
			continue;
		}
		if (step->run(l, err) < 0) {
			host_launch_undo(l, err);
			return -err->code;
		}
		host_trace(l->guest.begin, step->name);
	}
	return 0;
}

int host_launch_make(struct launch *l, struct err *err)
{
	return host_launch_run_steps(l, launch_steps, err);
}

void host_launch_undo(struct launch *l, struct err *err)
{
	while (l->begun > 0) {
		const struct launch_step *step = &l->steps[--l->begun];

		if (step->undo && step->kind & l->kind) {
			step->undo(l, err);
		}
	}
}
