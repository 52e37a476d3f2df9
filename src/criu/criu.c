/* SPDX-License-Identifier: Apache-2.0 */
/* criu/criu: checkpoint and restore, by the program criu. */
#include "criu/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/await.h"
#include "sys/caps.h"
#include "sys/fd.h"
#include "sys/namespaces.h"
#include "sys/program.h"
#include "sys/spawn.h"

#define ARGS_MAX 2048
#define LOG_MAX (16 << 20)
#define CHECK_SECONDS 60

extern char **environ;

/* ---- is it possible? ---- */

int criu_allowed(const char *who, struct err *err)
{
	if (sys_userns_is_initial() && (sys_caps_permitted() >> CAP_SYS_ADMIN & 1)) {
		return 0;
	}
	return err_set(err, EPERM,
		       "%s: CRIU needs CAP_SYS_ADMIN (beside CAP_CHECKPOINT_RESTORE) in the "
		       "initial user namespace, which an ordinary user does not have: run it as "
		       "root, for a container that root has made",
		       who);
}

/* The first line of the text that tells of an error and of no mere nuisance; NULL: none. */
static const char *first_error(struct arena *arena, const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		const char *copy = arena_strndup(arena, line, len);
		const char *at = strstr(copy, "Error (");

		/* Its own limit on files is not the container's matter. */
		if (at && !strstr(at, "RLIMIT_NOFILE")) {
			return at;
		}
	}
	return NULL;
}

/* criu refuses at once, with three lines for one reason, on a kernel that it does not know. */
static int check_kernel(const struct criu *c, const char *who, struct err *err)
{
	const char *const argv[] = { c->path, "check", NULL };
	scope_fd int said = memfd_create("criu", MFD_CLOEXEC);
	struct sys_spawn spawn = {
		.path = c->path,
		.argv = argv,
		.env = (const char *const *)environ,
		.timeout = CHECK_SECONDS,
		.out = said,
		.err = said,
	};
	struct sys_spawn_end end;
	const char *text = "";
	const char *error;
	int rc;

	if (said < 0) {
		return err_errno(err, errno, "%s: memory for what criu says", who);
	}
	rc = sys_spawn_wait(&spawn, &end);
	if (lseek(said, 0, SEEK_SET) == 0) {
		(void)sys_read_fd(c->arena, said, LOG_MAX, &text);
	}
	if (end.signal) {
		return sys_await_failed(end.signal, err, "%s: %s check", who, c->path);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s: %s check", who, c->path);
	}
	if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) {
		return 0;
	}
	error = first_error(c->arena, text);
	if (!error && end.timed_out) {
		error = "no end after a minute";
	} else if (!error) {
		error = "failed without a word";
	}
	return err_set(err, ENOTSUP, "%s: CRIU does not work on this machine: %s check: %s", who,
		       c->path, error);
}

/* ---- the command line ---- */

static void add(struct criu *c, const char *arg)
{
	if (c->n < ARGS_MAX) {
		c->argv[c->n++] = arg;
	}
}

void criu_flag(struct criu *c, bool on, const char *flag)
{
	if (on) {
		add(c, flag);
	}
}

void criu_add(struct criu *c, const char *option, const char *fmt, ...)
{
	char value[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	add(c, option);
	add(c, arena_strdup(c->arena, value));
}

static int folder(struct criu *c, const char *option, const char *path, bool make, const char **ret,
		  struct err *err)
{
	struct stat st;
	char *full;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST) {
		return err_errno(err, errno, "--%s: %s", option, path);
	}
	full = realpath(path, NULL);
	if (!full || stat(full, &st) < 0 || !S_ISDIR(st.st_mode)) {
		int code = full ? ENOTDIR : errno;

		free(full);
		return err_errno(err, code, "--%s: %s", option, path);
	}
	*ret = arena_strdup(c->arena, full);
	free(full);
	return 0;
}

/* "ADDRESS:PORT"; the address may hold colons itself. */
static int add_page_server(struct criu *c, const char *text, struct err *err)
{
	const char *colon;

	if (!text) {
		return 0;
	}
	colon = strrchr(text, ':');
	if (!colon || colon == text || !colon[1]) {
		return err_set(err, EINVAL, "--page-server: `%s` is not ADDRESS:PORT", text);
	}
	add(c, "--page-server");
	criu_add(c, "--address", "%.*s", (int)(colon - text), text);
	criu_add(c, "--port", "%s", colon + 1);
	return 0;
}

/* The descriptor is the caller's, and must outlive our execve of criu. */
static int add_status_fd(struct criu *c, int fd, struct err *err)
{
	if (fd < 0) {
		return 0;
	}
	if (fcntl(fd, F_SETFD, 0) < 0) {
		return err_errno(err, errno, "--status-fd: %d", fd);
	}
	criu_add(c, "--status-fd", "%d", fd);
	return 0;
}

