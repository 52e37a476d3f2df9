/* SPDX-License-Identifier: Apache-2.0 */
/* container/gate: the socket on which a created container waits for `start`, from outside. */
#include "container/gate.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "state/folder.h"
#include "sys/namespaces.h"
#include "wire/wire.h"

struct sockaddr_un container_gate_address(const struct state_dir *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_GATE,
		 dir->fd);
	return address;
}

int container_gate_knock(const struct state_dir *dir, struct err *err)
{
	struct sockaddr_un address = container_gate_address(dir);
	scope_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		return err_errno(err, errno, "knocking at the start gate of container `%s`",
				 dir->id);
	}
	return fd_take(&fd);
}

static int *slot_of(int *fds, uint32_t type)
{
	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		if ((uint32_t)sys_namespaces[i].type == type) {
			return &fds[i];
		}
	}
	return NULL;
}

int container_gate_namespaces(const struct state_dir *dir, int *fds, struct err *err)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_GATE };
	scope_fd int wire = container_gate_knock(dir, err);
	struct wire_msg msg;
	int rc;

	TRY(wire);
	rc = wire_send(wire, WIRE_NAMESPACES, NULL, 0, -1);
	while (rc >= 0 && (rc = wire_recv(wire, &msg)) > 0) {
		int *slot = msg.type == WIRE_NAMESPACE ? slot_of(fds, msg.type_of_namespace) : NULL;

		if (!wire_legal(&turn, msg.type) || !slot || *slot >= 0) {
			scope_close_(&msg.fd);
			return err_set(err, EPROTO,
				       "the container sent %s instead of its namespaces",
				       wire_type_name(msg.type));
		}
		*slot = msg.fd;
	}
	if (rc < 0) {
		return err_errno(err, -rc, "asking container `%s` for its namespaces", dir->id);
	}
	return 0;
}
