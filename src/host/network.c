/* SPDX-License-Identifier: Apache-2.0 */
/* host/network: a container's own network, by libnet: slirp4netns, published ports, names. */
#include "host/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "facts/inherited_fds.h"
#include "state/folder.h"
#include "state/root.h"
#include "state/status.h"
#include "sys/await.h"
#include "sys/clone.h"
#include "sys/fd.h"
#include "sys/namespaces.h"
#include "sys/proc.h"
#include "sys/process_tree.h"
#include "sys/sock.h"

#define CONTROL "net"
#define VERSION_CACHE "rootlet-slirp4netns"

#define NAMES_MAX (1u << 20)
#define READY_TIMEOUT_MS 10000
#define CONNECT_TIMEOUT_MS 5000
#define END_TIMEOUT_MS 2000
#define END_HURRY_MS 200

/* ---- before the clone ---- */

/* Sockets that systemd bound for us may be what is to be published. */
static int bind_ports(struct arena *arena, const struct net_ports *ports, struct net_listeners *ret,
		      struct err *err)
{
	struct facts passed = { .listen_fds = 0 };
	int *inherited;

	facts_inherited(&passed);
	inherited = arena_array(arena, (size_t)passed.listen_fds, sizeof(*inherited));
	for (int i = 0; i < passed.listen_fds; i++) {
		inherited[i] = STDERR_FILENO + 1 + i;
	}
	return net_ports_bind(arena, ports, inherited, (size_t)passed.listen_fds, ret, err);
}

/* slirp4netns' own forwarder has one message for every failure: what it could not say. */
static int try_ports(struct arena *arena, const struct net_ports *ports, struct err *err)
{
	struct net_listeners tried;

	TRY(bind_ports(arena, ports, &tried, err));
	net_listeners_close(&tried);
	return 0;
}

/* For all containers of this user, until the machine is started again. */
static const char *version_cache(struct arena *arena)
{
	const char *dir = state_runtime_dir(arena);

	if (dir) {
		return arena_printf(arena, "%s/" VERSION_CACHE, dir);
	}
	return NULL;
}

static void warn_of(struct arena *arena, const struct plan_net *plan, struct network *net)
{
	const struct net_request *r = &net->request;
	const char *real = r->config.dns ? net_resolv_conf_hidden(arena) : NULL;

	net->warnings.v = arena_array(arena, 2, sizeof(*net->warnings.v));
	if (real) {
		net->warnings.v[net->warnings.n++] =
			arena_printf(arena,
				     "%s: names may not be resolved: /etc/resolv.conf leads to %s, "
				     "and slirp4netns sees /etc and /run alone; have it lead there",
				     plan->where, real);
	}
	if (r->config.accel_out_only && r->ports.n > 0) {
		net->warnings.v[net->warnings.n++] = arena_printf(
			arena,
			"%s: published ports are forwarded, connections outward alone are "
			"accelerated: to keep servers' sockets to their purpose takes socket "
			"filters, and this kernel keeps those of TCP for CAP_NET_ADMIN",
			plan->where);
	}
}

int host_network_prepare(struct arena *arena, const struct plan *plan, struct network *ret,
			 struct err *err)
{
	struct net_request *r = &ret->request;

	if (!plan->net.config) {
		return 0;
	}
	r->config = *plan->net.config;
	r->ports = *plan->net.ports;
	net_config_settle(&r->config);
	if (r->config.accel && net_accel_check(&r->config, err) < 0) {
		return err_wrap(err, "%s", plan->net.where);
	}
	r->slirp = net_slirp_find(arena);
	if (!r->slirp) {
		return err_set(err, ENOENT,
			       "%s: slirp4netns is not installed, which connects the container's "
			       "network; install it: sudo apt-get install slirp4netns",
			       plan->net.where);
	}
	if (net_slirp_check(r->slirp, &r->config, version_cache(arena), err) < 0) {
		return err_wrap(err, "%s", plan->net.where);
	}
	warn_of(arena, &plan->net, ret);
	if (r->config.handler == NET_HANDLER_OWN) {
		TRY(bind_ports(arena, &r->ports, &r->listeners, err));
	} else {
		TRY(try_ports(arena, &r->ports, err));
	}
	ret->wanted = true;
	return 0;
}

