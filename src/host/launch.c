/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch: from a bundle to a container that is ready. start.c and run.c go on from there.
 *
 * Everything that can fail without a process is done first: configuration, facts, plan, the state
 * folder. Then one clone; while the guest makes its namespaces, the id helpers run; then the guest
 * is served until it is ready. Whatever fails, launch_undo leaves nothing of it.
 */
#include "host/launch_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "cgroup/cgroup.h"
#include "facts/cgroup.h"
#include "facts/facts.h"
#include "facts/inherited_fds.h"
#include "guest/guest.h"
#include "host/console.h"
#include "host/foreground.h"
#include "host/gate.h"
#include "host/hooks.h"
#include "host/pidfd_socket.h"
#include "host/rdt.h"
#include "host/record.h"
#include "host/serve.h"
#include "plan/build.h"
#include "spec/spec.h"
#include "state/exit.h"
#include "state/folder.h"
#include "sys/clone.h"
#include "sys/fd.h"
#include "sys/sock.h"
#include "user/explain.h"
#include "user/session.h"
#include "wire/wire.h"

#define PIDFD_RECEIVER "/annotations/run.oci.pidfd_receiver"

void host_launch_begin(struct launch *l)
{
	l->begin = host_trace_begin();
}

void host_launch_trace(const struct launch *l, const char *what)
{
	host_trace(l->begin, what);
}

void host_launch_done(struct launch *l)
{
	fd_drop(&l->console_socket);
	fd_drop(&l->pidfd_socket);
	fd_drop(&l->pidfd_receiver);
	fd_drop(&l->notify.from);
	fd_drop(&l->notify.to);
	fd_drop(&l->signals);
	fd_drop(&l->wire);
	fd_drop(&l->into);
	fd_drop(&l->filter);
	fd_drop(&l->gate);
	fd_drop(&l->multiplexer);
	fd_drop(&l->record);
	fd_drop(&l->pidfd);
	host_network_done(&l->network, false);
	state_close(&l->dir);
	arena_done(&l->arena);
}

int host_launch_remove_rdt(struct launch *l, struct err *err)
{
	const struct plan_rdt *rdt;

	if (!l->rdt_made) {
		return 0;
	}
	rdt = &l->plan->rdt;
	return host_rdt_remove(rdt->remove_group ? rdt->group : NULL, rdt->monitor, err);
}

