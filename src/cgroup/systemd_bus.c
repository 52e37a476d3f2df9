/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/systemd_bus: libsystemd, and a connection by it.
 *
 * The socket is connected by us and handed to sd-bus, so that its owner can be checked first.
 * Authentication is sd-bus's: EXTERNAL without an id, where the kernel's word on who we are counts;
 * that holds in user namespaces too, where our own idea of our uid is another one. Everything is
 * sent at once: authentication, Hello, the match for JobRemoved, the call. sd-bus's own timeouts
 * aren't used: whatever is waited for ends with our deadline.
 */
#include "cgroup/systemd_bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/scope.h"
#include "sys/clock.h"
#include "user/session.h"

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER ".Manager"

/* How long an address may take from the connect to an authenticated (and known) client. */
#define READY_TIMEOUT_MS 5000

/* How often a call is made again over a new connection when one was lost, and the pause before. */
#define LOST_RETRIES 20
#define LOST_PAUSE_NS 50000000

/* What came of a call on one connection. */
enum outcome {
	ANSWERED,
	UNREACHABLE, /* nobody has seen the call: the next address */
	LOST,	     /* the connection went while the call was out: perhaps it was carried out */
	OUT_OF_TIME,
	UNSPEAKABLE, /* the arguments can't be put into a message */
};

int64_t systemd_left(const struct systemd *sd)
{
	int64_t left = sd->deadline - sys_now_ms();

	return left > 0 ? left : 0;
}

/* ---- the library ---- */

static int load(struct systemd_functions *ret, struct err *err)
{
	static const char library_name[] = "libsystemd.so.0";
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define SYSTEMD_ROW(name) { #name, offsetof(struct systemd_functions, name) },
		SYSTEMD_FUNCTIONS(SYSTEMD_ROW)
#undef SYSTEMD_ROW
	};
	/* Never unloaded: the process is short-lived. */
	void *library = dlopen(library_name, RTLD_LAZY | RTLD_LOCAL);

	if (!library) {
		return err_set(
			err, ENOENT,
			"systemd can't be asked for a cgroup without %s (%s); install it (Debian: "
			"libsystemd0), or use --cgroup-manager=cgroupfs or disabled",
			library_name, dlerror());
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function) {
			return err_set(err, ENOENT,
				       "%s is too old: it has no %s; use --cgroup-manager=cgroupfs "
				       "or disabled",
				       library_name, functions[i].name);
		}
		memcpy((char *)ret + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}

/* ---- the connection ---- */

static void drop(struct systemd *sd)
{
	if (sd->bus) {
		sd->f.sd_bus_close(sd->bus);
		sd->f.sd_bus_unref(sd->bus);
		sd->bus = NULL;
	}
	sd->ready = false;
}

/* Says that an address is of no use, and why. */
static void fail_address(struct systemd *sd, const char *why)
{
	const char *address = systemd_address_text(&sd->arena, sd->at);

	log_debug("systemd: %s: %s", address, why);
	text_add(&sd->failures, "%s%s: %s", sd->failures.len ? "; " : "", address, why);
	drop(sd);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
	struct systemd *sd = userdata;
	const char *path, *unit, *result;
	uint32_t id;

	(void)unused;
	if (sd->f.sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && sd->job.unit &&
	    str_eq(unit, sd->job.unit)) {
		sd->job.path = arena_strdup(&sd->arena, path);
		sd->job.result = arena_strdup(&sd->arena, result);
	}
	return 0;
}

/* On a bus the sender is part of the match; on the manager's own socket messages have none. */
static int set_up(struct systemd *sd, int *fd)
{
	const char *match = sd->at->direct ?
				    "type='signal',path='" MANAGER_PATH
				    "',interface='" MANAGER_INTERFACE "',member='JobRemoved'" :
				    "type='signal',sender='" MANAGER "',path='" MANAGER_PATH
				    "',interface='" MANAGER_INTERFACE "',member='JobRemoved'";

	TRY(sd->f.sd_bus_new(&sd->bus));
	TRY(sd->f.sd_bus_set_fd(sd->bus, *fd, *fd));
	(void)fd_take(fd);
	TRY(sd->f.sd_bus_set_bus_client(sd->bus, !sd->at->direct));
	TRY(sd->f.sd_bus_start(sd->bus));
	return sd->f.sd_bus_add_match_async(sd->bus, NULL, match, on_job_removed, NULL, sd);
}

/* Connects to the first address from sd->next on that lets us. */
static int connect_next(struct systemd *sd, struct err *err)
{
	while (!sd->bus) {
		scope_fd int fd = -1;
		int64_t left = systemd_left(sd);
		int rc;

		if (sd->next == sd->addresses.n) {
			return systemd_addresses_none(&sd->addresses, sd->failures.s, err);
		}
		sd->at = &sd->addresses.v[sd->next++];
		fd = systemd_address_connect(sd->at,
					     left < READY_TIMEOUT_MS ? (int)left : READY_TIMEOUT_MS,
					     &sd->foreign);
		rc = fd < 0 ? fd : set_up(sd, &fd);
		if (rc == -EPERM && fd < 0) {
			fail_address(sd, "another user's process listens there");
		} else if (rc < 0) {
			fail_address(sd, strerror(-rc));
		}
	}
	return 0;
}

/* ---- calls ---- */

struct pending {
	const struct systemd *sd;
	sd_bus_message *answer;
};

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
	struct pending *pending = userdata;

	(void)unused;
	pending->answer = pending->sd->f.sd_bus_message_ref(m);
	return 0;
}