/* ---- the state folder ---- */

static struct sockaddr_un address_of(const struct state_dir *dir, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir->fd, name);
	return address;
}

static int make_control(const struct state_dir *dir, int *ret, struct err *err)
{
	struct sockaddr_un address = address_of(dir, CONTROL);
	scope_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 8) < 0) {
		return err_errno(err, errno, "making the network's control socket in %s/%s",
				 dir->root, dir->id);
	}
	*ret = fd_take(&fd);
	return 0;
}

/* Every user of the container reads them; nobody else of the host passes the folder. */
static int write_name(const struct state_dir *dir, const char *name, const char *text,
		      struct err *err)
{
	TRY(state_write_file(dir, name, text, strlen(text), err));
	if (fchmodat(dir->fd, name, 0644, 0) < 0) {
		return err_errno(err, errno, "%s/%s/%s", dir->root, dir->id, name);
	}
	return 0;
}

/*
 * As the other container of that network has it. One that brought a file of its own keeps that to
 * itself: then this one's root filesystem has the say.
 */
static int share_name(struct arena *arena, const struct state_dir *dir, const char *of,
		      const char *name, struct err *err)
{
	const char *text;

	if (sys_read_file(arena, AT_FDCWD, arena_printf(arena, "%s/%s/%s", dir->root, of, name),
			  NAMES_MAX, &text) < 0) {
		return 0;
	}
	return write_name(dir, name, text, err);
}

static int share_names(struct arena *arena, const struct plan *plan, const struct state_dir *dir,
		       const char *of, struct err *err)
{
	if (plan->net.bind_resolv_conf) {
		TRY(share_name(arena, dir, of, "resolv.conf", err));
	}
	if (plan->net.bind_hosts) {
		return share_name(arena, dir, of, "hosts", err);
	}
	return 0;
}

static int write_names(struct arena *arena, const struct plan *plan, const struct state_dir *dir,
		       const struct net_config *config, struct err *err)
{
	if (plan->net.bind_resolv_conf) {
		const char *host = "";

		/* A host without one has a container with the namespace's resolver alone. */
		(void)sys_read_file(arena, AT_FDCWD, "/etc/resolv.conf", NAMES_MAX, &host);
		TRY(write_name(dir, "resolv.conf", net_resolv_conf(arena, host, config), err));
	}
	if (plan->net.bind_hosts) {
		return write_name(dir, "hosts", net_hosts(arena, plan->hostname, config), err);
	}
	return 0;
}

int host_network_files(struct arena *arena, const struct plan *plan, const struct state_dir *dir,
		       struct network *net, struct err *err)
{
	if (net->of) {
		return share_names(arena, plan, dir, net->of, err);
	}
	if (!net->wanted) {
		return 0;
	}
	TRY(make_control(dir, &net->request.control, err));
	return write_names(arena, plan, dir, &net->request.config, err);
}

/* ---- running ---- */

int host_network_start(struct network *net, pid_t pid, int pidfd, int netns, bool userns,
		       const struct plan_ids *ids, struct err *err)
{
	struct net_request *r = &net->request;

	r->unmapped = ids != NULL;
	r->pid = pid;
	r->pidfd = pidfd;
	r->netns = netns;
	if (userns) {
		r->userns = net_userns_of(netns);
		if (r->userns < 0) {
			return err_errno(err, -r->userns,
					 "the user namespace of the container's network");
		}
	}
	TRY(net_start(r, &net->helper, err));
	/* The helper has copies; the ports are to be free as soon as it is gone. */
	net_listeners_close(&r->listeners);
	fd_drop(&r->control);
	fd_drop(&r->netns);
	fd_drop(&r->userns);
	return 0;
}

void host_network_mapped(struct network *net)
{
	if (net->helper.mapped >= 0) {
		net_mapped(&net->helper);
	}
}

