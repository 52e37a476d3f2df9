/* SPDX-License-Identifier: Apache-2.0 */
/* sys/proc: what procfs says of a process. */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/clone.h"
#include "sys/fd.h"

#define CGROUP_FILE_MAX (1 << 16)

#define NS_PER_SECOND 1000000000L

/* The inode of the initial time namespace, include/linux/proc_ns.h: PROC_TIME_INIT_INO. */
#define TIME_NAMESPACE_INITIAL 4026531834ul

/*
 * A start time and an offset are rounded down one by one, where the offset is no whole number of
 * ticks or the sum was below zero. No pid comes round again so soon.
 */
#define ROUNDED_TICKS 2

#define PF_EXITING_ 0x4 /* include/linux/sched.h: getting shut down */

/* A small file of procfs, NUL-terminated. Returns its length or -errno. */
static ssize_t slurp(const char *path, char *buf, size_t size)
{
	scope_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	if (fd < 0) {
		return -errno;
	}
	while (used < size - 1) {
		ssize_t n = read(fd, buf + used, size - 1 - used);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		used += (size_t)n;
	}
	buf[used] = '\0';
	return (ssize_t)used;
}

const char *sys_boot_id(struct arena *arena)
{
	char buf[64];

	if (slurp("/proc/sys/kernel/random/boot_id", buf, sizeof(buf)) <= 0) {
		return NULL;
	}
	buf[strcspn(buf, "\n")] = '\0';
	return arena_strdup(arena, buf);
}

int sys_process_stat(pid_t pid, struct sys_process_stat *ret)
{
	char path[64];
	char buf[1024];
	unsigned long long start;
	unsigned flags;
	const char *rest;
	char state;
	int ppid;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (slurp(path, buf, sizeof(buf)) <= 0) {
		return -ESRCH;
	}
	/* The name in field 2 is the process's own choice: it may hold blanks and ')'. */
	rest = strrchr(buf, ')');
	if (!rest ||
	    sscanf(rest + 1,
		   " %c %d %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		   &state, &ppid, &flags, &start) != 4) {
		return -ESRCH;
	}
	*ret = (struct sys_process_stat){
		.start_time = start, .ppid = ppid, .flags = flags, .state = state
	};
	return 0;
}

/*
 * What this time namespace adds to the time since boot, in whole ticks, time_namespaces(7). The
 * file tells it of the namespace that children are born in. That is another one only after an
 * unshare without a fork, and before Linux 6.1 in what such a process executes.
 */
static int64_t boottime_offset(long tick_ns)
{
	struct stat own, children;
	long long secs = 0, nsecs = 0;
	const char *line;
	char buf[256];

	if (stat("/proc/self/ns/time", &own) < 0 || own.st_ino == TIME_NAMESPACE_INITIAL ||
	    stat("/proc/self/ns/time_for_children", &children) < 0 ||
	    children.st_ino != own.st_ino ||
	    slurp("/proc/self/timens_offsets", buf, sizeof(buf)) <= 0) {
		return 0;
	}
	line = strstr(buf, "boottime");
	if (!line || sscanf(line, "boottime %lld %lld", &secs, &nsecs) != 2) {
		return 0;
	}
	return secs * (NS_PER_SECOND / tick_ns) + nsecs / tick_ns;
}

/*
 * By the clock of the initial time namespace. The kernel adds the offset as nanoseconds without a
 * sign: what began before the zero of this namespace's clock seems to begin in 584 years.
 */
static uint64_t without_offset(uint64_t start)
{
	const long tick_ns = NS_PER_SECOND / sysconf(_SC_CLK_TCK);
	const int64_t offset = boottime_offset(tick_ns);
	const uint64_t wrap = UINT64_MAX / (uint64_t)tick_ns;

	if (offset < 0 && start > wrap / 2) {
		start -= wrap;
	}
	return start - (uint64_t)offset;
}

int sys_process_start_time(pid_t pid, uint64_t *ret_start, char *ret_state)
{
	struct sys_process_stat st;

	TRY(sys_process_stat(pid, &st));
	*ret_start = without_offset(st.start_time);
	*ret_state = st.state;
	return 0;
}

/* A process that procfs does not show us is there, or a zombie, as far as its pidfd can tell. */
static bool is_hidden(pid_t pid, char *ret_state)
{
	scope_fd int fd = sys_pidfd_open(pid);
	struct pollfd end = { fd, POLLIN, 0 };

	if (fd < 0) {
		return false;
	}
	*ret_state = poll(&end, 1, 0) > 0 ? 'Z' : 'S';
	return true;
}

bool sys_process_is(pid_t pid, uint64_t start, char *ret_state)
{
	struct sys_process_stat st;
	uint64_t real;

	if (sys_process_stat(pid, &st) < 0) {
		return is_hidden(pid, ret_state);
	}
	*ret_state = st.state;
	if (st.start_time == start) {
		return true;
	}
	real = without_offset(st.start_time);
	return real != st.start_time && real - start + ROUNDED_TICKS <= 2 * ROUNDED_TICKS;
}

/*
 * Whether SIGKILL is pending for the process, from its status file (proc_pid_status(5): SigPnd,
 * ShdPnd).
 */
static bool kill_pending(pid_t pid)
{
	const unsigned long long bit = 1ull << (SIGKILL - 1);
	unsigned long long mask;
	char path[64];
	char line[256];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	scope_file FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		if ((sscanf(line, "SigPnd: %llx", &mask) == 1 ||
		     sscanf(line, "ShdPnd: %llx", &mask) == 1) &&
		    (mask & bit)) {
			return true;
		}
	}
	return false;
}

bool sys_process_is_ending(pid_t pid)
{
	struct sys_process_stat st;

	return sys_process_stat(pid, &st) < 0 || (st.flags & PF_EXITING_) || kill_pending(pid);
}

const char *sys_process_cgroup(struct arena *arena, const char *process)
{
	const char *text;

	if (sys_read_file(arena, AT_FDCWD, arena_printf(arena, "/proc/%s/cgroup", process),
			  CGROUP_FILE_MAX, &text) < 0) {
		return NULL;
	}
	while (text) {
		if (str_starts(text, "0::/")) {
			text += strlen("0::");
			return arena_strndup(arena, text, strcspn(text, "\n"));
		}
		text = strchr(text, '\n');
		if (text) {
			text++;
		}
	}
	return NULL;
}
