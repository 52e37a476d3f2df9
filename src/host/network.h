/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/network: a container's own network, by libnet: slirp4netns, published ports, names.
 *
 *	ROOT/ID/resolv.conf, ROOT/ID/hosts	what the container gets copies of (guest/names.c)
 *	ROOT/ID/net				the helper's control socket, for `port`
 *
 * The guest hands its network namespace out by descriptor as soon as it is there. A helper process
 * then makes the tap device in it, beside the id helpers: slirp4netns can do that too, but needs
 * four milliseconds until it comes to it. The container's program may run as soon as the device has
 * its addresses; slirp4netns is started when the ids are mapped, and what is sent meanwhile waits
 * in the device. Should slirp4netns fail after the program was started, `run` ends the program and
 * says why. `create`, and every bundle with hooks that may use the network, waits for all of it.
 *
 * Published ports are bound by the command itself, so that an error names the port and who has it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "container/container.h"
#include "libnet/net.h"
#include "plan/plan.h"

struct network {
	bool wanted;
	struct net_request request;
	struct net_helper helper;    /* pid -1: not started */
	const char *of;		     /* the container whose network is shared; NULL: none */
	struct state_network shared; /* that one's helper */
	/* container:ID's first process, whose namespaces are joined by its number */
	const char *joined_id; /* NULL: none */
	pid_t joined_pid;
	bool joined_ours; /* it is in our user namespace */
	uint64_t joined_start;
	struct strs warnings; /* what the user should know before it starts */
	bool ready;	      /* it was waited for */
};

#define NETWORK_INIT                                                                               \
	{                                                                                          \
		.request = { .control = -1, .netns = -1, .userns = -1 }, .helper = {               \
			.pid = -1,                                                                 \
			.pidfd = -1,                                                               \
			.ready = -1,                                                               \
			.mapped = -1                                                               \
		}                                                                                  \
	}

/* Finds slirp4netns and binds the ports that the plan asks for: nothing is started. */
int host_network_prepare(struct arena *arena, const struct plan *plan, struct network *ret,
			 struct err *err);

/* The files and the control socket in the state folder. */
int host_network_files(struct arena *arena, const struct plan *plan, const struct state_dir *dir,
		       struct network *net, struct err *err);

/*
 * The container's network namespace is there. netns is a descriptor of it, which this takes; pidfd
 * stays the caller's. userns: it belongs to another user namespace than ours. ids: those that this
 * is still to be given, host_network_mapped; NULL: it has them.
 */
int host_network_start(struct network *net, pid_t pid, int pidfd, int netns, bool userns,
		       const struct plan_ids *ids, struct err *err);
void host_network_mapped(struct network *net);

/*
 * Wait until a program may run in it, and until all of it is up: net_linked, net_ready. Called
 * again, it has been.
 */
int host_network_linked(struct network *net, struct err *err);
int host_network_ready(struct network *net, struct err *err);

/* Closes what is this process's. */
void host_network_close(struct network *net);

/*
 * The same once the container is gone, whose end is the helper's: that is seen to. hurry: whoever
 * waits for this has been asked to end.
 */
void host_network_end(struct network *net, bool hurry);

/*
 * container:ID: the folder of that container's namespaces, for the plan. net->of and net->shared
 * say whose network it is, if it is one of ours.
 */
int host_network_of(struct arena *arena, const char *root, const char *id, struct network *net,
		    const char **ret, struct err *err);

/*
 * Once the namespaces are joined: that container is still there, so they were its own, and its
 * number not another process's by then. Errors: ESRCH.
 */
int host_network_joined(const struct network *net, struct err *err);

/*
 * A connection to the helper of container `id`, also before its state is written, and a filter's
 * listener for it (the caller's).
 */
int host_network_connect(const char *root, const char *id, int *ret, struct err *err);
int host_network_accel(int control, const char *id, int listener, struct err *err);

/*
 * That network's helper is to live as long as this process too, and to be found by this container
 * when the other one is gone.
 */
int host_network_share(const struct network *net, const struct state_dir *dir, pid_t pid, int pidfd,
		       struct err *err);

/*
 * A connection on which that network tells what happens to it (net_control_event). Errors: ENOTSUP:
 * no network of ours.
 */
int host_network_follow(const struct container *c, int *ret, struct err *err);

/*
 * At delete: waits until the helper of an ended container has ended as well, and with it all that
 * it forwarded.
 */
void host_network_ended(struct container *c);

/* What can't be done with one that has ended (container_want). */
#define HOST_NETWORK_OF "the network of container"

/* `port`. A list lives as long as the handle. */
int host_ports_list(struct container *c, struct strs *ret, struct err *err);
int host_ports_add(struct container *c, const char *port, struct err *err);
int host_ports_remove(struct container *c, const char *port, struct err *err);
