/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/exec: exec: one more process in a container that is there.
 *
 * The container's first process is held by a pidfd that was checked by its start time: the
 * namespaces that are joined are surely its. What can be known of them from outside becomes facts,
 * the plan is made, and a clone of this process goes in. This process itself never enters.
 */
#include "host/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/attach.h"
#include "cgroup/cgroup.h"
#include "container/look.h"
#include "facts/facts.h"
#include "facts/inherited_fds.h"
#include "host/console.h"
#include "host/filter.h"
#include "host/foreground.h"
#include "host/gate.h"
#include "host/guest_process.h"
#include "host/guest_requests.h"
#include "host/network.h"
#include "host/notes.h"
#include "host/pidfd_socket.h"
#include "host/record.h"
#include "host/relay.h"
#include "host/trace.h"
#include "spec/load.h"
#include "state/exit.h"
#include "sys/fd.h"
#include "json/tree.h"

struct enter {
	const struct exec_options *options;
	struct arena arena;
	struct container *container;
	struct spec *spec; /* the container's */
	const struct plan *plan;
	struct guest_process guest;
	struct relay relay;
	int pidfd_socket;
	/* a connection to the helper that accelerates the network; -1: none does */
	int accel;
	bool pid_file_there; /* written by us */
};

static int check_paused(const struct enter *e, struct err *err)
{
	if (e->container->status == STATE_PAUSED && !e->options->ignore_paused) {
		return err_set(err, EBUSY,
			       "cannot exec in a paused container: the container `%s` is paused; "
			       "resume it, or use --ignore-paused",
			       e->container->id);
	}
	return 0;
}

static int read_process(struct enter *e, struct spec_process **ret, struct err *err)
{
	const char *path = e->options->process_file;
	struct spec_process *file = NULL;

	if (path) {
		const char *text;
		ssize_t len = sys_read_file(&e->arena, AT_FDCWD, path, JSON_TEXT_MAX, &text);

		int rc;

		if (len < 0) {
			err_errno(err, (int)-len, "--process: %s", path);
			return (int)len;
		}
		rc = spec_load_process(&e->arena, text, (size_t)len, &file, err);
		if (rc < 0) {
			(void)err_wrap(err, "--process: %s", path);
			return rc;
		}
	}
	return plan_exec_process(&e->arena, e->spec, file, &e->options->wish, ret, err);
}

static int check_terminal(struct enter *e, const struct spec_process *process, struct err *err)
{
	const struct exec_options *o = e->options;

	if (process->terminal && o->detach && !o->console_socket) {
		return err_set(err, EINVAL,
			       "cannot allocate tty if rootlet will detach without setting console "
			       "socket: give --console-socket, or leave --tty out");
	}
	if (!process->terminal && o->console_socket) {
		return err_set(err, EINVAL,
			       "cannot use console socket if rootlet will not allocate a tty: add "
			       "--tty, or leave --console-socket out");
	}
	return 0;
}

/*
 * A helper that is gone has nobody to ask; the process is then on the network as it is without
 * acceleration.
 */
static void join_accel(struct enter *e)
{
	const struct container *c = e->container;
	struct err ignored;

	if (c->state.network.accel) {
		(void)host_network_connect(c->root, c->id, &e->accel, &ignored);
	}
}

