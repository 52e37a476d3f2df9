/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest: the ordered steps from a bare clone to the container's program, and those of exec.
 *
 * Every step acts on the plan and decides nothing. What a step may rely on is said at its row; a
 * step that needs the host's view (its /proc, its paths) stands before the pivot, one that needs
 * privilege before the credentials.
 */
#include "guest/guest.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "guest/step.h"
#include "sys/fd.h"
#include "sys/signals.h"
#include "wire/wire.h"

struct step {
	const char *name; /* NULL: the end of a table */
	int (*run)(struct guest *g, struct err *err);
};

/* create, run: from a bare clone to the container's first process. */
static const struct step make_steps[] = {
	/*
	 * Written to this process's file in the host's /proc. Once a user namespace is joined, that
	 * file is the machine's root's.
	 */
	{ "oom score", guest_oom_score },
	/*
	 * Needs no mapped id, so it runs while the host's helpers write the maps. May fork: a
	 * joined pid namespace begins with a child.
	 */
	{ "namespaces", guest_new_namespaces },
	/*
	 * The last moment with the caller's id: with the container's ids the caller's state folder
	 * may be closed to this process.
	 */
	{ "caller's source", guest_caller_source },
	/* Early, as it needs capabilities only: the host side connects it beside what follows. */
	{ "network", guest_network },
	/* From here on this is uid 0 of its user namespace, with all capabilities in it. */
	{ "ids", guest_wait_ids },
	/*
	 * Before anything else is done in the new time namespace: its offsets freeze with the first
	 * process in it.
	 */
	{ "time", guest_time_offsets },
	{ "loopback", guest_loopback },
	{ "names", guest_names },
	{ "keyring", guest_keyring },
	/* Through the host's /proc, which is gone after the pivot. */
	{ "sysctls", guest_sysctls },
	{ "labels", guest_open_labels },
	/*
	 * While the host's mounts still tell each other what is mounted on them; the next step cuts
	 * that.
	 */
	{ "sources", guest_linked_sources },
	{ "rootfs", guest_rootfs },
	/* Those that need the cgroup wait for it; the host side may have to wait for systemd. */
	{ "mounts", guest_mounts },
	/* After the mounts: /dev is usually a tmpfs among them. */
	{ "devices", guest_devices },
	{ "links", guest_links },
	/*
	 * The pseudo-terminal is opened in the container's own devpts, so its path is true inside
	 * (CVE-2025-52565).
	 */
	{ "terminal", guest_terminal },
	/* Where no mount has waited for it: before anybody else takes part. */
	{ "cgroup", guest_cgroup },
	/*
	 * The host's hooks may still mount into the tree; then ours do. Paths are the host's until
	 * the pivot.
	 */
	{ "host setup", guest_host_setup },
	{ "createContainer hooks", guest_create_container_hooks },
	{ "namespaces for exec", guest_keep_namespaces },
	{ "cwd", guest_make_cwd },
	/* When nothing more is to be made in them. */
	{ "read-only mounts", guest_seal_mounts },
	/*
	 * After everything that writes into the tree. Masks first: a read-only /proc/sys still
	 * takes a mask below.
	 */
	{ "masked paths", guest_masks },
	{ "read-only paths", guest_readonly_paths },
	{ "pivot", guest_pivot },
	{ "read-only root", guest_root_readonly },
	{ "session", guest_session },
	{ "limits", guest_rlimits },
	{ "attributes", guest_attributes },
	{ "filter", guest_filter_receive },
	/* As the container's user: what that user can't reach is not found. */
	{ "user", guest_user },
	{ "cwd", guest_cwd },
	{ "program", guest_find_program },
	/*
	 * From here on only what the configuration grants. After all that looks at files: the
	 * filter may be loaded in it, and need not allow what the program itself doesn't call.
	 */
	{ "credentials", guest_credentials },
	{ "start", guest_wait_start },
	{ "startContainer hooks", guest_start_container_hooks },
	{ "exec", guest_exec },
	{ NULL, NULL },
};

