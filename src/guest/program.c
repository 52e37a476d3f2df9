/* SPDX-License-Identifier: Apache-2.0 */
/* guest/program: working directory, finding the program, waiting for `start`, execve. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hosts.h"
#include "base/scope.h"
#include "base/str.h"
#include "guest/step.h"
#include "sys/environ.h"
#include "sys/fd.h"
#include "sys/tree.h"
#include "wire/wire.h"

/*
 * Makes the working directory where it is missing, as the peers do. Situation: before the pivot.
 * Best effort: where it can't be made, guest_cwd says what is wrong.
 */
int guest_make_cwd(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	(void)err;
	if (p->present && !str_eq(p->cwd, "/")) {
		int fd = sys_make_in_root(g->rootfs, p->cwd, S_IFDIR);

		if (fd >= 0) {
			close(fd);
		}
	}
	return 0;
}

/*
 * Situation: the program's credentials; "/" is the container's. The kernel names a directory
 * outside the root "(unreachable)": getcwd finds one that a leaked descriptor led to
 * (CVE-2024-21626).
 */
int guest_cwd(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	char here[PATH_MAX];

	if (!p->present) {
		return 0;
	}
	if (chdir(p->cwd) < 0) {
		return err_errno(err, errno, "/process/cwd: chdir to \"%s\"", p->cwd);
	}
	if (syscall(SYS_getcwd, here, sizeof(here)) < 0 || here[0] != '/') {
		return err_set(err, EPERM, "/process/cwd: \"%s\" leads out of the container's root",
			       p->cwd);
	}
	return 0;
}

/*
 * "exec: PROGRAM: WHAT: no such file or directory", as Go writes errors: Docker tells 126 and 127
 * by the lower-case words, and by the program's name beside them.
 */
static int not_executed(const char *program, const char *what, int code, struct err *err)
{
	char why[128];

	snprintf(why, sizeof(why), "%s", strerror(code));
	why[0] = (char)tolower((unsigned char)why[0]);
	return err_set(err, code, "exec: \"%s\": %s%s", program, what, why);
}

/* A regular file that this user may execute: 0, else what execve would say. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		return errno;
	}
	if (S_ISDIR(st.st_mode)) {
		return EISDIR;
	}
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0) {
		return errno;
	}
	if (!S_ISREG(st.st_mode)) {
		return EACCES;
	}
	return 0;
}

static int search_path(struct guest *g, const char *name, struct err *err)
{
	const char *dir = g->plan->process.path;
	int worst = ENOENT;

	while (dir) {
		int len = (int)strcspn(dir, ":");
		/* An empty part means the working directory (execvp). */
		const char *full =
			arena_printf(&g->arena, "%.*s%s%s", len, dir, len ? "/" : "./", name);
		int code = executable(full);

		if (code == 0) {
			g->program = full;
			return 0;
		}
		if (code == EACCES) {
			worst = EACCES;
		}
		dir = strchr(dir, ':');
		if (dir) {
			dir++;
		}
	}
	if (worst == EACCES) {
		return not_executed(name, "", EACCES, err);
	}
	return not_executed(name, "executable file not found in $PATH: ", ENOENT, err);
}

/* A real one has some hundred lines; a longer file is not looked at. */
#define PASSWD_MAX (8u << 20)

/*
 * HOME is part of a login's environment; without one in the configuration it comes from the
 * container's own passwd.
 */
static const char *home_of(struct guest *g, uint32_t uid)
{
	const char *rest = "", *found;
	char line[1024];
	size_t len;

	(void)sys_tree_read(&g->arena, g->rootfs, "/etc/passwd", PASSWD_MAX, &rest);
	while (hosts_line(&rest, &found, &len)) {
		char *field[6] = { line };
		uint32_t id;

		if (len >= sizeof(line)) {
			continue;
		}
		memcpy(line, found, len);
		line[len] = '\0';
		for (int i = 1; i < 6 && field[i - 1]; i++) {
			field[i] = strchr(field[i - 1], ':');
			if (field[i]) {
				*field[i]++ = '\0';
			}
		}
		if (field[5] && str_u32(field[2], &id) == 0 && id == uid) {
			field[5][strcspn(field[5], ":")] = '\0';
			return field[5][0] == '/' ? arena_strdup(&g->arena, field[5]) : "/";
		}
	}
	return "/";
}

static void fill_environment(struct guest *g)
{
	const struct strs *env = &g->plan->process.env;
	bool has_home = false;
	size_t n = 0;

	g->env = arena_array(&g->arena, env->n + 3, sizeof(*g->env));
	for (size_t i = 0; i < env->n; i++) {
		/* An empty one counts for none, as with runc. */
		if (!str_eq(env->v[i], "HOME=")) {
			g->env[n++] = env->v[i];
			has_home = has_home || str_starts(env->v[i], "HOME=");
		}
	}
	if (g->plan->process.listen_fds > 0) {
		/*
		 * sd_listen_fds(3) compares it with its own: 1 where there is a pid namespace for
		 * this container.
		 */
		g->listen_pid = n;
		g->env[n++] = arena_printf(&g->arena, "LISTEN_PID=%d", (int)getpid());
	}
	if (!has_home) {
		g->env[n] = arena_printf(&g->arena, "HOME=%s", home_of(g, g->plan->process.uid));
	}
}

