/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/bus: calls of a manager's methods, by sd-bus.
 *
 * The socket is connected by us and handed to sd-bus, so that its owner can be checked first.
 * Authentication is sd-bus's: EXTERNAL without an id, where the kernel's word on who we are counts;
 * that holds in user namespaces too, where our own idea of our uid is another one. Everything is
 * sent at once: authentication, Hello, the match for JobRemoved, the call. sd-bus's own timeouts
 * aren't used: whatever is waited for ends with our deadline.
 */
#include "systemd/bus.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/scope.h"
#include "sys/await.h"
#include "sys/clock.h"

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER ".Manager"

/* How long an address may take from the connect to an authenticated (and known) client. */
#define READY_TIMEOUT_MS 5000

/*
 * How long a call that is only begun may wait for the connection. It is there in less where it was
 * begun before; a busy manager is waited for when nothing else is left to do.
 */
#define BEGIN_TIMEOUT_MS 3

/* How often a call is made again over a new connection when one was lost, and the pause before. */
#define LOST_RETRIES 20
#define LOST_PAUSE_MS 50

/* What came of a call on one connection. */
enum outcome {
	ANSWERED,
	UNREACHABLE, /* nobody has seen the call: the next address */
	LOST,	     /* the connection went while the call was out: perhaps it was carried out */
	OUT_OF_TIME,
	INTERRUPTED,
	UNSPEAKABLE, /* the arguments can't be put into a message */
};

int64_t systemd_left(const struct systemd *sd)
{
	int64_t left = sd->deadline - sys_now_ms();

	return left > 0 ? left : 0;
}

