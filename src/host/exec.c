/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/exec: exec: one more process in a container that is there.
 *
 * The container's first process is held by its pidfd: the namespaces that are joined are surely
 * its. What can be known of them from outside becomes facts, the plan is made, and a clone of this
 * process goes in. This process itself never enters.
 */
#include "host/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "container/look.h"
#include "facts/facts.h"
#include "facts/inherited_fds.h"
#include "guest/guest.h"
#include "host/console.h"
#include "host/filter.h"
#include "host/foreground.h"
#include "host/gate.h"
#include "host/network.h"
#include "host/pidfd_socket.h"
#include "host/record.h"
#include "host/serve.h"
#include "state/exit.h"
#include "sys/clone.h"
#include "sys/fd.h"
#include "json/tree.h"

struct enter {
	const struct exec_options *options;
	struct arena arena;
	struct container *container;
	struct spec *spec; /* the container's */
	struct plan *plan;
	struct serve guest;
	bool inside; /* the process was born in the container's cgroup */
	int console_socket;
	int pidfd_socket;
	/* a connection to the helper that accelerates the network; -1: none does */
	int accel;
	int multiplexer;     /* foreground with a terminal */
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
 * What a foreground run would say aloud goes to --debug: exec is called often, by programs that
 * read what is printed.
 */
static void trace_notes(const struct plan *plan)
{
	for (size_t i = 0; log_debug_wanted() && i < plan->note_n; i++) {
		const struct plan_note *note = &plan->notes[i];

		log_debug("%s: %s: %s", note->path, note->what, note->why);
	}
}

/*
 * A helper that is gone has nobody to ask; the process is then on the network as it is without
 * acceleration.
 */
static void join_accel(struct enter *e)
{
	struct err ignored;

	const struct container *c = e->container;

	if (!c->state.network.accel || e->plan->filter.notify ||
	    host_network_connect(c->root, c->id, &e->accel, &ignored) < 0) {
		return;
	}
	e->plan->net.where = "the accelerated network";
	host_network_accel_plan(&e->arena, &e->plan->net);
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
	options = (struct plan_options){
		.id = c->id,
		.bundle = c->state.bundle,
		.no_new_keyring = !c->state.own_keyring,
		.preserve_fds = o->preserve_fds,
		.trace = e->guest.begin > 0,
	};
	TRY(plan_exec(&e->arena, e->spec, process, &facts, &container,
		      o->cgroup || c->state.cgroup.manager != PLAN_CGROUP_NONE, &options, &e->plan,
		      err));
	join_accel(e);
	TRY(facts_inherited_check(&e->plan->process, err));
	trace_notes(e->plan);
	if (o->console_socket) {
		TRY(host_console_connect(o->console_socket, &e->console_socket, err));
	}
	return o->pidfd_socket ? host_pidfd_socket_connect(o->pidfd_socket, &e->pidfd_socket, err) :
				 0;
}

/*
 * Born in the container's cgroup, it need not be moved there, which costs much more. Where that
 * can't be, place() moves it.
 */
static pid_t clone_inside(struct enter *e)
{
	const struct state *state = &e->container->state;
	scope_fd int cgroup = -1;
	struct err ignored;
	pid_t pid;

	if (state->cgroup.manager == PLAN_CGROUP_NONE || e->options->cgroup ||
	    e->plan->enter.initial.set) {
		return sys_clone(0, &e->guest.pidfd);
	}
	cgroup = cgroup_open_beside(&state->cgroup, (pid_t)state->pid, &ignored);
	pid = cgroup < 0 ? cgroup : sys_clone_into(0, cgroup, &e->guest.pidfd);
	e->inside = pid >= 0;
	return pid < 0 ? sys_clone(0, &e->guest.pidfd) : pid;
}

static int spawn(struct enter *e, struct err *err)
{
	scope_fd int theirs = -1;
	int rc = wire_pair(&e->guest.wire, &theirs);

	if (rc < 0) {
		return err_errno(err, -rc, "socketpair");
	}
	e->guest.pid = clone_inside(e);
	if (e->guest.pid == 0) {
		struct guest_fds fds = {
			.wire = theirs,
			.gate = -1,
			.init = e->container->init,
			.namespaces = e->container->by_gate ? e->container->namespaces : NULL,
			.root = e->container->root_dir,
		};

		fd_drop(&e->guest.wire);
		guest_main(e->plan, &fds);
	}
	return e->guest.pid < 0 ? err_errno(err, -e->guest.pid, "making a process") : 0;
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
	if (!e->inside) {
		TRY(cgroup_attach(&state->cgroup, e->options->cgroup, (pid_t)state->pid,
				  e->guest.pid, err));
	}
	return host_serve_tell(&e->guest, WIRE_PLACED, -1, err);
}

static int give_filter(struct enter *e, struct err *err)
{
	scope_fd int filter = -1;

	if (!e->plan->filter.present) {
		return 0;
	}
	TRY(host_filter_compile(e->spec, e->plan, &filter, err));
	return host_serve_tell(&e->guest, WIRE_FILTER, filter, err);
}

static int take_listener(struct enter *e, struct wire_msg *msg, struct err *err)
{
	struct filter_subject subject = {
		.pid = e->guest.pid,
		.init = (pid_t)e->container->state.pid,
		.status = "running",
	};
	int rc = host_filter_send_listener(&e->plan->filter, msg->fd, &subject, e->spec, e->plan,
					   err);

	close(msg->fd);
	return rc;
}

static int take_switch(const struct enter *e, struct wire_msg *msg, struct err *err)
{
	int rc = host_network_accel(e->accel, e->container->id, msg->fd, err);

	close(msg->fd);
	return rc;
}

static int take_console(struct enter *e, struct wire_msg *msg, struct err *err)
{
	int rc = host_console_check(msg->fd, err);

	if (rc == 0 && e->console_socket >= 0) {
		rc = host_console_send(e->console_socket, msg->fd, err);
		fd_drop(&e->console_socket);
	} else if (rc == 0 && !e->options->detach) {
		fd_drop(&e->multiplexer);
		e->multiplexer = msg->fd;
		return 0;
	}
	close(msg->fd);
	return rc;
}

/* What this plan has no use for, as bits of messages. */
static unsigned unplanned(const struct plan *plan)
{
	unsigned bits = WIRE_BIT(WIRE_SETUP) | WIRE_BIT(WIRE_NETWORK);

	bits |= plan->process.terminal ? 0 : WIRE_BIT(WIRE_CONSOLE);
	bits |= plan->filter.notify ? 0 : WIRE_BIT(WIRE_LISTENER);
	bits |= plan->net.accel ? 0 : WIRE_BIT(WIRE_SWITCH);
	bits |= plan->trace ? 0 : WIRE_BIT(WIRE_STEP);
	bits |= plan->enter.join & CLONE_NEWPID ? 0 : WIRE_BIT(WIRE_INIT);
	return bits;
}

static int take(void *data, struct wire_msg *msg, struct err *err)
{
	switch (msg->type) {
	case WIRE_LISTENER:
		return take_listener(data, msg, err);
	case WIRE_SWITCH:
		return take_switch(data, msg, err);
	case WIRE_CONSOLE:
		return take_console(data, msg, err);
	default:
		return 0; /* INIT */
	}
}

/* From the clone to the program. */
static int start(struct enter *e, struct err *err)
{
	const struct exec_options *o = e->options;

	TRY(host_signals_catch(&e->guest.signals, err));
	e->guest.gone = unplanned(e->plan);
	host_trace(e->guest.begin, "planned");
	TRY(spawn(e, err));
	host_trace(e->guest.begin, "cloned");
	TRY(place(e, err));
	TRY(give_filter(e, err));
	if (host_serve(&e->guest, err) < 0) {
		return host_filter_explain(e->plan, err);
	}
	host_trace(e->guest.begin, "ready");
	if (o->pid_file) {
		TRY(host_pid_file(o->pid_file, e->guest.pid, err));
		e->pid_file_there = true;
	}
	if (e->pidfd_socket >= 0) {
		TRY(host_pidfd_socket_send(e->pidfd_socket, PIDFD_SOCKET_EXEC, e->guest.pidfd,
					   err));
	}
	host_foreground_size(e->plan->process.rows ? -1 : e->multiplexer);
	TRY(host_gate_start(e->guest.wire, NULL, err));
	host_trace(e->guest.begin, "started");
	return 0;
}

static int stay(struct enter *e, int *ret_status, struct err *err)
{
	struct foreground fg = {
		.pid = e->guest.pid,
		.pidfd = e->guest.pidfd,
		.signals = e->guest.signals,
		.multiplexer = e->multiplexer,
	};
	int status = 0;

	TRY(host_foreground_wait(&fg, &status, err));
	*ret_status = (int)state_exit_of(status).status;
	return 0;
}

int host_exec(struct container *c, const struct exec_options *options, int *ret_status,
	      struct err *err)
{
	struct enter e = {
		.options = options,
		.container = c,
		.guest = SERVE_INIT,
		.console_socket = -1,
		.pidfd_socket = -1,
		.accel = -1,
		.multiplexer = -1,
	};
	int rc;

	e.guest.begin = host_trace_begin();
	e.guest.quiet = true;
	e.guest.take = take;
	e.guest.data = &e;
	rc = prepare(&e, err);
	if (rc == 0) {
		rc = start(&e, err);
		if (rc < 0) {
			/*
			 * Killed with the pid namespace, or its cgroup gone: the container's end is
			 * the reason for any of it.
			 */
			rc = container_explain(c, err);
			host_serve_kill(&e.guest);
			if (e.pid_file_there) {
				(void)unlink(options->pid_file);
			}
		}
	}
	if (rc == 0 && !options->detach) {
		rc = stay(&e, ret_status, err);
	}
	host_serve_done(&e.guest);
	fd_drop(&e.console_socket);
	fd_drop(&e.pidfd_socket);
	fd_drop(&e.accel);
	fd_drop(&e.multiplexer);
	arena_done(&e.arena);
	return rc;
}
