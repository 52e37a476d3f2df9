/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/version: which slirp4netns is installed.
 *
 * One that is too old refuses an option in words of its own, when the container is half made. Asked
 * beforehand it can be named with what is needed; but asking takes as long as connecting the
 * network. So the answer is kept, for as long as the program's file is the same one.
 */
#include "libnet/slirp/version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/fd.h"
#include "sys/spawn.h"

/* What the options that are always given need, and what some others do: slirp4netns(1), "since". */
#define NEEDED 4000u	      /* 0.4.0: --enable-sandbox, --enable-seccomp, --netns-type */
#define NEEDED_LATER 1001000u /* 1.1.0: --outbound-addr, --outbound-addr6, --disable-dns */

#define PROBE_TIMEOUT_S 5
#define ANSWER_MAX 4096

const char *net_slirp_find(struct arena *arena)
{
	const char *lists[] = { getenv("PATH"),
				"/usr/bin:/usr/local/bin:/bin:/usr/libexec/podman" };

	for (size_t i = 0; i < 2; i++) {
		for (const char *dir = lists[i]; dir && *dir;
		     dir += strcspn(dir, ":"), dir += *dir == ':') {
			int len = (int)strcspn(dir, ":");
			const char *path = arena_printf(arena, "%.*s/slirp4netns", len, dir);

			if (dir[0] == '/' && access(path, X_OK) == 0) {
				return path;
			}
		}
	}
	return NULL;
}

/*
 * "1.2.0" as 1002000; 0: that is no version. Whatever follows the third number ("-beta", "+dev")
 * counts for nothing.
 */
static uint32_t read_version(const char *text)
{
	unsigned major, minor, patch;

	if (sscanf(text, "%4u.%3u.%3u", &major, &minor, &patch) != 3) {
		return 0;
	}
	return (major * 1000 + minor) * 1000 + patch;
}

/* What tells one file of that name from the next, and begins the line in the cache. */
static const char *identity(struct arena *arena, const struct stat *st)
{
	return arena_printf(arena, "%" PRIuMAX " %" PRIuMAX " %" PRIdMAX " %" PRIdMAX ".%09ld ",
			    (uintmax_t)st->st_dev, (uintmax_t)st->st_ino, (intmax_t)st->st_size,
			    (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

/* The version in the cache, if it is of that file; else 0. */
static uint32_t recall(struct arena *arena, const char *cache, const char *file)
{
	scope_fd int fd = open(cache, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	const char *line;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    sys_read_fd(arena, fd, ANSWER_MAX, &line) < 0 || !str_starts(line, file)) {
		return 0;
	}
	return read_version(line + strlen(file));
}

/* Nobody minds if it can't be kept: then it is asked the next time too. */
static void keep(struct arena *arena, const char *cache, const char *file, const char *version)
{
	const char *aside = arena_printf(arena, "%s.%d.tmp", cache, (int)getpid());
	const char *line =
		arena_printf(arena, "%s%.*s\n", file, (int)strcspn(version, "\n"), version);
	scope_fd int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 &&
	    (write(fd, line, strlen(line)) != (ssize_t)strlen(line) || rename(aside, cache) < 0)) {
		unlink(aside);
	}
}

static int ask(struct arena *arena, const char *slirp, const char **ret, struct err *err)
{
	static const char *const argv[] = { "slirp4netns", "--version", NULL };
	static const char *const env[] = { NULL };
	scope_fd int out = memfd_create("slirp4netns", MFD_CLOEXEC);
	const struct sys_spawn spawn = { .path = slirp,
					 .argv = argv,
					 .env = env,
					 .input = "",
					 .timeout = PROBE_TIMEOUT_S,
					 .out = out,
					 .err = -1 };

	if (out < 0) {
		return err_errno(err, errno, "asking slirp4netns for its version");
	}
	if (sys_spawn_checked(&spawn, err) < 0) {
		return err_hint(err, "reinstall it: sudo apt-get install --reinstall slirp4netns");
	}
	if (lseek(out, 0, SEEK_SET) < 0 || sys_read_fd(arena, out, ANSWER_MAX, ret) < 0) {
		return err_errno(err, EIO, "asking slirp4netns for its version");
	}
	return 0;
}

static int check(const char *slirp, uint32_t version, const struct net_config *c, struct err *err)
{
	const char *what = "";
	uint32_t needed = NEEDED;

	if (!c->dns || c->outbound_addr || c->outbound_addr6) {
		what = " for outbound_addr and enable_dns=false";
		needed = NEEDED_LATER;
	}
	if (version >= needed) {
		return 0;
	}
	return err_set(err, ENOTSUP,
		       "slirp4netns %u.%u.%u (%s) is too old%s: version %u.%u.%u or newer is "
		       "needed; install one, and put it first in PATH",
		       version / 1000000, version / 1000 % 1000, version % 1000, slirp, what,
		       needed / 1000000, needed / 1000 % 1000, needed % 1000);
}

int net_slirp_check(const char *slirp, const struct net_config *config, const char *cache,
		    struct err *err)
{
	static const char prefix[] = "slirp4netns version ";
	scope_arena struct arena arena = ARENA_INIT;
	const char *answer = "", *file;
	uint32_t version = 0;
	struct stat st;

	if (stat(slirp, &st) < 0) {
		return err_errno(err, errno, "%s", slirp);
	}
	file = identity(&arena, &st);
	if (cache) {
		version = recall(&arena, cache, file);
	}
	if (version == 0) {
		TRY(ask(&arena, slirp, &answer, err));
		if (!str_starts(answer, prefix) ||
		    (version = read_version(answer + strlen(prefix))) == 0) {
			/*
			 * A build that numbers itself in another way: what it can't do it will say.
			 */
			return 0;
		}
		if (cache) {
			keep(&arena, cache, file, answer + strlen(prefix));
		}
	}
	return check(slirp, version, config, err);
}