void systemd_pause(struct systemd *sd, int ms)
{
	int sig = sys_await(NULL, 0, ms);

	if (sig > 0) {
		sd->signal = sig;
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- the connection ---- */

struct systemd_pending {
	const struct systemd *sd;
	sd_bus_message *answer;
};

void systemd_disconnect(struct systemd *sd)
{
	if (sd->begun && sd->begun->answer) {
		sd->f.sd_bus_message_unref(sd->begun->answer);
	}
	sd->begun = NULL;
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
	systemd_disconnect(sd);
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
	const char *match = "type='signal',sender='" MANAGER "',path='" MANAGER_PATH
			    "',interface='" MANAGER_INTERFACE "',member='JobRemoved'";

	if (sd->at->direct) {
		match = "type='signal',path='" MANAGER_PATH "',interface='" MANAGER_INTERFACE
			"',member='JobRemoved'";
	}
	TRY(sd->f.sd_bus_new(&sd->bus));
	TRY(sd->f.sd_bus_set_fd(sd->bus, *fd, *fd));
	(void)fd_take(fd);
	TRY(sd->f.sd_bus_set_bus_client(sd->bus, !sd->at->direct));
	TRY(sd->f.sd_bus_start(sd->bus));
	return sd->f.sd_bus_add_match_async(sd->bus, NULL, match, on_job_removed, NULL, sd);
}

/* A manager that is there and answers nobody now is not none. */
static int nobody(const struct systemd *sd, struct err *err)
{
	systemd_addresses_none(&sd->addresses, sd->failures.s, err);
	if (sd->silent) {
		err->code = ETIMEDOUT;
	}
	return -err->code;
}

int systemd_reach(struct systemd *sd, struct err *err)
{
	while (!sd->bus) {
		scope_fd int fd = -1;
		int64_t left = systemd_left(sd);
		int rc;

		if (left > READY_TIMEOUT_MS) {
			left = READY_TIMEOUT_MS;
		}

		if (sd->next == sd->addresses.n) {
			return nobody(sd, err);
		}
		sd->at = &sd->addresses.v[sd->next++];
		fd = systemd_address_connect(sd->at, (int)left, &sd->foreign, &sd->signal);
		if (sd->signal) {
			return sys_interrupted(sd->signal, "while systemd was asked", err);
		}
		if (fd == -EPERM) {
			fail_address(sd, "another user's process listens there");
			continue;
		}
		rc = fd;
		if (fd >= 0) {
			rc = set_up(sd, &fd);
		}
		if (rc < 0) {
			fail_address(sd, strerror(-rc));
		}
	}
	return 0;
}

/* ---- calls ---- */

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
	struct systemd_pending *pending = userdata;

	(void)unused;
	pending->answer = pending->sd->f.sd_bus_message_ref(m);
	return 0;
}

/*
 * As sd_bus_wait(3), for at most ms milliseconds, but a signal that asks us to end ends the wait:
 * -EINTR.
 */
static int wait_for_bus(struct systemd *sd, int64_t ms)
{
	int fd = sd->f.sd_bus_get_fd(sd->bus);
	int events = sd->f.sd_bus_get_events(sd->bus);
	uint64_t own = UINT64_MAX;
	int rc;

	TRY(fd);
	TRY(events);
	/* In microseconds of the clock that sys_now_ms has. */
	TRY(sd->f.sd_bus_get_timeout(sd->bus, &own));
	if (own != UINT64_MAX) {
		int64_t left = (int64_t)(own / 1000) + 1 - sys_now_ms();

		ms = earlier(ms, left > 0 ? left : 0);
	}
	rc = sys_await_fd(fd, (short)events, ms > INT_MAX ? INT_MAX : (int)ms);
	if (rc > 0) {
		sd->signal = rc;
		return -EINTR;
	}
	return rc == -ETIMEDOUT ? 0 : rc;
}

/*
 * Lets sd-bus work until *done or the time `until`: 0, -ETIMEDOUT, -EINTR for a signal, or another
 * -errno when the connection is gone.
 */
static int pump(struct systemd *sd, int64_t until,
		bool (*done)(const struct systemd *sd, const void *arg), const void *arg)
{
	for (;;) {
		int rc = sd->f.sd_bus_process(sd->bus, NULL);
		int64_t left;

		sd->ready = sd->ready || sd->f.sd_bus_is_ready(sd->bus) > 0;
		sd->asked = sd->asked || sd->ready;
		if (done(sd, arg)) {
			return 0;
		}
		if (rc < 0) {
			return rc;
		}
		if (sd->f.sd_bus_is_open(sd->bus) <= 0) {
			return -ECONNRESET;
		}
		if (rc > 0) {
			continue;
		}
		left = until - sys_now_ms();
		if (left <= 0) {
			return -ETIMEDOUT;
		}
		TRY(wait_for_bus(sd, left));
	}
}

static bool is_answered(const struct systemd *sd, const void *arg)
{
	(void)sd;
	return ((const struct systemd_pending *)arg)->answer != NULL;
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
static enum outcome take_answer(struct systemd *sd, struct systemd_pending *pending,
				struct systemd_reply *ret)
{
	const sd_bus_error *error = sd->f.sd_bus_message_get_error(pending->answer);
	struct systemd_reply reply = { .m = pending->answer };

	if (error) {
		reply.error = error->name ? error->name : "";
		reply.text = reply.error;
		if (error->message && *error->message) {
			reply.text = error->message;
		}
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

static int send(struct systemd *sd, const struct systemd_call *call,
		struct systemd_pending *pending)
{
	/* The other side of the manager's own socket is nobody else. */
	const char *whom = sd->at->direct ? NULL : MANAGER;
	sd_bus_message *m = NULL;
	int rc;

	if (call->path) {
		rc = sd->f.sd_bus_message_new_method_call(sd->bus, &m, whom, call->path,
							  call->interface, call->member);
	} else {
		rc = sd->f.sd_bus_message_new_method_call(sd->bus, &m, whom, MANAGER_PATH,
							  MANAGER_INTERFACE, call->member);
	}
	if (rc >= 0 && call->fill) {
		rc = call->fill(sd, m, call->arg);
	}
	if (rc >= 0) {
		/* No slot: it floats, and the callback lives as long as the bus. */
		rc = sd->f.sd_bus_call_async(sd->bus, NULL, m, on_answer, pending, UINT64_MAX);
		if (rc == -ENOTCONN) {
			rc = -ECONNRESET;
		}
	}
	if (m) {
		sd->f.sd_bus_message_unref(m);
	}
	return rc;
}

static enum outcome out_of_time(struct systemd *sd, int64_t begin, const char *what)
{
	sd->silent = true;
	fail_address(sd, arena_printf(&sd->arena, "no %s within %.1f seconds", what,
				      (double)(sys_now_ms() - begin) / 1000));
	if (systemd_left(sd) == 0) {
		return OUT_OF_TIME;
	}
	return UNREACHABLE;
}

static enum outcome call_once(struct systemd *sd, const struct systemd_call *call,
			      struct systemd_reply *ret, int *ret_errno)
{
	struct systemd_pending fresh = { .sd = sd };
	struct systemd_pending *pending = sd->begun;
	const int64_t begin = sys_now_ms();
	int rc = 0;

	sd->begun = NULL;
	if (!pending) {
		pending = &fresh;
		rc = send(sd, call, pending);
	}
	if (rc < 0 && rc != -ECONNRESET) {
		*ret_errno = -rc;
		return UNSPEAKABLE;
	}
	if (rc >= 0 && !sd->ready) {
		rc = pump(sd, earlier(begin + READY_TIMEOUT_MS, sd->deadline), is_ready, pending);
		if (rc == -ETIMEDOUT) {
			return out_of_time(sd, begin, "answer");
		}
	}
	if (rc >= 0 && !pending->answer) {
		rc = pump(sd, sd->deadline, is_answered, pending);
		if (rc == -ETIMEDOUT) {
			return out_of_time(sd, begin,
					   arena_printf(&sd->arena, "answer to %s", call->member));
		}
	}
	if (pending->answer) {
		return take_answer(sd, pending, ret);
	}
	if (sd->signal) {
		return INTERRUPTED;
	}
	if (!sd->ready) {
		const char *why = strerror(-rc);

		if (rc == -EACCES || rc == -EPERM) {
			why = "it refuses us";
		}
		fail_address(sd, why);
		return UNREACHABLE;
	}
	return LOST;
}

static bool is_connected(const struct systemd *sd, const void *unused)
{
	(void)unused;
	return sd->ready;
}

void systemd_call_begin(struct systemd *sd, const struct systemd_call *call)
{
	struct systemd_pending *pending = arena_alloc(&sd->arena, sizeof(*pending));
	struct err ignored;

	pending->sd = sd;
	if (systemd_reach(sd, &ignored) < 0 ||
	    pump(sd, sys_now_ms() + BEGIN_TIMEOUT_MS, is_connected, NULL) < 0 ||
	    send(sd, call, pending) < 0) {
		return;
	}
	sd->begun = pending;
}

/* The call with its unit, for messages: "StopUnit x.scope". */
static const char *title(struct systemd *sd, const struct systemd_call *call)
{
	if (!call->unit) {
		return call->member;
	}
	return arena_printf(&sd->arena, "%s %s", call->member, call->unit);
}

/* The arguments can't be put into a message. */
static int unspeakable(struct systemd *sd, const struct systemd_call *call, int code,
		       struct err *err)
{
	if (code != EREMOTE) {
		return err_errno(err, code, "%s: the call can't be made", title(sd, call));
	}
	return err_set(err, EREMOTE,
		       "%s: the manager behind %s is in another PID namespace, where our processes "
		       "have other numbers; use --cgroup-manager=cgroupfs or disabled",
		       title(sd, call), systemd_address_text(&sd->arena, sd->at));
}

int systemd_call(struct systemd *sd, const struct systemd_call *call, struct systemd_reply *ret,
		 struct err *err)
{
	int lost = 0;

	for (;;) {
		int code = EIO;

		if (sd->signal) {
			return sys_interrupted(sd->signal, "while systemd was asked", err);
		}
		TRY(systemd_reach(sd, err));
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
				return nobody(sd, err);
			}
			systemd_pause(sd, LOST_PAUSE_MS);
			sd->next = 0;
			text_init(&sd->failures, &sd->arena);
			break;
		case INTERRUPTED:
			break;
		case OUT_OF_TIME:
			return err_set(err, ETIMEDOUT, "%s: systemd gave no answer in time: %s",
				       title(sd, call), sd->failures.s);
		case UNSPEAKABLE:
			return unspeakable(sd, call, code, err);
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

	assert(sd->job.unit);
	if (!sd->bus) {
		return -ECONNRESET;
	}
	rc = pump(sd, earlier(until, sd->deadline), job_ended, path);
	if (rc == -ETIMEDOUT) {
		return -EAGAIN;
	}
	if (rc < 0 && sd->signal) {
		return -EINTR;
	}
	if (rc < 0) {
		systemd_disconnect(sd);
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

int systemd_call_strings(struct systemd *sd, const char *member, const char *unit,
			 const char *const *arguments, struct systemd_reply *ret, struct err *err)
{
	const struct systemd_call call = {
		.member = member,
		.unit = unit,
		.fill = systemd_fill_strings,
		.arg = arguments,
	};

	return systemd_call(sd, &call, ret, err);
}
