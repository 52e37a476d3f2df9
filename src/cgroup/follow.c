/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/follow: what happens to a container, as its cgroup tells it (events). */
#include "cgroup/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/clock.h"

/* One look an hour at least. */
#define LONGEST_MS 3600000

/* How often the kernel has killed for want of memory; 0 when that can't be read. */
static uint64_t oom_kills(int events)
{
	char text[1024];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);
	char *at;

	if (n < 0) {
		return 0;
	}
	text[n] = '\0';
	at = strstr(text, "oom_kill ");
	if (!at) {
		return 0;
	}
	return strtoull(at + strlen("oom_kill "), NULL, 10);
}

/* For poll(2); -1 without an interval. */
static int until(int64_t interval, int64_t next)
{
	int64_t left = next - sys_now_ms();

	if (interval == 0) {
		return -1;
	}
	if (left < 0) {
		return 0;
	}
	return left > LONGEST_MS ? LONGEST_MS : (int)left;
}

int cgroup_follow(const struct cgroup *cgroup, const struct cgroup_watch *watch, struct err *err)
{
	scope_fd int dir = cgroup_open_top(cgroup, err);
	scope_fd int events = -1;
	int64_t interval = 0;
	int64_t next = sys_now_ms();
	uint64_t before, kills;
	int also = watch->also;

	if (dir < 0 && (dir != -ENOTSUP || also < 0)) {
		return dir;
	}
	if (dir >= 0) {
		events = openat(dir, "memory.events", O_RDONLY | O_CLOEXEC);
		interval = watch->interval_ms;
	}
	before = oom_kills(events);
	for (;;) {
		struct pollfd fds[] = { { watch->pidfd, POLLIN, 0 },
					{ events, POLLPRI, 0 },
					{ also, POLLIN, 0 } };

		if (interval > 0 && sys_now_ms() >= next) {
			TRY(watch->tick(watch->data, err));
			next += interval;
		}
		if (poll(fds, 3, until(interval, next)) < 0) {
			if (errno != EINTR) {
				return err_errno(err, errno, "waiting for events of the container");
			}
			continue;
		}
		kills = oom_kills(events);
		if (kills > before) {
			before = kills;
			TRY(watch->oom(watch->data, err));
		}
		if (fds[2].revents) {
			int rc = watch->told(watch->data, also, err);

			TRY(rc);
			if (rc > 0) {
				also = -1;
			}
		}
		if (fds[0].revents) {
			return 0;
		}
	}
}