/*
 * Lets sd-bus work until *done or the time `until`: 0, -ETIMEDOUT, or another -errno when the
 * connection is gone.
 */
static int pump(struct systemd *sd, int64_t until,
		bool (*done)(const struct systemd *sd, const void *arg), const void *arg)
{
	for (;;) {
		int rc = sd->f.sd_bus_process(sd->bus, NULL);
		int64_t left;

		sd->ready = sd->ready || sd->f.sd_bus_is_ready(sd->bus) > 0;
		if (done(sd, arg)) {
			return 0;
		}
		if (rc < 0 || sd->f.sd_bus_is_open(sd->bus) <= 0) {
			return rc < 0 ? rc : -ECONNRESET;
		}
		if (rc > 0) {
			continue;
		}
		left = until - sys_now_ms();
		if (left <= 0) {
			return -ETIMEDOUT;
		}
		rc = sd->f.sd_bus_wait(sd->bus, (uint64_t)left * 1000);
		if (rc < 0 && rc != -EINTR) {
			return rc;
		}
	}
}

static bool is_answered(const struct systemd *sd, const void *arg)
{
	(void)sd;
	return ((const struct pending *)arg)->answer != NULL;
}

static bool is_ready(const struct systemd *sd, const void *arg)
{
	return sd->ready || is_answered(sd, arg);
}

/*
 * Errors of the bus itself: the manager isn't there, or we may not speak to it. None has carried
 * the call out.
 */
static bool undelivered(const char *error)
{
	static const char *const names[] = {
		"org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.AccessDenied",
		"org.freedesktop.DBus.Error.AuthFailed",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(error, names[i])) {
			return true;
		}
	}
	return str_starts(error, "org.freedesktop.DBus.Error.Spawn.");
}

static bool no_reply(const char *error)
{
	return str_eq(error, "org.freedesktop.DBus.Error.NoReply") ||
	       str_eq(error, "org.freedesktop.DBus.Error.Disconnected") ||
	       str_eq(error, "org.freedesktop.DBus.Error.Timeout");
}

