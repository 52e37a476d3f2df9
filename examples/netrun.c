/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netrun: runs a command on a network of its own, as an ordinary user: what libnet/net.h describes,
 * in one small program that knows nothing of containers.
 *
 *	netrun [--publish PORT]... COMMAND [ARGUMENT...]
 *
 * Links with libnet, libjson, libsys and libbase. Exits as COMMAND does.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/net.h"
#include "sys/clone.h"
#include "sys/fd.h"

#define PORTS_MAX 64
#define READY_MS 10000

static int write_file(const char *path, const char *text)
{
	return sys_write_file(AT_FDCWD, path, text, strlen(text));
}

/* The namespaces: of a user namespace whose root is this user, and of what belongs to it. */
static int make_namespaces(uid_t uid, gid_t gid)
{
	char map[32];
	int rc = unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? -errno : 0;

	snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
	rc = rc == 0 ? write_file("/proc/self/uid_map", map) : rc;
	rc = rc == 0 ? write_file("/proc/self/setgroups", "deny") : rc;
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
	return rc == 0 ? write_file("/proc/self/gid_map", map) : rc;
}

/* Says that the namespace is there, waits until it is connected, and becomes the command. */
static _Noreturn void inside(int tell, int wait, char **argv)
{
	int rc = make_namespaces(getuid(), getgid());
	char byte = 0;

	for (const struct net_sysctl *s = net_sysctls; rc == 0 && s->path; s++) {
		char path[128];

		snprintf(path, sizeof(path), "/proc/sys/%s", s->path);
		rc = write_file(path, s->value);
	}
	if (rc < 0) {
		fprintf(stderr, "netrun: making the namespaces: %s\n", strerror(-rc));
		_exit(125);
	}
	if (write(tell, "", 1) != 1 || read(wait, &byte, 1) != 1) {
		_exit(125);
	}
	execvp(argv[0], argv);
	fprintf(stderr, "netrun: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int connect_it(struct net_request *r, struct net_helper *helper, struct err *err)
{
	scope_fd int netns = -1, userns = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)r->pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	userns = netns < 0 ? -1 : net_userns_of(netns);
	if (netns < 0 || userns < 0) {
		return err_errno(err, netns < 0 ? errno : -userns, "%s", path);
	}
	r->netns = netns;
	r->userns = userns;
	TRY(net_start(r, helper, err));
	return net_linked(helper, READY_MS, err);
}

static int run(struct arena *arena, struct net_request *r, char **argv, struct err *err)
{
	struct net_helper helper = { .pid = -1, .pidfd = -1, .ready = -1 };
	int there[2], go[2], pidfd, status, rc;
	char byte;

	r->slirp = net_slirp_find(arena);
	if (!r->slirp) {
		return err_set(err, ENOENT, "slirp4netns is not installed");
	}
	TRY(net_slirp_check(r->slirp, &r->config, NULL, err));
	/* Before anything is started: what is in the way of a port is said by its name. */
	TRY(net_ports_bind(arena, &r->ports, NULL, 0, &r->listeners, err));
	if (pipe2(there, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0) {
		return err_errno(err, errno, "pipe");
	}
	r->pid = sys_clone(0, &pidfd);
	if (r->pid < 0) {
		return err_errno(err, -r->pid, "clone");
	}
	if (r->pid == 0) {
		net_listeners_close(&r->listeners);
		close(there[0]);
		close(go[1]);
		inside(there[1], go[0], argv);
	}
	close(there[1]);
	close(go[0]);
	r->pidfd = pidfd;
	rc = read(there[0], &byte, 1) == 1 ? connect_it(r, &helper, err) : 0;
	net_listeners_close(&r->listeners);
	if (rc == 0 && helper.pid > 0) {
		(void)!write(go[1], "", 1);
		rc = net_ready(&helper, READY_MS, err);
	}
	if (rc < 0) {
		kill(r->pid, SIGKILL);
	}
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR) {
	}
	/*
	 * It ends when the command does; waited for, so that the ports are free when this program
	 * has ended.
	 */
	while (helper.pid > 0 && waitpid(helper.pid, NULL, 0) < 0 && errno == EINTR) {
	}
	net_helper_close(&helper);
	return rc < 0 ? rc : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct net_port ports[PORTS_MAX];
	struct net_request request = { .control = -1, .ports = { .v = ports } };
	struct err err = { .code = 0 };
	int rc = net_config_parse(&arena, "slirp4netns", &request.config, &err);

	for (argv++, argc--;
	     rc == 0 && argc > 1 && str_eq(argv[0], "--publish") && request.ports.n < PORTS_MAX;
	     argv += 2, argc -= 2) {
		rc = net_port_parse(argv[1], &ports[request.ports.n++], &err);
	}
	if (rc == 0 && (argc < 1 || argv[0][0] == '-')) {
		rc = err_set(&err, EINVAL,
			     "usage: netrun [--publish PORT]... COMMAND [ARGUMENT...]");
	}
	if (rc == 0) {
		net_config_settle(&request.config);
		rc = run(&arena, &request, argv, &err);
	}
	if (rc < 0) {
		fprintf(stderr, "netrun: %s\n", err.msg);
	}
	return rc < 0 ? 125 : rc;
}
