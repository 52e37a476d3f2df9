/* SPDX-License-Identifier: Apache-2.0 */
/* net/slirp: slirp4netns as a child process: its arguments, its surroundings, and what its failures mean. */
#include "libnet/slirp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/inside.h"
#include "sys/caps.h"
#include "sys/clone.h"
#include "sys/signals.h"

/* Descriptors in its process, behind the standard streams. */
#define READY_FD 3
#define EXIT_FD 4
#define NETNS_FD 5

/* It logs each request of its API: a file that can't grow any more is better than a pipe that nobody empties. */
#define WORDS_MAX 65536

/* The smallest pipe, pipe(7), fcntl(2). */
#define PIPE_SIZE 4096

const char *net_slirp_find(struct arena *arena)
{
	const char *lists[] = { getenv("PATH"), "/usr/bin:/usr/local/bin:/bin:/usr/libexec/podman" };

	for (size_t i = 0; i < 2; i++) {
		for (const char *dir = lists[i]; dir && *dir; dir += strcspn(dir, ":"), dir += *dir == ':') {
			int len = (int)strcspn(dir, ":");
			const char *path = arena_printf(arena, "%.*s/slirp4netns", len, dir);

			if (dir[0] == '/' && access(path, X_OK) == 0) {
				return path;
			}
		}
	}
	return NULL;
}

const char **slirp_argv(struct arena *arena, const struct net_request *request, int ready_fd, int exit_fd, int netns_fd)
{
	const struct net_config *c = &request->config;
	const char **argv = arena_array(arena, 24, sizeof(*argv));
	char network[INET_ADDRSTRLEN];
	struct in_addr address = net_cidr_address(&c->cidr, 0);
	size_t n = 0;

	inet_ntop(AF_INET, &address, network, sizeof(network));
	argv[n++] = "slirp4netns";
	argv[n++] = "--configure";
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
	if (request->api_socket) {
		argv[n++] = arena_printf(arena, "--api-socket=%s", request->api_socket);
	}
	/* By a descriptor and not by the pid of a process in it, which may have become another user's by now. */
	argv[n++] = "--netns-type=path";
	argv[n++] = arena_printf(arena, "/proc/self/fd/%d", netns_fd);
	argv[n++] = TAP_NAME;
	return argv;
}

struct surroundings {
	int ready, exit, words, null, output, netns, userns;
	bool early;
};

/* Situation: a fresh child. Puts each descriptor in its place: above all places first, so that none is overwritten. */
static int place(const struct surroundings *s)
{
	int ready = fcntl(s->ready, F_DUPFD, 10);
	int exit = fcntl(s->exit, F_DUPFD, 10);
	int words = fcntl(s->words, F_DUPFD, 10);
	int null = fcntl(s->null, F_DUPFD, 10);
	int output = fcntl(s->output, F_DUPFD, 10);
	int netns = fcntl(s->netns, F_DUPFD, 10);

	if (ready < 0 || exit < 0 || words < 0 || null < 0 || output < 0 || netns < 0 || dup2(null, 0) < 0 ||
	    dup2(output, 1) < 0 || dup2(words, 2) < 0 || dup2(ready, READY_FD) < 0 || dup2(exit, EXIT_FD) < 0 ||
	    dup2(netns, NETNS_FD) < 0) {
		return -errno;
	}
	close(ready);
	close(exit);
	close(words);
	close(null);
	close(output);
	close(netns);
	return 0;
}

/* It is the parent of every connection that leaves the container: some thousand descriptors are not much. */
static void set_limits(void)
{
	struct rlimit files, words = { WORDS_MAX, WORDS_MAX };

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_FSIZE, &words);
	/* Ignored, it stays so after execve: a write beyond the limit then fails instead of killing. */
	signal(SIGXFSZ, SIG_IGN);
}

/*
 * Its sandbox takes the rights of the namespace's root. It stays in the host's network: that is its purpose. Before
 * the namespace has ids nobody is its root; who has entered it has the rights nevertheless, and keeps them over execve
 * as ambient ones, capabilities(7).
 */
static int enter(const struct surroundings *s)
{
	uint64_t all;
	int rc;

	if (!s->early) {
		return inside_enter(s->userns, -1);
	}
	if (setns(s->userns, CLONE_NEWUSER) < 0) {
		return -errno;
	}
	all = sys_caps_permitted();
	rc = sys_caps_set(all, all, all);
	return rc < 0 ? rc : sys_caps_ambient(all);
}

static _Noreturn void become(const struct surroundings *s, const char *path, const char **argv)
{
	static const char *const environment[] = { NULL };

	sys_signals_reset();
	/* Nobody reads what it says on stdout, but for the first. */
	signal(SIGPIPE, SIG_IGN);
	if (place(s) == 0 && enter(s) == 0) {
		/* After the change of ids, which clears it; should the parent be gone by now, its exit pipe says so. */
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		set_limits();
		execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
	}
	_exit(127);
}

/*
 * slirp4netns makes its tap device in a child, and goes on when that has ended. At its end the child writes to stdout, which is
 * no terminal, what had been left for that before it was made: some hints about options. A full pipe for stdout thus holds it there,
 * until it is emptied; and something to read in it says that the device has been made. A version that says nothing goes
 * on too early without ids, and fails.
 */