/* Reads the answer, which may be an error of the manager's, of the bus's, or of sd-bus's making. */
static enum outcome take_answer(struct systemd *sd, struct pending *pending,
				struct systemd_reply *ret)
{
	const sd_bus_error *error = sd->f.sd_bus_message_get_error(pending->answer);
	struct systemd_reply reply = { .m = pending->answer };

	if (error) {
		reply.error = error->name ? error->name : "";
		reply.text = error->message && *error->message ? error->message : reply.error;
		if (undelivered(reply.error) || (no_reply(reply.error) && !sd->ready)) {
			fail_address(sd, arena_strdup(&sd->arena, reply.text));
			systemd_reply_done(sd, &reply);
			return UNREACHABLE;
		}
		if (no_reply(reply.error)) {
			systemd_reply_done(sd, &reply);
			return LOST;
		}
	}
	*ret = reply;
	return ANSWERED;
}

static int send(struct systemd *sd, const struct systemd_call *call, struct pending *pending)
{
	sd_bus_message *m = NULL;
	int rc = sd->f.sd_bus_message_new_method_call(
		sd->bus, &m, sd->at->direct ? NULL : MANAGER,
		call->path ? call->path : MANAGER_PATH,
		call->interface ? call->interface : MANAGER_INTERFACE, call->member);

	if (rc >= 0 && call->fill) {
		rc = call->fill(sd, m, call->arg);
	}
	if (rc >= 0) {
		/* No slot: it floats, and the callback lives as long as the bus. */
		rc = sd->f.sd_bus_call_async(sd->bus, NULL, m, on_answer, pending, UINT64_MAX);
		rc = rc == -ENOTCONN ? -ECONNRESET : rc;
	}
	if (m) {
		sd->f.sd_bus_message_unref(m);
	}
	return rc;
}

static enum outcome out_of_time(struct systemd *sd, int64_t begin, const char *what)
{
	fail_address(sd, arena_printf(&sd->arena, "no %s within %.1f seconds", what,
				      (double)(sys_now_ms() - begin) / 1000));
	return systemd_left(sd) > 0 ? UNREACHABLE : OUT_OF_TIME;
}

static enum outcome call_once(struct systemd *sd, const struct systemd_call *call,
			      struct systemd_reply *ret, int *ret_errno)
{
	struct pending pending = { .sd = sd };
	const int64_t begin = sys_now_ms();
	int64_t until = begin + READY_TIMEOUT_MS;
	int rc = send(sd, call, &pending);

	if (rc < 0 && rc != -ECONNRESET) {
		*ret_errno = -rc;
		return UNSPEAKABLE;
	}
	if (rc >= 0 && !sd->ready) {
		rc = pump(sd, until < sd->deadline ? until : sd->deadline, is_ready, &pending);
		if (rc == -ETIMEDOUT) {
			return out_of_time(sd, begin, "answer");
		}
	}
	if (rc >= 0 && !pending.answer) {
		rc = pump(sd, sd->deadline, is_answered, &pending);
		if (rc == -ETIMEDOUT) {
			return out_of_time(sd, begin,
					   arena_printf(&sd->arena, "answer to %s", call->member));
		}
	}
	if (pending.answer) {
		return take_answer(sd, &pending, ret);
	}
	if (!sd->ready) {
		fail_address(sd, rc == -EACCES || rc == -EPERM ? "it refuses us" : strerror(-rc));
		return UNREACHABLE;
	}
	return LOST;
}

int systemd_call(struct systemd *sd, const struct systemd_call *call, struct systemd_reply *ret,
		 struct err *err)
{
	int lost = 0;