static int check_values(const char *who, const struct criu_options *o, struct err *err)
{
	static const char *const modes[] = { "soft", "full",  "strict", "ignore",
					     "none", "props", NULL };
	static const char *const locks[] = { "iptables", "nftables", "skip", NULL };
	bool mode = !o->manage_cgroups, lock = !o->network_lock;

	for (size_t i = 0; modes[i]; i++) {
		mode = mode || str_eq(o->manage_cgroups, modes[i]);
	}
	for (size_t i = 0; locks[i]; i++) {
		lock = lock || str_eq(o->network_lock, locks[i]);
	}
	if (!mode) {
		return err_set(err, EINVAL,
			       "%s: --manage-cgroups-mode: `%s` is not known: soft, full, strict "
			       "or ignore",
			       who, o->manage_cgroups);
	}
	if (!lock) {
		return err_set(err, EINVAL,
			       "%s: --network-lock: `%s` is not known: iptables, nftables or skip",
			       who, o->network_lock);
	}
	return 0;
}

int criu_begin(struct criu *c, struct arena *arena, const char *who, const char *action,
	       const struct criu_options *o, const char *config, bool make_images, struct err *err)
{
	*c = (struct criu){ .arena = arena, .action = action };
	/* It inherits what it is told of by number, and nothing of the caller's. */
	(void)sys_cloexec_from(STDERR_FILENO + 1);
	TRY(check_values(who, o, err));
	c->path = sys_find_program(arena, "criu");
	if (!c->path) {
		return err_set(err, ENOENT,
			       "%s: criu is not installed: the package is named criu (apt-get "
			       "install criu)",
			       who);
	}
	TRY(check_kernel(c, who, err));
	TRY(folder(c, "image-path", o->images, make_images, &c->images, err));
	c->work = c->images;
	if (o->work) {
		TRY(folder(c, "work-path", o->work, make_images, &c->work, err));
	}
	c->argv = arena_array(arena, ARGS_MAX + 1, sizeof(*c->argv));
	add(c, c->path);
	add(c, action);
	criu_add(c, "--images-dir", "%s", c->images);
	criu_add(c, "--work-dir", "%s", c->work);
	criu_add(c, "--log-file", "%s.log", action);
	add(c, "-v4");
	if (config && *config) {
		criu_add(c, "--config", "%s", config);
	}
	/* Without a word the processes stay in the cgroup of whoever restores them. */
	add(c, arena_printf(arena, "--manage-cgroups=%s",
			    o->manage_cgroups ? o->manage_cgroups : "ignore"));
	if (o->network_lock) {
		criu_add(c, "--network-lock", "%s", o->network_lock);
	}
	criu_flag(c, o->tcp_established, "--tcp-established");
	criu_flag(c, o->tcp_close, "--tcp-close");
	criu_flag(c, o->tcp_skip_in_flight, "--skip-in-flight");
	criu_flag(c, o->ext_unix_sk, "--ext-unix-sk");
	criu_flag(c, o->shell_job, "--shell-job");
	criu_flag(c, o->file_locks, "--file-locks");
	criu_flag(c, o->link_remap, "--link-remap");
	criu_flag(c, o->lazy_pages, "--lazy-pages");
	criu_flag(c, o->auto_dedup, "--auto-dedup");
	if (o->empty_net) {
		criu_add(c, "--empty-ns", "net");
	}
	if (o->lsm_profile) {
		criu_add(c, "--lsm-profile", "%s", o->lsm_profile);
	}
	if (o->lsm_mount_context) {
		criu_add(c, "--lsm-mount-context", "%s", o->lsm_mount_context);
	}
	TRY(add_status_fd(c, o->status_fd, err));
	return add_page_server(c, o->page_server, err);
}

int criu_run(struct criu *c, struct err *err)
{
	const char *log = arena_printf(c->arena, "%s/%s.log", c->work, c->action);
	struct sys_spawn spawn = {
		.path = c->path,
		.argv = c->argv,
		.env = (const char *const *)environ,
		.out = -1,
		.err = -1,
		.inherits = true, /* what --inherit-fd names */
	};
	struct sys_spawn_end end;
	const char *text = "";
	const char *error = NULL;
	int rc;

	if (c->n >= ARGS_MAX) {
		return err_set(err, E2BIG, "criu %s: more than %d arguments", c->action, ARGS_MAX);
	}
	rc = sys_spawn_wait(&spawn, &end);
	if (end.signal) {
		return sys_await_failed(end.signal, err, "criu %s", c->action);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "%s", c->path);
	}
	if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) {
		return 0;
	}
	if (sys_read_file(c->arena, AT_FDCWD, log, LOG_MAX, &text) > 0) {
		error = first_error(c->arena, text);
	}
	if (!error && end.said[0]) {
		error = end.said;
	} else if (!error) {
		error = "without a word";
	}
	return err_set(err, EIO, "criu %s failed: %s (see %s)", c->action, error, log);
}
