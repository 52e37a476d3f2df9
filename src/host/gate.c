/* SPDX-License-Identifier: Apache-2.0 */
/* host/gate: the socket on which a created container waits for `start`. */
#include "host/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "sys/namespaces.h"
#include "wire/wire.h"

#define GATE "gate"

/* By descriptor: a path of the state folder may be longer than sun_path's 108 bytes. */
static struct sockaddr_un gate_address(const struct state_dir *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" GATE, dir->fd);
	return address;
}

int host_gate_make(const struct state_dir *dir, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = gate_address(dir);
	scope_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 4) < 0) {
		return err_errno(err, errno, "making the start gate in %s/%s", dir->root, dir->id);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

static int knock(const struct state_dir *dir, struct err *err)
{
	struct sockaddr_un address = gate_address(dir);
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

int host_gate_namespaces(const struct state_dir *dir, int *fds, struct err *err)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_GATE };
	scope_fd int wire = knock(dir, err);
	struct wire_msg msg;
	int rc;

	TRY(wire);
	rc = wire_send(wire, WIRE_NAMESPACES, NULL, 0, -1);
	while (rc >= 0 && (rc = wire_recv(wire, &msg)) > 0) {
		int *slot = NULL;

		if (msg.type == WIRE_NAMESPACE) {
			slot = slot_of(fds, msg.type_of_namespace);
		}
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

int host_gate_open(const struct state_dir *dir, int *ret_notify, struct err *err)
{
	scope_fd int fd = knock(dir, err);

	TRY(fd);
	if (unlinkat(dir->fd, GATE, 0) < 0) {
		return err_errno(err, errno, "removing the start gate of container `%s`", dir->id);
	}
	return host_gate_start(fd, ret_notify, err);
}

int host_gate_start(int wire, int *ret_notify, struct err *err)
{
	struct wire_turn turn = { .phase = WIRE_PHASE_START };
	scope_fd int notify = -1;
	bool announced = false;
	struct wire_msg msg;
	int rc = wire_send(wire, WIRE_START, NULL, 0, -1);

	if (rc < 0) {
		return err_errno(err, -rc, "telling the container to start");
	}
	if (!ret_notify) {
		turn.gone = WIRE_BIT(WIRE_NOTIFY);
	}
	while ((rc = wire_recv(wire, &msg)) > 0) {
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
