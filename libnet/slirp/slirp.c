/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/slirp: slirp4netns as a child process: its arguments, its surroundings, and what its
 * failures mean.
 *
 * It is started last, when the ids are mapped, in namespaces of its own (sandbox.c) and in the
 * host's network. It gets the device that the helper has made (device.c). It ends with the thread
 * that started it, and when the other end of its exit pipe is closed: whoever is killed, nothing
 * stays.
 */
#include "libnet/slirp/slirp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "libnet/inside.h"
#include "libnet/slirp/device.h"
#include "libnet/slirp/sandbox.h"
#include "sys/clone.h"
#include "sys/signals.h"

/* Descriptors in its process, behind the standard streams. */
#define READY_FD 3
#define EXIT_FD 4

/*
 * It logs each request of its API: a file that can't grow any more is better than a pipe that
 * nobody empties.
 */
#define WORDS_MAX 65536

const char **slirp_argv(struct arena *arena, const struct net_request *request, int ready_fd,
			int exit_fd)
{
	const struct net_config *c = &request->config;
	const char **argv = arena_array(arena, 24, sizeof(*argv));
	char network[INET_ADDRSTRLEN];
	struct in_addr address = net_cidr_address(&c->cidr, 0);
	size_t n = 0;

	inet_ntop(AF_INET, &address, network, sizeof(network));
	argv[n++] = "slirp4netns";
	argv[n++] = arena_printf(arena, "--ready-fd=%d", ready_fd);
	argv[n++] = arena_printf(arena, "--exit-fd=%d", exit_fd);
	argv[n++] = arena_printf(arena, "--mtu=%u", c->mtu);
	argv[n++] = arena_printf(arena, "--cidr=%s/%u", network, c->cidr.prefix);
	argv[n++] = "--enable-sandbox";
	argv[n++] = "--enable-seccomp";
	if (c->ipv6) {
		argv[n++] = "--enable-ipv6";
	}
	if (!c->host_loopback) {
		argv[n++] = "--disable-host-loopback";
	}
	if (!c->dns) {
		argv[n++] = "--disable-dns";
	}
	if (c->outbound_addr) {
		argv[n++] = arena_printf(arena, "--outbound-addr=%s", c->outbound_addr);
	}
	if (c->outbound_addr6) {
		argv[n++] = arena_printf(arena, "--outbound-addr6=%s", c->outbound_addr6);
	}
	if (c->handler == NET_HANDLER_SLIRP) {
		argv[n++] = "--api-socket=" SLIRP_API_PATH;
	}
	/* It believes to have entered it (device.c). Its own, where it could do no harm. */
	argv[n++] = "--netns-type=path";
	argv[n++] = "/proc/self/ns/net";
	argv[n++] = NET_TAP_NAME;
	return argv;
}

struct surroundings {
	int device, ready, exit, words, null, mapped;
};

/*
 * Situation: a fresh child. Puts each descriptor in its place: above all places first, so that none
 * is overwritten.
 */
static int place(struct surroundings *s)
{
	int *const all[] = { &s->device, &s->ready, &s->exit, &s->words, &s->null, &s->mapped };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = fcntl(*all[i], F_DUPFD_CLOEXEC, 10);
		if (*all[i] < 0) {
			return -errno;
		}
	}
	if (dup2(s->device, SLIRP_TUN_FD) < 0 || dup2(s->null, 1) < 0 || dup2(s->words, 2) < 0 ||
	    dup2(s->ready, READY_FD) < 0 || dup2(s->exit, EXIT_FD) < 0) {
		return -errno;
	}
	return 0;
}

/*
 * It is the parent of every connection that leaves the container: some thousand descriptors are not
 * much.
 */
static void set_limits(void)
{
	struct rlimit files, words = { WORDS_MAX, WORDS_MAX }, none = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_FSIZE, &words);
	/* A core file would have the container's traffic in it. */
	setrlimit(RLIMIT_CORE, &none);
	/*
	 * Ignored, it stays so after execve: a write beyond the limit then fails instead of
	 * killing.
	 */
	signal(SIGXFSZ, SIG_IGN);
}

/* A failure is told as slirp4netns' own would be. */
static _Noreturn void give_up(const char *what, int rc)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(-rc));
	_exit(1);
}

