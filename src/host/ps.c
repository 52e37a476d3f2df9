/* SPDX-License-Identifier: Apache-2.0 */
/* host/ps: running ps(1), which does not outlive us. */
#include "host/ps.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/await.h"
#include "sys/program.h"
#include "sys/spawn.h"

extern char **environ;

static int read_all(int fd, struct text *out, struct err *err)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		text_addn(out, buf, (size_t)n);
		at += n;
	}
	return n < 0 ? err_errno(err, errno, "cannot read what ps prints") : 0;
}

int host_ps(struct arena *arena, char *const *v, size_t n, struct text *out, struct err *err)
{
	const char **argv = arena_array(arena, n + 3, sizeof(*argv));
	scope_fd int printed = memfd_create("ps", MFD_CLOEXEC);
	struct sys_spawn spawn = {
		.path = sys_find_program(arena, "ps"),
		.argv = argv,
		.env = (const char *const *)environ,
		.out = printed,
		.err = STDERR_FILENO,
	};
	struct sys_spawn_end end;
	int rc;

	argv[0] = "ps";
	argv[1] = "-ef";
	for (size_t i = 0; i < n; i++) {
		argv[i + 1] = v[i];
	}
	if (printed < 0) {
		return err_errno(err, errno, "memory for what ps prints");
	}
	rc = spawn.path ? sys_spawn_wait(&spawn, &end) : -ENOENT;
	if (rc < 0 && spawn.path && end.signal) {
		return sys_interrupted(end.signal, "while ps ran", err);
	}
	if (rc < 0) {
		err_errno(err, -rc, "cannot run ps");
		return err_hint(err, "install procps, or use --format json");
	}
	if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0) {
		return err_set(err, EINVAL, "ps failed with status %d",
			       WIFEXITED(end.status) ? WEXITSTATUS(end.status) :
						       128 + WTERMSIG(end.status));
	}
	return read_all(printed, out, err);
}
