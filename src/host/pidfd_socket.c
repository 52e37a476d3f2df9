/* SPDX-License-Identifier: Apache-2.0 */
/* host/pidfd_socket: --pidfd-socket: a client gets a pidfd of the process that was started. */
#include "host/pidfd_socket.h"

#include <string.h>

#include "plan/annotations.h"
#include "sys/await.h"
#include "sys/sock.h"

int host_pidfd_socket_connect(const char *path, int *ret_fd, struct err *err)
{
	int rc = sys_connect_unix(path, ret_fd);

	if (rc != 0) {
		sys_await_failed(rc, err, "--pidfd-socket: connecting to %s", path);
		sys_explain_socket(path, err);
		return -err->code;
	}
	return 0;
}

int host_pidfd_socket_send(int socket, const char *kind, int pidfd, struct err *err)
{
	int rc = sys_send_fd(socket, kind, strlen(kind), pidfd);

	if (rc != 0) {
		return sys_await_failed(rc, err, "--pidfd-socket: sending the pidfd");
	}
	return 0;
}

int host_pidfd_receiver_connect(const char *path, int *ret_fd, struct err *err)
{
	int rc = sys_connect_unix(path, ret_fd);

	if (rc != 0) {
		sys_await_failed(rc, err, "%s: connecting to %s",
				 plan_annotation_path(PLAN_ANNOTATION_PIDFD_RECEIVER), path);
		sys_explain_socket(path, err);
		return -err->code;
	}
	return 0;
}

int host_pidfd_receiver_send(int socket, int pidfd, struct err *err)
{
	int rc = sys_send_fd(socket, PIDFD_SOCKET_INIT, strlen(PIDFD_SOCKET_INIT), pidfd);

	if (rc != 0) {
		return sys_await_failed(rc, err, "%s: sending the pidfd",
					plan_annotation_path(PLAN_ANNOTATION_PIDFD_RECEIVER));
	}
	return 0;
}