static _Noreturn void become(struct surroundings *s, const struct net_request *request,
			     const char **argv)
{
	static const char *const environment[] = { NULL };
	int rc = place(s);
	char byte;

	/* The end of file: the parent could not, and says why, or is gone. */
	if (rc < 0 || read(s->mapped, &byte, 1) != 1) {
		_exit(1);
	}
	sys_signals_reset();
	/* A client of its API that has gone does not kill it. */
	signal(SIGPIPE, SIG_IGN);
	rc = slirp_sandbox_enter(request);
	if (rc < 0) {
		give_up("namespaces of its own", rc);
	}
	/*
	 * After the change of ids, which clears it; should the parent be gone by now, its exit pipe
	 * says so.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	set_limits();
	rc = slirp_device_filter(request->config.handler == NET_HANDLER_SLIRP);
	if (rc < 0) {
		give_up("the filter of its system calls", rc);
	}
	execve(request->slirp, (char *const *)(uintptr_t)argv,
	       (char *const *)(uintptr_t)environment);
	_exit(127);
}

static int explain_clone(int rc, struct err *err)
{
	err_errno(err, -rc, "starting slirp4netns in a user namespace of its own");
	if (rc == -ENOSPC) {
		return err_hint(err, "as many as there may be are there: sudo sysctl "
				     "user.max_user_namespaces=100000");
	}
	return -err->code;
}

int slirp_start(const struct net_request *request, const struct slirp_ids *ids, int tap,
		int exit_fd, struct slirp *ret, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char **argv = slirp_argv(&arena, request, READY_FD, EXIT_FD);
	scope_fd int words = memfd_create("slirp4netns", MFD_CLOEXEC);
	scope_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	scope_fd int ready = -1, ready_write = -1, mapped = -1, mapped_write = -1;
	struct surroundings s;
	int ends[2], more[2], rc;

	*ret = (struct slirp)SLIRP_INIT;
	if (words < 0 || null < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "preparing slirp4netns");
	}
	ready = ends[0];
	ready_write = ends[1];
	if (pipe2(more, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "preparing slirp4netns");
	}
	mapped = more[0];
	mapped_write = more[1];
	s = (struct surroundings){ .device = tap,
				   .ready = ready_write,
				   .exit = exit_fd,
				   .words = words,
				   .null = null,
				   .mapped = mapped };
	ret->pid = sys_clone((uint64_t)slirp_sandbox_flags(request), &ret->pidfd);
	if (ret->pid == 0) {
		fd_drop(&mapped_write);
		become(&s, request, argv);
	}
	if (ret->pid < 0) {
		return explain_clone(ret->pid, err);
	}
	rc = slirp_sandbox_map(request, ids, ret->pid);
	if (rc < 0 || write(mapped_write, "", 1) != 1) {
		rc = rc < 0 ? rc : -errno;
		slirp_end(ret);
		return err_errno(err, -rc, "mapping slirp4netns' ids");
	}
	ret->ready = fd_take(&ready);
	ret->words = fd_take(&words);
	return 0;
}

/* ---- what went wrong ---- */

static const char *last_words(struct arena *arena, int fd)
{
	struct stat st;
	char *text, *line = NULL, *save = NULL;
	const char *last = "";
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size <= 0) {
		return "";
	}
	text = arena_alloc(arena, (size_t)st.st_size + 1);
	n = pread(fd, text, (size_t)st.st_size, 0);
	if (n <= 0) {
		return "";
	}
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		/*
		 * Its own warnings and hints about options that were not asked for explain nothing.
		 */
		if (!str_starts(line, "WARNING") && *line) {
			last = line;
		}
	}
	for (char *p = (char *)(uintptr_t)last; *p; p++) {
		if ((unsigned char)*p < 0x20) {
			*p = '?';
		}
	}
	return last;
}

static int explain(const struct net_request *request, int status, const char *words,
		   struct err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && !*words) {
		return err_set(err, ENOEXEC, "slirp4netns could not be run: %s", request->slirp);
	}
	if (WIFSIGNALED(status)) {
		err_set(err, ECHILD,
			"slirp4netns was killed by signal %d while it connected the network%s%s",
			WTERMSIG(status), *words ? ": " : "", words);
	} else {
		err_set(err, ECHILD, "slirp4netns could not connect the network: %s",
			*words ? words : "it said nothing");
	}
	if (strstr(words, "unrecognized option") || strstr(words, "invalid option")) {
		return err_hint(err,
				"this slirp4netns is too old, or was built without that option");
	}
	return slirp_device_explain(err);
}

int slirp_ready(const struct net_request *request, struct slirp *slirp, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	char byte = 0;
	int status = 0;
	ssize_t n;

	do {
		n = read(slirp->ready, &byte, 1);
	} while (n < 0 && errno == EINTR);
	fd_drop(&slirp->ready);
	if (n == 1) {
		return 0;
	}
	(void)sys_pidfd_kill(slirp->pidfd, SIGTERM);
	while (waitpid(slirp->pid, &status, 0) < 0 && errno == EINTR) {
	}
	slirp->pid = -1;
	return explain(request, status, last_words(&arena, slirp->words), err);
}

void slirp_api_seen(const struct slirp *slirp, char path[SLIRP_API_SEEN_MAX])
{
	snprintf(path, SLIRP_API_SEEN_MAX, "/proc/%d/root" SLIRP_API_PATH, (int)slirp->pid);
}

void slirp_end(struct slirp *slirp)
{
	if (slirp->pidfd >= 0) {
		(void)sys_pidfd_kill(slirp->pidfd, SIGKILL);
	}
	while (slirp->pid > 0 && waitpid(slirp->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	slirp->pid = -1;
	fd_drop(&slirp->pidfd);
	fd_drop(&slirp->ready);
	fd_drop(&slirp->words);
}
