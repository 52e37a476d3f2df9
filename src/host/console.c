/* SPDX-License-Identifier: Apache-2.0 */
/* host/console: where the container's terminal goes: to a client's socket. */
#include "host/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/sock.h"

#define MULTIPLEXER_NAME "/dev/ptmx"

int host_console_connect(const char *path, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	scope_fd int place = -1;

	if (fd < 0) {
		return err_errno(err, errno, "socket");
	}
	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path) + 1);
	} else {
		place = open(path, O_PATH | O_CLOEXEC);
		if (place < 0) {
			return err_errno(err, errno, "--console-socket: %s", path);
		}
		snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		return err_errno(err, errno, "--console-socket: connecting to %s", path);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int host_console_send(int socket, int multiplexer, struct err *err)
{
	int rc = sys_send_fd(socket, MULTIPLEXER_NAME, strlen(MULTIPLEXER_NAME), multiplexer);

	return rc < 0 ? err_errno(err, -rc, "--console-socket: sending the terminal") : 0;
}

int host_console_check(int multiplexer, struct err *err)
{
	struct stat st;

	if (fstat(multiplexer, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2)) {
		return err_set(err, EPROTO, "what the container sent as its terminal is none");
	}
	return 0;
}