/* Everything that needs no process. */
static int prepare(struct enter *e, struct err *err)
{
	const struct exec_options *o = e->options;
	struct container *c = e->container;
	struct facts_container container;
	struct spec_process *process = NULL;
	struct plan_options options;
	struct facts facts;

	TRY(check_paused(e, err));
	TRY(container_spec(c, &e->spec, err));
	TRY(read_process(e, &process, err));
	TRY(check_terminal(e, process, err));
	TRY(container_look(c, &container, err));
	facts_process(&e->arena, process, &facts);
	join_accel(e);
	options = (struct plan_options){
		.id = c->id,
		.bundle = c->state.bundle,
		.no_new_keyring = !c->state.own_keyring,
		.keyring = c->state.keyring,
		.preserve_fds = o->preserve_fds,
		.trace = e->guest.begin > 0,
		.net_accel = e->accel >= 0,
	};
	TRY(plan_exec(&e->arena, e->spec, process, &facts, &container,
		      o->cgroup || c->state.cgroup.manager != PLAN_CGROUP_NONE, &options, &e->plan,
		      err));
	TRY(facts_inherited_check(&e->plan->process, err));
	/*
	 * What a foreground run would say aloud goes to --debug: exec is called often, by programs
	 * that read what is printed.
	 */
	host_notes_debug(e->plan);
	if (o->console_socket) {
		TRY(host_console_connect(o->console_socket, &e->guest.console_socket, err));
	}
	if (o->pidfd_socket) {
		return host_pidfd_socket_connect(o->pidfd_socket, &e->pidfd_socket, err);
	}
	return 0;
}

/*
 * The cgroup that the process is to be born in: then it need not be moved there, which costs much
 * more. -1 where that can't be: place() moves it.
 */
static int cgroup_to_be_born_in(const struct enter *e)
{
	const struct state *state = &e->container->state;
	struct err ignored;

	if (state->cgroup.manager == PLAN_CGROUP_NONE || e->options->cgroup ||
	    e->plan->enter.initial.set) {
		return -1;
	}
	return cgroup_open_beside(&state->cgroup, (pid_t)state->pid, &ignored);
}

static int spawn(struct enter *e, struct err *err)
{
	scope_fd int cgroup = cgroup_to_be_born_in(e);
	struct guest_clone how = {
		.what = "a process",
		.into = cgroup,
		.fds = { .gate = -1, .init = e->container->init, .root = e->container->root_dir },
	};

	if (!e->options->ignore_paused) {
		TRY(container_check_thawed(e->container, cgroup, err));
	}
	if (e->container->by_gate) {
		how.fds.namespaces = e->container->namespaces;
	}
	if (!e->options->detach) {
		TRY(host_relay_make(e->plan, &e->relay, err));
		e->guest.relay = &e->relay;
	}
	return host_guest_spawn(&e->guest, &how, err);
}

/* The guest waits for this, so that nothing of it ever runs outside of the container's cgroup. */
static int place(struct enter *e, struct err *err)
{
	const struct plan_cpus *cpus = &e->plan->enter.initial;
	const struct state *state = &e->container->state;

	if (!e->plan->enter.place) {
		return 0;
	}
	if (cpus->set &&
	    syscall(SYS_sched_setaffinity, e->guest.pid, sizeof(cpus->bits), cpus->bits) < 0) {
		return err_errno(err, errno, "/process/execCPUAffinity/initial");
	}
	if (!e->guest.inside) {
		TRY(cgroup_attach(&state->cgroup, e->options->cgroup, (pid_t)state->pid,
				  e->guest.pid, err));
	}
	return host_guest_tell(&e->guest, WIRE_PLACED, err);
}

static int give_filter(struct enter *e, struct err *err)
{
	scope_fd int filter = -1;

	if (!e->plan->filter.present) {
		return 0;
	}
	TRY(host_filter_compile(e->spec, e->plan, &filter, err));
	return host_guest_give(&e->guest, WIRE_FILTER, filter, err);
}

static int take_switch(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	const struct enter *e = g->owner;
	scope_fd int listener = msg->fd;

	return host_network_accel(e->accel, e->container->id, listener, err);
}

static const struct guest_request exec_requests[] = {
	{ WIRE_CONSOLE, host_guest_has_terminal, host_guest_take_console },
	{ WIRE_LISTENER, host_guest_has_listener, host_guest_take_listener },
	{ WIRE_SWITCH, host_guest_is_accelerated, take_switch },
	GUEST_REQUESTS_END,
};