int host_network_linked(struct network *net, struct err *err)
{
	if (net->helper.pid > 0 && !net->ready) {
		return net_linked(&net->helper, READY_TIMEOUT_MS, err);
	}
	return 0;
}

int host_network_ready(struct network *net, struct err *err)
{
	if (net->helper.pid > 0 && !net->ready) {
		TRY(net_ready(&net->helper, READY_TIMEOUT_MS, err));
		net->ready = true;
	}
	return 0;
}

/* A signal that asks us to end ends this wait, too. */
static bool ended(int pidfd, int timeout_ms)
{
	return sys_await_fd(pidfd, POLLIN, timeout_ms) == 0;
}

void host_network_close(struct network *net)
{
	/* Whoever waits for the ids waits in vain. */
	fd_drop(&net->helper.mapped);
	net_listeners_close(&net->request.listeners);
	fd_drop(&net->request.control);
	fd_drop(&net->request.netns);
	fd_drop(&net->request.userns);
	net_helper_close(&net->helper);
}

void host_network_end(struct network *net, bool hurry)
{
	fd_drop(&net->helper.mapped);
	if (net->helper.pidfd >= 0) {
		if (!ended(net->helper.pidfd, hurry ? END_HURRY_MS : END_TIMEOUT_MS)) {
			sys_kill_tree(net->helper.pidfd, net->helper.pid);
		}
		(void)waitpid(net->helper.pid, NULL, 0);
	}
	host_network_close(net);
}

/* ---- of a container by its ID ---- */

int host_network_connect(const char *root, const char *id, int *ret, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_fd int place = -1, fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int rc;

	place = open(arena_printf(&arena, "%s/%s/" CONTROL, root, id),
		     O_PATH | O_NOFOLLOW | O_CLOEXEC);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
	rc = place < 0 || fd < 0 ? -errno : 0;
	if (rc == 0) {
		rc = sys_connect(fd, (struct sockaddr *)&address, sizeof(address),
				 CONNECT_TIMEOUT_MS);
	}
	if (rc != 0) {
		sys_await_failed(rc, err, "the network helper of container `%s`", id);
		if (err->code == ECONNREFUSED || err->code == ENOENT) {
			return err_hint(err, "it has ended, as it does with its container");
		}
		return -err->code;
	}
	*ret = fd_take(&fd);
	return 0;
}

static int connect_control(const struct container *c, int *ret, struct err *err)
{
	if (!c->state.network.pid.set) {
		return err_set(err, ENOTSUP,
			       "container `%s` has no network of rootlet's: start it with "
			       "--net=slirp4netns",
			       c->id);
	}
	if (host_network_connect(c->root, c->id, ret, err) == 0) {
		return 0;
	}
	if ((err->code == ECONNREFUSED || err->code == ENOENT) &&
	    state_status(c->root, &c->state) == STATE_STOPPED) {
		return container_not_running(c, err);
	}
	return -err->code;
}

int host_network_accel(int control, const char *id, int listener, struct err *err)
{
	if (net_control_accel(control, listener, err) < 0) {
		return err_wrap(err, "the network of container `%s`", id);
	}
	return 0;
}

int host_ports_list(struct container *c, struct strs *ret, struct err *err)
{
	scope_fd int control = -1;

	TRY(connect_control(c, &control, err));
	return net_control_list(control, &c->arena, ret, err);
}

int host_ports_add(struct container *c, const char *text, struct err *err)
{
	struct net_listeners listeners = { .n = 0 };
	scope_fd int control = -1;
	struct net_port port;
	struct net_ports one = { &port, 1 };
	int rc;

	TRY(net_port_parse(text, &port, err));
	TRY(connect_control(c, &control, err));
	TRY(net_ports_bind(&c->arena, &one, NULL, 0, &listeners, err));
	if (c->state.network.by_slirp) {
		net_listeners_close(&listeners);
	}
	rc = net_control_add(control, &port, &listeners, err);
	net_listeners_close(&listeners);
	if (rc < 0) {
		return err_wrap(err, "container `%s`: publishing %s", c->id, text);
	}
	return 0;
}

