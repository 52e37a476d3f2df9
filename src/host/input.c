/* SPDX-License-Identifier: Apache-2.0 */
/* host/input: a file that an argument of a command names. */
#include "host/input.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/fd.h"
#include "json/tree.h"

int host_input_read(struct arena *arena, const char *what, const char *path, struct input *ret,
		    struct err *err)
{
	ssize_t len;

	*ret = (struct input){ .name = path };
	if (str_eq(path, "-")) {
		ret->name = "standard input";
		/*
		 * By its descriptor: a pipe of another user's, or a socket, can't be opened again
		 * by name.
		 */
		len = sys_read_fd(arena, STDIN_FILENO, JSON_TEXT_MAX, &ret->text);
	} else {
		len = sys_read_file(arena, AT_FDCWD, path, JSON_TEXT_MAX, &ret->text);
	}
	if (len < 0) {
		return err_errno(err, (int)-len, "%s%s", what, ret->name);
	}
	ret->len = (size_t)len;
	return 0;
}