/* The program's process is made last of all, so it runs already. */
static int tell_pid(struct enter *e, struct err *err)
{
	const struct exec_options *o = e->options;

	if (o->pid_file) {
		TRY(host_pid_file(o->pid_file, e->guest.pid, err));
		e->pid_file_there = true;
	}
	if (e->pidfd_socket >= 0) {
		return host_pidfd_socket_send(e->pidfd_socket, PIDFD_SOCKET_EXEC, e->guest.pidfd,
					      err);
	}
	return 0;
}

/*
 * What the process is started with lies ready for it when it has set itself up, where nothing has
 * to be done about it here before: it waits once less, which on a busy machine is most of what an
 * exec takes.
 */
static bool starts_by_itself(const struct plan *plan)
{
	return !host_guest_has_terminal(plan) && !host_guest_has_listener(plan) &&
	       !host_guest_is_accelerated(plan);
}

static int await_program(struct enter *e, struct err *err)
{
	bool told = starts_by_itself(e->plan);

	if (told) {
		TRY(host_guest_tell(&e->guest, WIRE_START, err));
	}
	TRY(host_guest_serve(&e->guest, WIRE_READY, err));
	host_trace(e->guest.begin, "ready");
	if (told) {
		return host_gate_follow(e->guest.wire, e->guest.signals, NULL, err);
	}
	if (!e->plan->process.rows) {
		host_foreground_size(e->guest.multiplexer);
	}
	return host_gate_start(e->guest.wire, e->guest.signals, NULL, err);
}

/* From the clone to the program. */
static int start(struct enter *e, struct err *err)
{
	TRY(host_signals_catch(&e->guest.signals, err));
	e->guest.plan = e->plan;
	e->guest.spec = e->spec;
	e->guest.init = (pid_t)e->container->state.pid;
	host_trace(e->guest.begin, "planned");
	TRY(spawn(e, err));
	host_trace(e->guest.begin, "cloned");
	TRY(place(e, err));
	TRY(give_filter(e, err));
	TRY(await_program(e, err));
	TRY(host_guest_take_last(&e->guest, err));
	host_trace(e->guest.begin, "started");
	return tell_pid(e, err);
}

static int stay(struct enter *e, int *ret_status, struct err *err)
{
	struct foreground fg = {
		.pid = e->guest.pid,
		.pidfd = e->guest.pidfd,
		.signals = e->guest.signals,
		.multiplexer = e->guest.multiplexer,
		.relay = &e->relay,
	};
	int status = 0;

	TRY(host_foreground_wait(&fg, &status, NULL, err));
	*ret_status = (int)state_exit_of(status).status;
	return 0;
}

/* Closes and frees all that is this process's. */
static void done(struct enter *e)
{
	host_relay_end(&e->relay);
	host_guest_done(&e->guest);
	fd_drop(&e->pidfd_socket);
	fd_drop(&e->accel);
	arena_done(&e->arena);
}

/* After a failure: nothing is left of the process. */
static void undo(struct enter *e, struct err *err)
{
	/*
	 * Killed with the pid namespace, or its cgroup gone: the container's end is the reason for
	 * any of it.
	 */
	(void)container_explain(e->container, err);
	host_guest_kill(&e->guest);
	if (e->pid_file_there) {
		host_pid_file_remove(e->options->pid_file);
	}
}

int host_exec(struct container *c, const struct exec_options *options, int *ret_status,
	      struct err *err)
{
	struct enter e = {
		.options = options,
		.container = c,
		.relay = RELAY_NONE,
		.guest = GUEST_PROCESS_NONE,
		.pidfd_socket = -1,
		.accel = -1,
	};
	int rc;

	e.guest.requests = exec_requests;
	e.guest.owner = &e;
	e.guest.status = "running";
	e.guest.begin = host_trace_begin();
	e.guest.quiet = true;
	e.guest.detached = options->detach;
	rc = prepare(&e, err);
	if (rc == 0 && start(&e, err) < 0) {
		undo(&e, err);
		rc = -err->code;
	}
	if (rc == 0 && !options->detach) {
		rc = stay(&e, ret_status, err);
	}
	done(&e);
	return rc;
}
