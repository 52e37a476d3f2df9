/* SPDX-License-Identifier: Apache-2.0 */
/* host/gate: making a container's start gate, and starting it through that. */
#include "host/gate.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "container/gate.h"
#include "state/folder.h"
#include "sys/await.h"
#include "wire/wire.h"

int host_gate_make(const struct state_dir *dir, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = container_gate_address(dir);
	scope_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 4) < 0) {
		return err_errno(err, errno, "making the start gate in %s/%s", dir->root, dir->id);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int host_gate_open(const struct state_dir *dir, int *ret_notify, struct err *err)
{
	scope_fd int fd = container_gate_knock(dir, err);

	TRY(fd);
	if (unlinkat(dir->fd, STATE_GATE, 0) < 0) {
		return err_errno(err, errno, "removing the start gate of container `%s`", dir->id);
	}
	return host_gate_start(fd, -1, ret_notify, err);
}

/* As wire_recv. A hook of the container's may be running, and a signal ends the wait for it. */
static int receive(int wire, int signals, struct wire_msg *ret, int *ret_signal)
{
	int rc = sys_await_by(signals, wire);

	*ret_signal = rc > 0 ? rc : 0;
	return rc == 0 ? wire_recv(wire, ret) : -EINTR;
}

int host_gate_start(int wire, int signals, int *ret_notify, struct err *err)
{
	int rc = wire_send(wire, WIRE_START, NULL, 0, -1);

	if (rc < 0) {
		return err_errno(err, -rc, "telling the container to start");
	}
	return host_gate_follow(wire, signals, ret_notify, err);
}

int host_gate_follow(int wire, int signals, int *ret_notify, struct err *err)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_START };
	scope_fd int notify = -1;
	bool announced = false;
	struct wire_msg msg;
	int sig = 0;
	int rc;

	if (!ret_notify) {
		turn.gone = WIRE_BIT(WIRE_NOTIFY);
	}
	while ((rc = receive(wire, signals, &msg, &sig)) > 0) {
		if (!wire_legal(&turn, msg.type)) {
			if (msg.fd >= 0) {
				close(msg.fd);
			}
			return err_set(err, EPROTO, "the container sent %s instead of starting",
				       wire_type_name(msg.type));
		}
		if (msg.type == WIRE_NOTIFY) {
			notify = msg.fd;
		}
		if (msg.type == WIRE_ERR) {
			*err = msg.err;
			return -err->code;
		}
		if (msg.type == WIRE_LOG) {
			log_warning("%s", msg.bytes);
		}
		announced = announced || msg.type == WIRE_EXEC;
	}
	if (sig) {
		return sys_interrupted(sig, "while the container was started", err);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "listening to the container");
	}
	if (!announced) {
		return err_set(err, ECHILD,
			       "the container's first process ended before its program began");
	}
	if (ret_notify && notify >= 0) {
		*ret_notify = fd_take(&notify);
	}
	return 0;
}
