/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/launch: a launch under way, from a bundle to a container: what its steps share, and all that
 * needs no process.
 */
#include "host/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/scope.h"
#include "facts/cgroup.h"
#include "facts/facts.h"
#include "facts/inherited_fds.h"
#include "host/console.h"
#include "host/hooks.h"
#include "host/notes.h"
#include "host/pidfd_socket.h"
#include "host/trace.h"
#include "plan/annotations.h"
#include "plan/build.h"
#include "plan/cgroup.h"
#include "plan/mount_adapt.h"
#include "spec/load.h"
#include "spec/spec.h"
#include "state/folder.h"
#include "sys/fd.h"
#include "user/session.h"

void host_launch_begin(struct launch *l, const struct launch_options *options,
		       enum launch_kind kind)
{
	*l = (struct launch){
		.options = options,
		.kind = kind,
		.dir = { .fd = -1 },
		.notify = NOTIFY_NONE,
		.network = NETWORK_INIT,
		.relay = RELAY_NONE,
		.guest = GUEST_PROCESS_NONE,
		.report = -1,
	};
	for (size_t i = 0; i < LAUNCH_FDS; i++) {
		l->fds[i] = -1;
	}
	l->guest.begin = host_trace_begin();
	l->guest.quiet = options->quiet_notes;
	l->guest.detached = kind == LAUNCH_CREATE || options->detach;
}

void host_launch_done(struct launch *l)
{
	for (size_t i = 0; i < LAUNCH_FDS; i++) {
		fd_drop(&l->fds[i]);
	}
	cgroup_job_done(&l->job);
	host_relay_end(&l->relay);
	host_guest_done(&l->guest);
	host_notify_close(&l->notify);
	host_network_close(&l->network);
	state_close(&l->dir);
	arena_done(&l->arena);
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
	host_notes_warn(l->plan);
	for (size_t i = 0; i < l->network.warnings.n; i++) {
		log_warning("%s", l->network.warnings.v[i]);
	}
	if (l->guest.detached && host_relay_wanted(l->plan, STDOUT_FILENO)) {
		log_warning("standard output is a file that the program's user can't open: where "
			    "it opens /dev/stdout, give it a pipe, or stay with it (run without "
			    "--detach)");
	}
}

/* Clients that are sent a pidfd: runc's option, crun's annotation. */
static int connect_for_pidfd(struct launch *l, struct err *err)
{
	const char *receiver = plan_annotation(l->spec, PLAN_ANNOTATION_PIDFD_RECEIVER);

	if (l->options->pidfd_socket) {
		TRY(host_pidfd_socket_connect(l->options->pidfd_socket,
					      &l->fds[LAUNCH_PIDFD_SOCKET], err));
	}
	if (receiver && *receiver) {
		TRY(host_pidfd_receiver_connect(receiver, &l->fds[LAUNCH_PIDFD_RECEIVER], err));
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
	const char *net = l->options->net;

	if (!net) {
		net = plan_annotation(l->spec, PLAN_ANNOTATION_NET);
	}
	if (!net || !str_starts(net, prefix)) {
		return 0;
	}
	return host_network_of(&l->arena, l->options->root, net + strlen(prefix), &l->network, ret,
			       err);
}

/* One that nobody can have made before: see guest/keyring.c. NULL: a keyring without a name. */
static const char *keyring_name(struct launch *l, const char *id)
{
	uint64_t any[2];

	if (getrandom(any, sizeof(any), 0) != sizeof(any)) {
		return NULL;
	}
	return arena_printf(&l->arena, "_ses.%s.%016" PRIx64 "%016" PRIx64, id, any[0], any[1]);
}

int host_launch_prepare(struct launch *l, struct err *err)
{
	const struct launch_options *o = l->options;
	struct plan_options options;
	struct facts facts;

	TRY(read_config(l, err));
	TRY(facts_probe(&l->arena, l->spec, &facts, err));
	if (l->guest.detached || plan_annotation(l->spec, PLAN_ANNOTATION_SESSION)) {
		facts.session_ends = user_session_ends(&l->arena);
	}
	facts_cgroup(&l->arena, o->cgroup_manager, plan_cgroup_place(l->spec),
		     plan_wants_limits(l->spec), plan_mounts_cgroup(l->spec), &facts.cgroup);
	l->owner = facts.user;
	if (!l->owner) {
		l->owner = arena_printf(&l->arena, "%u", facts.uid);
	}
	options = (struct plan_options){
		.id = o->id,
		.bundle = l->bundle,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.keyring = o->no_new_keyring ? NULL : keyring_name(l, o->id),
		.preserve_fds = o->preserve_fds,
		.notify = notify_path(l),
		.net = o->net,
		.publish = o->publish,
		.state = arena_printf(&l->arena, "%s/%s", o->root, o->id),
		.trace = l->guest.begin > 0,
		.cgroup_manager = o->cgroup_manager,
		.best_effort = o->best_effort,
	};
	TRY(find_shared_network(l, &options.net_of, err));
	options.net_of_ours = l->network.joined_ours;
	options.net_names = l->network.of != NULL;
	options.net_accel = l->network.shared.accel;
	TRY(plan_build(&l->arena, l->spec, &facts, &options, &l->plan, err));
	TRY(check_rootfs(l, err));
	if (l->plan->process.terminal && l->guest.detached && !o->console_socket) {
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
		TRY(host_console_connect(o->console_socket, &l->guest.console_socket, err));
	}
	TRY(connect_for_pidfd(l, err));
	TRY(host_network_prepare(&l->arena, l->plan, &l->network, err));
	tell_notes(l);
	return 0;
}
