/* SPDX-License-Identifier: Apache-2.0 */
/* state/exit: the file ROOT/ID/exit: how a container ended, for `wait`. */
#include "state/exit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "state/folder.h"
#include "state/root.h"
#include "json/decode.h"

#define EXIT_FILE "exit"
#define EXIT_FILE_MAX 4096

/* Members that it does not know are a later version's. */
static const struct json_field exit_fields[] = {
	JSON_F_U32(struct exit_record, status, "status", JSON_REQUIRED, 255),
	JSON_F_U32(struct exit_record, signal, "signal", 0, 127),
	JSON_F_END,
};

static const struct json_table exit_table = {
	.name = "exit",
	.size = sizeof(struct exit_record),
	.fields = exit_fields,
};

struct exit_record state_exit_of(int wait_status)
{
	uint32_t signal = WIFSIGNALED(wait_status) ? (uint32_t)WTERMSIG(wait_status) : 0;

	return (struct exit_record){
		.status = signal ? 128 + signal : (uint32_t)WEXITSTATUS(wait_status),
		.signal = signal,
	};
}

int state_exit_begin(const struct state_dir *dir, int *ret_fd, struct err *err)
{
	scope_fd int fd = openat(dir->fd, EXIT_FILE,
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return err_errno(err, errno, "making %s/%s/" EXIT_FILE, dir->root, dir->id);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int state_exit_write(int fd, const struct exit_record *record)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "{\"status\":%u,\"signal\":%u}\n", record->status,
			   record->signal);
	ssize_t put = pwrite(fd, text, (size_t)len, 0);

	if (put < 0) {
		return -errno;
	}
	return put == len ? 0 : -EIO;
}

int state_exit_open(const char *root, const char *id, struct err *err)
{
	char path[STATE_ID_MAX + sizeof("/" EXIT_FILE)];
	scope_fd int root_fd = -1;
	int rc = state_root_open(root, &root_fd, err);
	int fd;

	if (rc < 0) {
		return rc;
	}
	snprintf(path, sizeof(path), "%s/" EXIT_FILE, id);
	fd = openat(root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT) {
		return err_errno(err, errno, "cannot open %s/%s", root, path);
	}
	return fd >= 0 ? fd : -ENOENT;
}

int state_exit_read(int fd, struct exit_record *ret, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct exit_record record = { 0 };
	const struct json *tree = NULL;
	char text[EXIT_FILE_MAX];
	ssize_t len;

	while (flock(fd, LOCK_SH) < 0) {
		if (errno != EINTR) {
			return err_errno(err, errno, "waiting for the lock of the file " EXIT_FILE);
		}
	}
	len = pread(fd, text, sizeof(text), 0);
	(void)flock(fd, LOCK_UN);
	if (len < 0) {
		return err_errno(err, errno, "reading the file " EXIT_FILE);
	}
	if (len == 0) {
		return -ENODATA;
	}
	if (json_parse(&arena, text, (size_t)len, &tree, err) < 0 ||
	    json_decode(&arena, &exit_table, tree, &record, err) < 0) {
		return err_wrap(err, "the file " EXIT_FILE " is damaged");
	}
	*ret = record;
	return 0;
}
