/* SPDX-License-Identifier: Apache-2.0 */
/* host/guest_requests: what guests of more than one kind ask of the host. */
#include "host/guest_requests.h"

#include <sched.h>
#include <unistd.h>

#include "base/scope.h"
#include "host/console.h"
#include "host/filter.h"

bool host_guest_enters_pids(const struct plan *plan)
{
	return plan->enter.join & CLONE_NEWPID;
}

bool host_guest_has_terminal(const struct plan *plan)
{
	return plan->process.terminal;
}

int host_guest_take_console(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	scope_fd int terminal = msg->fd;

	TRY(host_console_check(terminal, err));
	if (g->console_socket >= 0) {
		int rc = host_console_send(g->console_socket, terminal, err);

		fd_drop(&g->console_socket);
		return rc;
	}
	if (!g->detached) {
		g->multiplexer = fd_take(&terminal);
	}
	return 0;
}

bool host_guest_has_listener(const struct plan *plan)
{
	return plan->filter.notify;
}

int host_guest_take_listener(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	scope_fd int listener = msg->fd;
	struct filter_subject subject = {
		.pid = g->pid,
		.init = g->init,
		.status = g->status,
	};

	if (subject.init < 0) {
		subject.init = g->pid;
	}
	return host_filter_send_listener(&g->plan->filter, listener, &subject, g->spec, g->plan,
					 err);
}

bool host_guest_is_accelerated(const struct plan *plan)
{
	return plan->net.accel;
}