/*
 * Situation: the program's credentials and working directory, so that what its user can't reach is
 * not found.
 */
int guest_find_program(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	int code;

	if (!p->present) {
		return 0;
	}
	assert(p->args.n > 0);
	fill_environment(g);
	if (!strchr(p->args.v[0], '/')) {
		return search_path(g, p->args.v[0], err);
	}
	g->program = p->args.v[0];
	code = executable(g->program);
	if (code == 0) {
		return 0;
	}
	if (code == EISDIR) {
		return not_executed(g->program, "permission denied: ", EISDIR, err);
	}
	return not_executed(g->program, arena_printf(&g->arena, "stat %s: ", g->program), code,
			    err);
}

static int give_notify(struct guest *g, struct err *err)
{
	int rc = 0;

	if (g->notify >= 0) {
		rc = wire_send(g->wire, WIRE_NOTIFY, NULL, 0, g->notify);
	}
	fd_drop(&g->notify);
	if (rc < 0) {
		return err_errno(err, -rc, "handing the notification socket on");
	}
	return 0;
}

/*
 * Waits until `start` connects to the gate and says START. An exec may come before and ask for the
 * namespaces; whoever hangs up without a word only knocked.
 */
static int wait_at_gate(struct guest *g, struct err *err)
{
	for (;;) {
		struct wire_msg msg;
		int caller = accept4(g->gate, NULL, NULL, SOCK_CLOEXEC);

		if (caller < 0 && (errno == EINTR || errno == ECONNABORTED)) {
			continue;
		}
		if (caller < 0) {
			return err_errno(err, errno, "waiting for start");
		}
		if (wire_recv(caller, &msg) == 1) {
			if (msg.type == WIRE_START) {
				g->wire = caller;
				return give_notify(g, err);
			}
			if (msg.type == WIRE_NAMESPACES) {
				guest_give_namespaces(g, caller);
			}
		}
		close(caller);
	}
}

/*
 * What is left to do when nobody listens to us any more, and a filter that is loaded may forbid:
 * the calls are made in vain, for their error. The gate is waited at with accept4.
 */
static int try_calls(const struct guest *g, struct err *err)
{
	if (!g->plan->filter.present || g->filter) {
		return 0;
	}
	if (syscall(SYS_recvmsg, -1, NULL, 0) < 0 && errno != EBADF) {
		err_errno(err, errno, "waiting for start");
		return guest_explain_filter(err, "recvmsg");
	}
	if (g->gate >= 0 && syscall(SYS_accept4, -1, NULL, NULL, 0) < 0 && errno != EBADF) {
		err_errno(err, errno, "waiting for start");
		return guest_explain_filter(err, "accept4");
	}
	return 0;
}

int guest_wait_start(struct guest *g, struct err *err)
{
	struct wire_msg msg;
	int rc;

	assert(!g->started);
	TRY(try_calls(g, err));
	/* The container now outlives the command that made it. */
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0) {
		err_errno(err, errno, "outliving the command that makes the container");
		return guest_explain_filter(err, "prctl");
	}
	g->started = true;
	if (g->gate >= 0) {
		/*
		 * It may wait for days, and the hooks that inherit the caller's environment are
		 * done.
		 */
		sys_environ_forget();
	}
	rc = wire_send(g->wire, WIRE_READY, NULL, 0, -1);
	if (rc < 0) {
		err_errno(err, -rc, "telling the host side");
		return guest_explain_filter(err, "sendmsg");
	}
	/*
	 * A `create` that is killed before it has recorded us would leave a process that no one can
	 * name.
	 */
	rc = wire_recv(g->wire, &msg);
	if (rc > 0 && msg.type == WIRE_NOTIFY && g->gate >= 0) {
		g->notify = msg.fd;
		rc = wire_recv(g->wire, &msg);
	}
	if (rc < 0) {
		err_errno(err, -rc, "hearing from the host side");
		return guest_explain_filter(err, "recvmsg");
	}
	if (rc == 0 || msg.type != (g->gate >= 0 ? WIRE_RECORDED : WIRE_START)) {
		return err_set(err, EPIPE, "the host side ended before the start");
	}
	if (g->gate >= 0) {
		fd_drop(&g->wire);
		return wait_at_gate(g, err);
	}
	return 0;
}

int guest_explain_exec(const struct guest *g, int code, struct err *err)
{
	not_executed(g->program, "", code, err);
	if (code == ENOENT) {
		return err_hint(err, "the file is there, so what it needs to run is not: the "
				     "interpreter of its first line, or its dynamic loader");
	}
	if (code == ENOEXEC) {
		return err_hint(
			err,
			"it is neither a program for this machine nor a script with a \"#!\" line");
	}
	if (g->plan->filter.present && (code == EPERM || code == ENOSYS)) {
		return guest_explain_filter(err, "execve");
	}
	return -code;
}

int guest_exec(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	if (!p->present) {
		return err_set(err, EINVAL, "/process: required to start a container");
	}
	assert(g->program && g->env);
	(void)wire_send(g->wire, WIRE_EXEC, NULL, 0, -1);
	TRY(guest_labels(g, err));
	TRY(guest_filter_late(g, err));
	execve(g->program, (char *const *)(uintptr_t)p->args.v, (char *const *)(uintptr_t)g->env);
	return guest_explain_exec(g, errno, err);
}
