/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/run: create and start in one, and who stays with the container: this process in the
 * foreground, a monitor behind a detached one.
 */
#include "host/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "host/foreground.h"
#include "host/gate.h"
#include "host/hooks.h"
#include "host/launch_internal.h"
#include "host/monitor.h"
#include "host/record.h"
#include "state/exit.h"
#include "state/folder.h"
#include "sys/exit.h"

/*
 * Without a pid namespace init's end ends nobody else: what it leaves becomes our child, and ends
 * with us.
 */
static bool adopts_orphans(const struct launch *l)
{
	return !l->detached && !l->options->no_subreaper && !host_own_pid_namespace(l->plan);
}

/* Foreground: stays until the end, then leaves nothing. */
int host_run_stay(struct launch *l, int *ret_status, struct err *err)
{
	struct foreground fg = {
		.pid = l->pid,
		.pidfd = l->pidfd,
		.signals = l->signals,
		.multiplexer = l->multiplexer,
		.notify = l->notify.from >= 0 ? &l->notify : NULL,
		.reap_orphans = adopts_orphans(l),
	};

	struct exit_record record;
	int status = 0;

	/* As runc: for the manager, who stays is the service's main process. */
	l->notify.main_pid = getpid();
	/* Others may look at and act on the container meanwhile. */
	state_unlock(&l->dir);
	TRY(host_foreground_wait(&fg, &status, err));
	host_launch_trace(l, "ended");
	l->pid = -1;
	record = state_exit_of(status);
	*ret_status = (int)record.status;
	if (l->record >= 0) {
		int rc = state_exit_write(l->record, &record);

		if (rc < 0) {
			/* The container ran, and its status is still ours to return. */
			log_warning("recording the exit status of container `%s`: %s",
				    l->options->id, strerror(-rc));
		}
	}
	host_network_done(&l->network, true);
	/* A `delete --force` from elsewhere may have been the end of it. */
	if (l->options->keep || !state_relock(&l->dir)) {
		return 0;
	}
	TRY(host_launch_remove_rdt(l, err));
	TRY(cgroup_remove(&l->cgroup, err));
	TRY(state_remove(&l->dir, err));
	host_hooks_poststop(&l->plan->hooks, l->bundle);
	return 0;
}

/*
 * With a service manager a detached run returns when the container is ready, as with other
 * runtimes: to the manager the end of this process before READY=1 is a failed service. A signal
 * meanwhile ends the attempt.
 */
static int await_ready(struct launch *l, int ready, struct err *err)
{
	int sig;

	state_unlock(&l->dir);
	sig = host_signals_until(l->signals, ready);
	if (!sig) {
		return 0;
	}
	(void)state_relock(&l->dir);
	return err_set(err, EINTR, "interrupted by signal %d before the container was ready", sig);
}

/* Detached: what stays is the monitor. */
static int leave(struct launch *l, struct err *err)
{
	struct monitor monitor = {
		.pid = l->pid,
		.pidfd = l->pidfd,
		.record = l->record,
		.parent = l->report >= 0,
		.notify = l->notify,
		.report = l->report,
	};
	scope_fd int ready = -1;
	scope_fd int told = -1;
	int fds[2];

	monitor.notify.main_pid = l->pid;
	if (l->report >= 0) {
		state_close(&l->dir);
		arena_done(&l->arena);
		host_monitor_become(&monitor);
	}
	if (l->notify.from < 0) {
		return host_monitor_begin(&monitor, err);
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	ready = fds[0];
	told = fds[1];
	monitor.report = told;
	TRY(host_monitor_begin(&monitor, err));
	fd_drop(&told);
	return await_ready(l, ready, err);
}

static int run_made(struct launch *l, int *ret_status, struct err *err)
{
	TRY(host_launch_make(l, false, err));
	host_launch_trace(l, "ready, recorded");
	host_foreground_size(l->plan->process.rows ? -1 : l->multiplexer);
	l->hooks_begun = true;
	TRY(host_gate_start(l->wire, NULL, err));
	host_launch_trace(l, "started");
	/*
	 * Beside the program. Where it fails after all, the program has had no network, and is
	 * ended.
	 */
	TRY(host_network_ready(&l->network, err));
	TRY(host_hooks_run(&l->plan->hooks, PLAN_HOOK_POSTSTART, "running", l->pid, l->bundle,
			   err));
	if (l->detached) {
		return leave(l, err);
	}
	return host_run_stay(l, ret_status, err);
}

/* report: host_monitor_behind's, or -1. */
static int run(const struct launch_options *options, int report, int *ret_status, struct err *err)
{
	struct launch l = LAUNCH_INIT(options);
	int rc;

	host_launch_begin(&l);
	l.detached = options->detach;
	l.report = report;
	rc = host_launch_prepare(&l, err);
	if (rc == 0) {
		if (adopts_orphans(&l)) {
			prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		}
		rc = run_made(&l, ret_status, err);
		if (rc < 0) {
			host_launch_undo(&l);
		}
	}
	host_launch_done(&l);
	return rc;
}

static int run_behind(void *data, int report, struct err *err)
{
	int status = 0;

	return run(data, report, &status, err);
}

int host_run(const struct launch_options *options, int *ret_status, struct err *err)
{
	struct launch_options copy = *options;

	*ret_status = 0;
	if (options->detach && !sys_exit_by_pidfd()) {
		return host_monitor_behind(run_behind, &copy, err);
	}
	return run(options, -1, ret_status, err);
}
