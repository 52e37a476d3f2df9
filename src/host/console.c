/* SPDX-License-Identifier: Apache-2.0 */
/* host/console: where the container's terminal goes: to a client's socket. */
#include "host/console.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sys/await.h"
#include "sys/sock.h"

#define MULTIPLEXER_NAME "/dev/ptmx"

int host_console_connect(const char *path, int *ret_fd, struct err *err)
{
	int rc = sys_connect_unix(path, ret_fd);

	if (rc != 0) {
		sys_await_failed(rc, err, "--console-socket: connecting to %s", path);
		sys_explain_socket(path, err);
		return -err->code;
	}
	return 0;
}

int host_console_send(int socket, int multiplexer, struct err *err)
{
	int rc = sys_send_fd(socket, MULTIPLEXER_NAME, strlen(MULTIPLEXER_NAME), multiplexer);

	if (rc != 0) {
		return sys_await_failed(rc, err, "--console-socket: sending the terminal");
	}
	return 0;
}

int host_console_check(int multiplexer, struct err *err)
{
	struct stat st;

	if (fstat(multiplexer, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2)) {
		return err_set(err, EPROTO, "what the container sent as its terminal is none");
	}
	return 0;
}
