/* SPDX-License-Identifier: Apache-2.0 */
/* host/launch_network: what the guest asks for its network while it is set up. */
#include <sched.h>

#include "base/scope.h"
#include "host/launch_internal.h"

/* An error of the network itself is the better one to tell. */
int host_launch_take_switch(struct launch *l, struct wire_msg *msg, struct err *err)
{
	const char *id = l->network.of ? l->network.of : l->options->id;
	scope_fd int listener = msg->fd, control = -1;

	TRY(host_network_ready(&l->network, err));
	TRY(host_network_connect(l->options->root, id, &control, err));
	return host_network_accel(control, id, listener, err);
}

int host_launch_take_network(struct launch *l, struct wire_msg *msg, struct err *err)
{
	bool userns = plan_joins(&l->plan->ns, CLONE_NEWUSER) || (l->plan->ns.new &CLONE_NEWUSER);

	return host_network_start(&l->network, l->pid, l->pidfd, msg->fd, userns, l->mapping ? &l->plan->ids : NULL,
				  err);
}