int host_ports_remove(struct container *c, const char *text, struct err *err)
{
	scope_fd int control = -1;
	struct net_port port;

	TRY(net_port_parse(text, &port, err));
	TRY(connect_control(c, &control, err));
	if (net_control_remove(control, &port, err) < 0) {
		return err_wrap(err, "container `%s`: %s", c->id, text);
	}
	return 0;
}

int host_network_of(struct arena *arena, const char *root, const char *id, struct network *net,
		    const char **ret, struct err *err)
{
	const struct container_want any = { .status = 0 };
	struct container c;
	int rc = 0;

	if (container_find(root, id, &any, &c, err) < 0) {
		return err_wrap(err, "--net=container:%s", id);
	}
	if (c.status == STATE_STOPPED) {
		rc = err_set(err, ESRCH, "--net=container:%s: container not running: it is %s", id,
			     state_status_name(c.status));
	} else if (state_is_foreign(&c.state)) {
		rc = state_foreign(root, &c.state, err);
		err_wrap(err, "--net=container:%s", id);
	} else if (c.state.network.pid.set) {
		net->of = id;
		net->shared = c.state.network;
	}
	if (rc == 0) {
		*ret = arena_printf(arena, "/proc/%d/ns", (int)c.state.pid);
		net->joined_id = id;
		net->joined_pid = (pid_t)c.state.pid;
		net->joined_start = c.state.start_time;
		net->joined_ours = sys_userns_is_ours(net->joined_pid);
	}
	container_done(&c);
	return rc;
}

int host_network_joined(const struct network *net, struct err *err)
{
	char letter;

	if (!net->joined_id || (sys_process_is(net->joined_pid, net->joined_start, &letter) &&
				letter != 'Z' && letter != 'X')) {
		return 0;
	}
	return err_set(err, ESRCH,
		       "--net=container:%s: container not running: it ended while its network was "
		       "joined",
		       net->joined_id);
}

int host_network_share(const struct network *net, const struct state_dir *dir, pid_t pid, int pidfd,
		       struct err *err)
{
	const struct container_want want = { .cannot = HOST_NETWORK_OF };
	scope_arena struct arena arena = ARENA_INIT;
	scope_fd int control = -1;
	struct container c;
	int rc;

	if (!net->of) {
		return 0;
	}
	TRY(container_find(dir->root, net->of, &want, &c, err));
	rc = connect_control(&c, &control, err);
	container_done(&c);
	TRY(rc);
	TRY(net_control_watch(control, pid, pidfd, err));
	if (linkat(AT_FDCWD, arena_printf(&arena, "%s/%s/" CONTROL, dir->root, net->of), dir->fd,
		   CONTROL, 0) < 0) {
		return err_errno(err, errno, "%s/%s/" CONTROL, dir->root, dir->id);
	}
	return 0;
}

int host_network_follow(const struct container *c, int *ret, struct err *err)
{
	scope_fd int control = -1;

	TRY(connect_control(c, &control, err));
	TRY(net_control_follow(control, err));
	*ret = fd_take(&control);
	return 0;
}

void host_network_ended(struct container *c)
{
	const struct state *state = &c->state;
	scope_fd int pidfd = -1;
	scope_fd int control = -1;
	struct err ignored;
	char letter;
	size_t left = 0;

	if (state->network.pid.set) {
		pidfd = sys_pidfd_open((pid_t)state->network.pid.value);
	}
	if (pidfd < 0 || !sys_process_is((pid_t)state->network.pid.value,
					 state->network.start_time.value, &letter)) {
		return;
	}
	/* Others may still use that network. One that doesn't answer has nobody to live for. */
	if (connect_control(c, &control, &ignored) == 0 &&
	    net_control_watching(control, &c->arena, &left, &ignored) == 0 && left > 0) {
		return;
	}
	if (!ended(pidfd, END_TIMEOUT_MS)) {
		(void)sys_pidfd_kill(pidfd, SIGKILL);
		(void)ended(pidfd, END_TIMEOUT_MS);
	}
}
