/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/run: create and start in one, and who stays with the container: this process in the
 * foreground, a monitor behind a detached one.
 */
#include "host/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "host/foreground.h"
#include "host/hooks.h"
#include "host/kill.h"
#include "host/launch_steps.h"
#include "host/monitor.h"
#include "host/network.h"
#include "host/record.h"
#include "host/trace.h"
#include "state/exit.h"
#include "state/folder.h"
#include "sys/await.h"
#include "sys/exit.h"

static void write_record(const struct launch *l, const struct exit_record *record)
{
	int fd = l->fds[LAUNCH_RECORD];
	int rc = 0;

	if (fd >= 0) {
		rc = state_exit_write(fd, record);
	}
	if (rc < 0) {
		/* The container ran, and its status is still ours to return. */
		log_warning("recording the exit status of container `%s`: %s", l->options->id,
			    strerror(-rc));
	}
}

/* What exec has brought in is no child of ours, and init's end may not be its end. */
static int end_rest(const struct launch *l, struct err *err)
{
	const struct state state = {
		.id = l->options->id,
		.own_pid_namespace = host_own_pid_namespace(l->plan),
		.mount_namespace = l->mount_namespace,
	};

	return host_kill_rest(&state, err);
}

/* Foreground: stays until the end, then leaves nothing. */
int host_run_stay(struct launch *l, int *ret_status, struct err *err)
{
	struct foreground fg = {
		.pid = l->guest.pid,
		.pidfd = l->guest.pidfd,
		.signals = l->guest.signals,
		.multiplexer = l->guest.multiplexer,
		.notify = &l->notify,
		.relay = &l->relay,
		.reap_orphans = host_launch_adopts_orphans(l),
	};
	struct exit_record record;
	bool hurry = false;
	int status = 0;

	/* As runc: for the manager, who stays is the service's main process. */
	l->notify.main_pid = getpid();
	/* Others may look at and act on the container meanwhile. */
	state_unlock(&l->dir);
	TRY(host_foreground_wait(&fg, &status, &hurry, err));
	host_trace(l->guest.begin, "ended");
	l->guest.pid = -1;
	record = state_exit_of(status);
	*ret_status = (int)record.status;
	write_record(l, &record);
	host_network_end(&l->network, hurry);
	l->cgroup.hurry = hurry;
	l->cgroup.ran = true;
	/* A `delete --force` from elsewhere may have been the end of it. */
	if (l->options->keep || !state_relock(&l->dir)) {
		return 0;
	}
	TRY(end_rest(l, err));
	TRY(host_launch_remove_rdt(l, err));
	TRY(host_launch_end_cgroup(l, err));
	TRY(state_remove(&l->dir, err));
	if (host_hooks_poststop(&l->plan->hooks, l->bundle, false, err) < 0) {
		/* Nothing is left to be undone. */
		log_warning("%s", err->msg);
		*ret_status = 128 + err->signal;
	}
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
	sig = sys_await_by(l->guest.signals, ready);
	if (!sig) {
		return 0;
	}
	(void)state_relock(&l->dir);
	return sys_interrupted(sig, "before the container was ready", err);
}

/* Detached: what stays is the monitor. */
static int leave(struct launch *l, struct err *err)
{
	struct monitor monitor = {
		.pid = l->guest.pid,
		.pidfd = l->guest.pidfd,
		.record = l->fds[LAUNCH_RECORD],
		.parent = l->report >= 0,
		.notify = l->notify,
		.report = l->report,
	};
	scope_fd int ready = -1;
	scope_fd int told = -1;
	int fds[2];

	monitor.notify.main_pid = l->guest.pid;
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

/* report: host_monitor_behind's, or -1. */
static int run(const struct launch_options *options, int report, int *ret_status, struct err *err)
{
	struct launch l;
	int rc;

	host_launch_begin(&l, options, LAUNCH_RUN);
	l.report = report;
	rc = host_launch_make(&l, err);
	if (rc == 0) {
		if (options->detach) {
			rc = leave(&l, err);
		} else {
			rc = host_run_stay(&l, ret_status, err);
		}
		if (rc < 0) {
			host_launch_undo(&l, err);
			rc = -err->code;
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