	for (;;) {
		int code = EIO;

		TRY(connect_next(sd, err));
		switch (call_once(sd, call, ret, &code)) {
		case ANSWERED:
			return 0;
		case UNREACHABLE:
			break;
		case LOST:
			/* A manager or a bus that restarts is there again in a moment. */
			fail_address(sd, arena_printf(&sd->arena, "connection lost during %s",
						      call->member));
			if (++lost > LOST_RETRIES || systemd_left(sd) == 0) {
				return systemd_addresses_none(&sd->addresses, sd->failures.s, err);
			}
			nanosleep(&(struct timespec){ .tv_nsec = LOST_PAUSE_NS }, NULL);
			sd->next = 0;
			text_init(&sd->failures, &sd->arena);
			break;
		case OUT_OF_TIME:
			return err_set(err, ETIMEDOUT, "%s%s%s: systemd gave no answer in time: %s",
				       call->member, call->unit ? " " : "",
				       call->unit ? call->unit : "", sd->failures.s);
		case UNSPEAKABLE:
			if (code == EREMOTE) {
				return err_set(err, EREMOTE,
					       "%s%s%s: the manager behind %s is in another PID "
					       "namespace, where our processes have other numbers; "
					       "use --cgroup-manager=cgroupfs or disabled",
					       call->member, call->unit ? " " : "",
					       call->unit ? call->unit : "",
					       systemd_address_text(&sd->arena, sd->at));
			}
			return err_errno(err, code, "%s%s%s: the call can't be made", call->member,
					 call->unit ? " " : "", call->unit ? call->unit : "");
		}
	}
}

void systemd_reply_done(const struct systemd *sd, struct systemd_reply *reply)
{
	if (reply->m) {
		sd->f.sd_bus_message_unref(reply->m);
	}
	*reply = (struct systemd_reply){ .m = NULL };
}

static bool job_ended(const struct systemd *sd, const void *arg)
{
	return sd->job.result && str_eq(sd->job.path, arg);
}

int systemd_job_wait(struct systemd *sd, const char *path, int64_t ms)
{
	int64_t until = sys_now_ms() + ms;
	int rc;

	if (!sd->bus) {
		return -ECONNRESET;
	}
	rc = pump(sd, until < sd->deadline ? until : sd->deadline, job_ended, path);
	if (rc == -ETIMEDOUT) {
		return -EAGAIN;
	}
	if (rc < 0) {
		drop(sd);
		sd->next = 0;
		return -ECONNRESET;
	}
	return 0;
}

int systemd_fill_strings(const struct systemd *sd, sd_bus_message *m, const void *arg)
{
	for (const char *const *s = arg; *s; s++) {
		TRY(sd->f.sd_bus_message_append_basic(m, 's', *s));
	}
	return 0;
}

int cgroup_systemd_find(struct arena *arena, const char **ret_addresses, struct err *err)
{
	struct systemd_addresses addresses;
	struct text all;

	systemd_addresses_look(arena, user_of_system(), &addresses);
	if (addresses.n == 0) {
		return systemd_addresses_none(&addresses, "", err);
	}
	text_init(&all, arena);
	for (size_t i = 0; i < addresses.n; i++) {
		text_add(&all, "%s%s", i ? ";" : "", systemd_address_text(arena, &addresses.v[i]));
	}
	*ret_addresses = all.s;
	return 0;
}

int cgroup_systemd_open(struct systemd **ret, struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct systemd *sd = arena_alloc(&arena, sizeof(*sd));
	int rc;

	sd->deadline = sys_now_ms() + SYSTEMD_TIMEOUT_MS;
	systemd_addresses_look(&arena, user_of_system(), &sd->addresses);
	rc = sd->addresses.n == 0 ? systemd_addresses_none(&sd->addresses, "", err) :
				    load(&sd->f, err);
	if (rc < 0) {
		arena_done(&arena);
		return rc;
	}
	sd->arena = arena;
	text_init(&sd->failures, &sd->arena);
	*ret = sd;
	return 0;
}

void cgroup_systemd_close(struct systemd **sd)
{
	struct arena arena;

	if (!*sd) {
		return;
	}
	drop(*sd);
	/* It lives in its own arena. */
	arena = (*sd)->arena;
	*sd = NULL;
	arena_done(&arena);
}