static int make_output(bool full, int *ret_read, int *ret_write, size_t *ret_zeros)
{
	static const char zeros[PIPE_SIZE];
	int ends[2];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		return -errno;
	}
	if (full) {
		(void)fcntl(ends[1], F_SETPIPE_SZ, sizeof(zeros));
		while ((n = write(ends[1], zeros, sizeof(zeros))) > 0) {
			*ret_zeros += (size_t)n;
		}
	}
	(void)fcntl(ends[1], F_SETFL, 0);
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

/* The zeros alone: what the child says may follow at once. */
void slirp_let_go(struct slirp *slirp)
{
	char zeros[PIPE_SIZE];
	ssize_t n = 1;

	while (slirp->zeros > 0 && n > 0) {
		n = read(slirp->output, zeros, slirp->zeros < sizeof(zeros) ? slirp->zeros : sizeof(zeros));
		slirp->zeros -= n > 0 ? (size_t)n : 0;
	}
}

int slirp_start(const struct net_request *request, bool early, int exit_fd, struct slirp *ret, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char **argv = slirp_argv(&arena, request, READY_FD, EXIT_FD, NETNS_FD);
	scope_fd int words = memfd_create("slirp4netns", MFD_CLOEXEC);
	scope_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	scope_fd int ready = -1, ready_write = -1, output = -1, output_write = -1;
	struct surroundings s;
	size_t zeros = 0;
	int ends[2];
	int pidfd = -1;
	pid_t pid;

	if (words < 0 || null < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "preparing slirp4netns");
	}
	ready = ends[0];
	ready_write = ends[1];
	if (make_output(early, &output, &output_write, &zeros) < 0) {
		return err_errno(err, errno, "preparing slirp4netns");
	}
	s = (struct surroundings){ .ready = ready_write,
				   .exit = exit_fd,
				   .words = words,
				   .null = null,
				   .output = output_write,
				   .early = early,
				   .netns = request->netns,
				   .userns = request->userns };
	pid = sys_clone(0, &pidfd);
	if (pid == 0) {
		become(&s, request->slirp, argv);
	}
	if (pid < 0) {
		return err_errno(err, -pid, "starting slirp4netns");
	}
	*ret = (struct slirp){ .pid = pid,
			       .pidfd = pidfd,
			       .exit_fd = exit_fd,
			       .output = fd_take(&output),
			       .zeros = zeros,
			       .early = early,
			       .ready = fd_take(&ready),
			       .words = fd_take(&words) };
	return 0;
}

bool slirp_linked(struct slirp *slirp)
{
	struct pollfd fds[] = { { slirp->output, POLLIN, 0 }, { slirp->ready, POLLIN, 0 } };

	while (poll(fds, 2, -1) < 0 && errno == EINTR) {
	}
	/* What it says from now on nobody reads: see become(). */
	fd_drop(&slirp->output);
	return (fds[0].revents & POLLIN) != 0;
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
		/* Its own warnings and hints about options that were not asked for explain nothing. */
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

static int explain(const struct net_request *request, int status, const char *words, struct err *err)
{
	int tun, code;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && !*words) {
		return err_set(err, ENOEXEC, "slirp4netns could not be run: %s", request->slirp);
	}
	if (WIFSIGNALED(status)) {
		err_set(err, ECHILD, "slirp4netns was killed by signal %d while it connected the network%s%s",
			WTERMSIG(status), *words ? ": " : "", words);
	} else {
		err_set(err, ECHILD, "slirp4netns could not connect the network: %s",
			*words ? words : "it said nothing");
	}
	/* Opened, and not asked whether it could be: it is the open that a missing module, nodev or a device filter refuses. */
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	code = tun < 0 ? errno : 0;
	scope_close_(&tun);
	switch (code) {
	case ENOENT:
		return err_hint(err, "there is no /dev/net/tun: load its module (sudo modprobe tun), or have the outer "
				     "container given the device");
	case EACCES:
	case EPERM:
		return err_hint(
			err, "you may not open /dev/net/tun: sudo chmod 0666 /dev/net/tun; in an outer container, have "
			     "it given the device");
	case ENODEV:
	case ENXIO:
		return err_hint(err, "the kernel has no driver for /dev/net/tun: sudo modprobe tun");
	default:
		break;
	}
	if (strstr(words, "unrecognized option") || strstr(words, "invalid option")) {
		return err_hint(err, "this slirp4netns is too old, or was built without that option");
	}
	return -err->code;
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
	/* Nobody reads it any more: full, it would stop slirp4netns, and closed it does not. */
	fd_drop(&slirp->output);
	if (n == 1) {
		return 0;
	}
	(void)sys_pidfd_kill(slirp->pidfd, SIGTERM);
	while (waitpid(slirp->pid, &status, 0) < 0 && errno == EINTR) {
	}
	slirp->pid = -1;
	if (slirp->early) {
		/* Only what fails with the ids in place is a failure. */
		slirp_end(slirp);
		TRY(slirp_start(request, false, slirp->exit_fd, slirp, err));
		return slirp_ready(request, slirp, err);
	}
	return explain(request, status, last_words(&arena, slirp->words), err);
}

void slirp_end(struct slirp *slirp)
{
	if (slirp->pidfd >= 0) {
		(void)sys_pidfd_kill(slirp->pidfd, SIGKILL);
	}
	while (slirp->pid > 0 && waitpid(slirp->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	slirp->pid = -1;
	fd_drop(&slirp->output);
	fd_drop(&slirp->pidfd);
	fd_drop(&slirp->ready);
	fd_drop(&slirp->words);
}