void host_launch_undo(struct launch *l)
{
	struct err ignored;

	if (l->pidfd >= 0) {
		(void)sys_pidfd_kill(l->pidfd, SIGKILL);
	}
	while (l->pid > 0 && waitpid(l->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	host_network_done(&l->network, true);
	(void)host_launch_remove_rdt(l, &ignored);
	if (cgroup_remove(&l->cgroup, &ignored) < 0) {
		log_warning("%s", ignored.msg);
	}
	if (l->dir.fd >= 0) {
		(void)state_remove(&l->dir, &ignored);
	}
	if (l->hooks_begun) {
		host_hooks_poststop(&l->plan->hooks, l->bundle);
	}
}

static int read_config(struct launch *l, struct err *err)
{
	const char *path = l->options->config;
	ssize_t len;

	l->bundle = realpath(l->options->bundle, NULL);
	if (!l->bundle) {
		return err_errno(err, errno, "bundle %s", l->options->bundle);
	}
	{
		char *heap = (char *)(uintptr_t)l->bundle;

		l->bundle = arena_strdup(&l->arena, heap);
		free(heap);
	}
	if (!path) {
		path = arena_printf(&l->arena, "%s/config.json", l->bundle);
	}
	len = sys_read_file(&l->arena, AT_FDCWD, path, JSON_TEXT_MAX, &l->config);
	if (len < 0) {
		err_errno(err, (int)-len, "%s", path);
		if (len == -ENOENT && !l->options->config) {
			return err_hint(err, "a bundle is a folder with config.json (`rootlet "
					     "spec` writes one) and a root filesystem");
		}
		sys_explain_path(path, err);
		return -err->code;
	}
	l->config_len = (size_t)len;
	if (spec_load(&l->arena, l->config, l->config_len, &l->spec, err) < 0) {
		return err_wrap(err, "%s", path);
	}
	return 0;
}

static int check_rootfs(const struct launch *l, struct err *err)
{
	const char *path = l->plan->fs.rootfs;
	struct stat st;

	if (stat(path, &st) < 0) {
		err_errno(err, errno, "/root/path: root filesystem %s", path);
		sys_explain_path(path, err);
		return -err->code;
	}
	if (!S_ISDIR(st.st_mode)) {
		return err_set(err, ENOTDIR, "/root/path: root filesystem %s is not a directory",
			       path);
	}
	return 0;
}

static void tell_notes(const struct launch *l)
{
	if (l->options->quiet_notes || !log_notes_wanted()) {
		return;
	}
	for (size_t i = 0; i < l->plan->note_n; i++) {
		const struct plan_note *note = &l->plan->notes[i];

		if (!note->quiet) {
			log_warning("%s: %s: %s%s%s", note->path, note->what, note->why,
				    note->remedy ? "; " : "", note->remedy ? note->remedy : "");
		}
	}
	for (size_t i = 0; i < l->network.warnings.n; i++) {
		log_warning("%s", l->network.warnings.v[i]);
	}
}

/* Clients that are sent a pidfd: runc's option, crun's annotation. */
static int connect_for_pidfd(struct launch *l, struct err *err)
{
	const char *receiver = spec_annotation(l->spec, "run.oci.pidfd_receiver");

	if (l->options->pidfd_socket) {
		TRY(host_pidfd_socket_connect(l->options->pidfd_socket, &l->pidfd_socket, err));
	}
	if (receiver && *receiver) {
		int rc = sys_connect_unix(receiver, &l->pidfd_receiver);

		if (rc < 0) {
			err_errno(err, -rc, PIDFD_RECEIVER ": connecting to %s", receiver);
			sys_explain_socket(receiver, err);
			return rc;
		}
	}
	return 0;
}

/*
 * A variable that was left by some service far above is no reason not to run: the container then
 * gets no socket, like a program that is started without one. Returns the host path of the
 * container's socket, or NULL.
 */
static const char *notify_path(struct launch *l)
{
	const struct launch_options *o = l->options;
	struct err err;

	if (!o->notify_socket || !*o->notify_socket) {
		return NULL;
	}
	if (host_notify_connect(o->notify_socket, &l->notify.to, &err) < 0) {
		if (!o->quiet_notes) {
			log_warning("%s; the container gets no notification socket", err.msg);
		}
		return NULL;
	}
	return arena_printf(&l->arena, "%s/%s/" NOTIFY_FILE, o->root, o->id);
}

/* container:ID, of the option or else the annotation. */
static int find_shared_network(struct launch *l, const char **ret, struct err *err)
{
	static const char prefix[] = "container:";
	const char *net =
		l->options->net ? l->options->net : spec_annotation(l->spec, "org.rootlet.net");

	if (!net || !str_starts(net, prefix)) {
		return 0;
	}
	return host_network_of(&l->arena, l->options->root, net + strlen(prefix), &l->network, ret,
			       err);
}

/*
 * Who shares an accelerated network is accelerated with it, unless his bundle has a listener of its
 * own.
 */
static int prepare_network(struct launch *l, struct err *err)
{
	TRY(host_network_prepare(&l->arena, l->plan, &l->network, err));
	if (l->network.shared.accel && !l->plan->filter.notify) {
		host_network_accel_plan(&l->arena, &l->plan->net);
	}
	return 0;
}

int host_launch_prepare(struct launch *l, struct err *err)
{
	const struct launch_options *o = l->options;
	struct plan_options options;
	struct facts facts;

	TRY(read_config(l, err));
	TRY(facts_probe(&l->arena, l->spec, &facts, err));
	if (l->detached || spec_annotation(l->spec, PLAN_SESSION)) {
		facts.session_ends = user_session_ends(&l->arena);
	}
	facts_cgroup(&l->arena, o->cgroup_manager, plan_wants_limits(l->spec),
		     plan_mounts_cgroup(l->spec), &facts.cgroup);
	l->owner = facts.user ? facts.user : arena_printf(&l->arena, "%u", facts.uid);
	options = (struct plan_options){
		.id = o->id,
		.bundle = l->bundle,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.preserve_fds = o->preserve_fds,
		.notify = notify_path(l),
		.net = o->net,
		.publish = o->publish,
		.state = arena_printf(&l->arena, "%s/%s", o->root, o->id),
		.trace = l->begin > 0,
		.cgroup_manager = o->cgroup_manager,
		.best_effort = o->best_effort,
	};
	TRY(find_shared_network(l, &options.net_of, err));
	options.net_names = l->network.of != NULL;
	TRY(plan_build(&l->arena, l->spec, &facts, &options, &l->plan, err));
	host_hooks_state(&l->arena, o->id, l->bundle, &l->spec->annotations, &l->plan->hooks);
	TRY(check_rootfs(l, err));
	if (l->plan->process.terminal && l->detached && !o->console_socket) {
		return err_set(err, EINVAL,
			       "cannot allocate tty if rootlet will detach without setting console "
			       "socket: give --console-socket, or set /process/terminal to false");
	}
	if (!l->plan->process.terminal && o->console_socket) {
		return err_set(err, EINVAL,
			       "cannot use console socket if rootlet will not allocate a tty: set "
			       "/process/terminal to true, or leave --console-socket out");
	}
	TRY(facts_inherited_check(&l->plan->process, err));
	if (o->console_socket) {
		TRY(host_console_connect(o->console_socket, &l->console_socket, err));
	}
	TRY(connect_for_pidfd(l, err));
	TRY(prepare_network(l, err));
	tell_notes(l);
	return 0;
}

int host_launch_send_pidfd(const struct launch *l, struct err *err)
{
	if (l->pidfd_socket >= 0) {
		TRY(host_pidfd_socket_send(l->pidfd_socket, PIDFD_SOCKET_INIT, l->pidfd, err));
	}
	if (l->pidfd_receiver >= 0) {
		int rc = sys_send_fd(l->pidfd_receiver, PIDFD_SOCKET_INIT,
				     strlen(PIDFD_SOCKET_INIT), l->pidfd);

		return rc < 0 ? err_errno(err, -rc, PIDFD_RECEIVER ": sending the pidfd") : 0;
	}
	return 0;
}

/* The one clone. The child never returns from here. */
static int spawn(struct launch *l, struct err *err)
{
	/*
	 * The other namespaces are made by the guest, while the maps are written; a joined user
	 * namespace comes first.
	 */
	const uint64_t first = CLONE_NEWUSER | CLONE_NEWPID;
	uint64_t flags = plan_joins(&l->plan->ns, CLONE_NEWUSER) ? 0 : l->plan->ns.new &first;
	scope_fd int theirs = -1;
	int rc = wire_pair(&l->wire, &theirs);

	if (rc < 0) {
		return err_errno(err, -rc, "socketpair");
	}
	l->pid = l->into >= 0 ? sys_clone_into(flags, l->into, &l->pidfd) : -ENOSYS;
	l->inside = l->pid >= 0;
	if (l->pid < 0) {
		/* Whatever the reason: it is moved then, and a lasting one comes up again. */
		l->pid = sys_clone(flags, &l->pidfd);
	}
	if (l->pid == 0) {
		struct guest_fds fds = { .wire = theirs, .gate = l->gate, .init = -1, .root = -1 };

		fd_drop(&l->wire);
		guest_main(l->plan, &fds);
	}
	if (l->pid < 0) {
		err_errno(err, -l->pid, "making the container's first process%s",
			  flags & CLONE_NEWUSER ? " in a new user namespace" : "");
		if (flags & CLONE_NEWUSER) {
			user_explain_userns(err);
		}
		return -err->code;
	}
	return 0;
}

int host_launch_make(struct launch *l, bool with_gate, struct err *err)
{
	TRY(host_signals_catch(&l->signals, err));
	TRY(state_reserve(l->options->root, l->options->id, &l->dir, err));
	TRY(state_write_file(&l->dir, "config.json", l->config, l->config_len, err));
	if (l->notify.to >= 0) {
		TRY(host_notify_bind(&l->dir, &l->notify.from, err));
	}
	if (!host_launch_guest_waits(l)) {
		TRY(host_network_files(&l->arena, l->plan, &l->dir, &l->network, err));
	}
	if (with_gate) {
		TRY(host_gate_make(&l->dir, &l->gate, err));
	} else if (l->detached || l->options->keep) {
		TRY(state_exit_begin(&l->dir, &l->record, err));
	}
	TRY(host_rdt_make(&l->plan->rdt, err));
	l->rdt_made = true;
	TRY(cgroup_prepare(&l->arena, &l->plan->cgroup, &l->dir, &l->cgroup, &l->into, err));
	host_launch_trace(l, "planned, state reserved");
	TRY(spawn(l, err));
	host_launch_trace(l, "cloned");
	if (!host_launch_forks_again(l)) {
		TRY(host_launch_give(l, err));
		host_launch_trace(l, "ids mapped");
	}
	TRY(host_launch_serve(l, err));
	TRY(host_rdt_enter(&l->plan->rdt, l->pid, err));
	if (!l->plan->host_setup) {
		TRY(host_network_linked(&l->network, err));
	}
	TRY(host_network_share(&l->network, &l->dir, l->pid, l->pidfd, err));
	host_launch_trace(l, "network linked");
	TRY(host_record(l, err));
	if (l->options->pid_file) {
		TRY(host_pid_file(l->options->pid_file, l->pid, err));
	}
	TRY(host_launch_send_pidfd(l, err));
	if (with_gate && l->notify.from >= 0) {
		TRY(host_launch_tell(l, WIRE_NOTIFY, l->notify.from, err));
	}
	if (with_gate) {
		int rc = wire_send(l->wire, WIRE_RECORDED, NULL, 0, -1);

		/*
		 * -EPIPE: killed already, which is the container's affair and shows in its state.
		 */
		return rc < 0 && rc != -EPIPE ?
			       err_errno(err, -rc, "telling the container to wait for its start") :
			       0;
	}
	return 0;
}

int host_create(const struct launch_options *options, struct err *err)
{
	struct launch l = LAUNCH_INIT(options);
	int rc;

	host_launch_begin(&l);
	l.detached = true;
	rc = host_launch_prepare(&l, err);
	if (rc == 0) {
		rc = host_launch_make(&l, true, err);
		rc = rc < 0 ? rc : host_network_ready(&l.network, err);
		if (rc < 0) {
			host_launch_undo(&l);
		}
	}
	host_launch_done(&l);
	return rc;
}
