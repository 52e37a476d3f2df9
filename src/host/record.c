/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/record: what a launch leaves for later commands and for the client: state.json and the pid
 * file.
 */
#include "host/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scope.h"
#include "host/launch.h"
#include "state/file.h"
#include "sys/await.h"
#include "sys/namespaces.h"
#include "sys/proc.h"

/* RFC 3339 in UTC with nanoseconds. By hand: gmtime_r(3) would read /etc/localtime first. */
static const char *now_text(struct arena *arena)
{
	struct timespec now;
	int64_t days, year_of_era, era, day_of_era, day_of_year, month;
	int64_t year;
	long seconds;

	clock_gettime(CLOCK_REALTIME, &now);
	/* from 0000-03-01, so that the leap day is a year's last */
	days = now.tv_sec / 86400 + 719468;
	seconds = (long)(now.tv_sec % 86400);
	era = days / 146097;
	day_of_era = days % 146097;
	year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	year = year_of_era + era * 400 + (month >= 10 ? 1 : 0);
	return arena_printf(
		arena, "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02ld:%02ld:%02ld.%09ldZ", year,
		month < 10 ? month + 3 : month - 9, day_of_year - (153 * month + 2) / 5 + 1,
		seconds / 3600, seconds / 60 % 60, seconds % 60, now.tv_nsec);
}

bool host_own_pid_namespace(const struct plan *plan)
{
	return (plan->ns.new &CLONE_NEWPID) != 0;
}

int host_record(const struct launch *l, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct state state = {
		.oci_version = SPEC_VERSION,
		.id = l->plan->id,
		.bundle = l->plan->bundle,
		.rootfs = l->plan->fs.rootfs,
		.created = now_text(&arena),
		.owner = l->owner,
		.pid = l->guest.pid,
		.own_pid_namespace = host_own_pid_namespace(l->plan),
		.mount_namespace = l->mount_namespace,
		.has_hooks = l->spec->hooks != NULL,
		.own_keyring = l->plan->new_keyring,
		.keyring = l->plan->keyring,
		.no_pivot = l->plan->fs.no_pivot,
		.rdt_monitor = l->plan->rdt.monitor,
		.cgroup = l->cgroup,
		.annotations = l->spec->annotations,
	};
	char letter;

	state.pid_namespace.set = sys_pid_namespace(&state.pid_namespace.value) == 0;
	if (l->plan->rdt.remove_group) {
		state.rdt_group = l->plan->rdt.group;
	}
	if (l->notify.to >= 0) {
		state.notify = l->options->notify_socket;
	}
	state.start_time = l->start_time;
	if (state.start_time == 0) {
		(void)sys_process_start_time(l->guest.pid, &state.start_time, &letter);
	}
	if (l->network.of) {
		state.network = l->network.shared;
	}
	if (l->network.helper.pid > 0) {
		state.network = (struct state_network){
			.pid = { true, l->network.helper.pid },
			.start_time = { .set = true },
			.by_slirp = l->network.request.config.handler == NET_HANDLER_SLIRP,
			.accel = l->network.request.config.accel,
		};
		/* Gone already: then a start time of 0 is nobody's. */
		(void)sys_process_start_time(l->network.helper.pid, &state.network.start_time.value,
					     &letter);
	}
	return state_save(&l->dir, &state, err);
}

/* How long a FIFO without a reader is left alone between two looks. */
#define READER_MS 10

/*
 * A device, a FIFO, a link: what the caller has laid there is written into, as runc and crun do. A
 * FIFO's reader is waited for.
 */
static int open_there(const char *path, struct err *err)
{
	for (;;) {
		struct stat st;
		int fd =
			open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			     0644);
		int rc;

		if (fd >= 0) {
			return fd;
		}
		if (errno != ENXIO) {
			return err_errno(err, errno, "--pid-file: %s", path);
		}
		/* A socket says that too. */
		if (stat(path, &st) < 0 || !S_ISFIFO(st.st_mode)) {
			return err_errno(err, ENXIO, "--pid-file: %s", path);
		}
		rc = sys_await(NULL, 0, READER_MS);
		if (rc != -ETIMEDOUT) {
			return sys_await_failed(rc, err, "--pid-file: %s has no reader", path);
		}
	}
}

static int write_there(const char *path, const char *text, struct err *err)
{
	scope_fd int fd = open_there(path, err);

	TRY(fd);
	errno = ENOSPC; /* what a short write, which has no errno, means */
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		return err_errno(err, errno, "--pid-file: %s", path);
	}
	return 0;
}

int host_pid_file(const char *path, pid_t pid, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *aside = arena_printf(&arena, "%s.%d.tmp", path, (int)getpid());
	const char *text = arena_printf(&arena, "%d", (int)pid);
	scope_fd int fd = -1;
	size_t len = strlen(text);
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		return write_there(path, text, err);
	}
	/* Nobody sees half of it. */
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		return err_errno(err, errno, "--pid-file: %s", path);
	}
	errno = ENOSPC; /* what a short write, which has no errno, means */
	if (write(fd, text, len) != (ssize_t)len || rename(aside, path) < 0) {
		int code = errno;

		unlink(aside);
		return err_errno(err, code, "--pid-file: %s", path);
	}
	return 0;
}

void host_pid_file_remove(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		(void)unlink(path);
	}
}