/* exec: one more process in a container that is there. */
static const struct step enter_steps[] = {
	/*
	 * First: everything from here on is charged to the container, and what is forked stays
	 * there.
	 */
	{ "placed", guest_wait_placed },
	/*
	 * These use the host's /proc and /dev, with the caller's id. After the join they can't be
	 * seen any more, and this process's files in /proc are the machine's root's.
	 */
	{ "oom score", guest_oom_score },
	{ "proc", guest_keep_proc },
	{ "apart", guest_apart },
	/*
	 * All but the pid namespace: in that the container looks on, so the last step makes the
	 * program's process in it, when there is nothing left to be had of it.
	 */
	{ "namespaces", guest_enter },
	{ "ids", guest_wait_ids },
	{ "keyring", guest_keyring },
	{ "labels", guest_open_labels },
	{ "terminal", guest_terminal },
	{ "session", guest_session },
	{ "limits", guest_rlimits },
	{ "attributes", guest_attributes },
	{ "cpus", guest_final_cpus },
	{ "filter", guest_filter_receive },
	/* From here on as with create. */
	{ "user", guest_user },
	{ "cwd", guest_cwd },
	{ "program", guest_find_program },
	{ "credentials", guest_credentials },
	{ "start", guest_wait_start },
	{ "exec", guest_last },
	{ NULL, NULL },
};

/* rootlet mounts: into a container that is there, and nothing is left running. */
static const struct step change_steps[] = {
	{ "namespaces", guest_change_enter },
	{ "ids", guest_wait_ids },
	{ "sources", guest_change_sources },
	{ "mount namespace", guest_change_into },
	{ "mounts", guest_change_apply },
	{ "done", guest_change_done },
	{ NULL, NULL },
};

static const struct step *steps_of(const struct plan *plan)
{
	if (!plan->enter.present) {
		return make_steps;
	}
	if (plan->enter.mounts) {
		return change_steps;
	}
	return enter_steps;
}

/* Not past READY: what comes then is the start's, and nobody measures it. */
static void trace(const struct guest *g, const char *name)
{
	struct wire_step step = { 0 };
	struct timespec now;

	if (!g->plan->trace || g->started) {
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	step.when = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	snprintf(step.name, sizeof(step.name), "%s", name);
	(void)wire_send(g->wire, WIRE_STEP, &step, sizeof(step), -1);
}

/*
 * Whatever descriptors the caller left open, none of the host's leaks (CVE-2024-21626). exec needs
 * some of the host's until the end: none outlives its execve, whatever the bundle's filter forbids
 * then.
 */
static int shut_descriptors(const struct guest *g, struct err *err)
{
	int first = 3 + g->plan->process.preserve_fds;
	int rc;

	if (g->plan->enter.present) {
		rc = sys_cloexec_from(first);
	} else {
		/* Between the preserved ones too, where the caller left gaps. */
		rc = sys_close_cloexec(3, first, g->wire, g->gate);
		rc = rc < 0 ? rc : sys_close_except(first, g->wire, g->gate);
	}
	return rc < 0 ? err_errno(err, -rc, "closing the caller's descriptors") : 0;
}

static _Noreturn void give_up(const struct guest *g, const struct err *err)
{
	(void)wire_send(g->wire, WIRE_ERR, err, sizeof(*err), -1);
	_exit(1);
}

_Noreturn void guest_main(const struct plan *plan, const struct guest_fds *fds)
{
	struct guest g = {
		.plan = plan,
		.wire = fds->wire,
		.gate = fds->gate,
		.init = fds->init,
		.root = fds->root,
		.namespaces = fds->namespaces,
		.last = fds->last,
		.host_proc = -1,
		.as_caller = -1,
		.names_folder = -1,
		.names = -1,
		.notify = -1,
		.rootfs = -1,
		.proc = -1,
		.sys = -1,
		.null_dev = -1,
		.pty_peer = -1,
		.apparmor = -1,
		.selinux = -1,
		.hooks_out = -1,
		.hooks_err = -1,
	};
	const struct step *step = steps_of(plan);
	struct err err = { 0 };

	/*
	 * A pipeline's ignored SIGPIPE, a shell's blocked signals: nothing of that reaches the
	 * container.
	 */
	sys_signals_reset_work();
	/*
	 * Until READY the guest must not outlive a killed host; the end of file on the wire covers
	 * the race.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (shut_descriptors(&g, &err) < 0) {
		give_up(&g, &err);
	}
	for (; step->name; step++) {
		if (step->run(&g, &err) < 0) {
			give_up(&g, &err);
		}
		trace(&g, step->name);
	}
	_exit(1);
}
