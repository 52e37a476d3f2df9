/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/systemd_bus: a connection to a manager that is opened when it is first needed, moves
 * on to the next address when nobody answers, and never waits without end. Private to
 * host/cgroup_systemd*.c.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "base/str.h"
#include "cgroup/systemd.h"
#include "cgroup/systemd_address.h"

/* What is used of libsystemd, which is opened at run time. */
#define SYSTEMD_FUNCTIONS(F)                                                                       \
	F(sd_bus_add_match_async)                                                                  \
	F(sd_bus_call_async)                                                                       \
	F(sd_bus_close)                                                                            \
	F(sd_bus_is_open)                                                                          \
	F(sd_bus_is_ready)                                                                         \
	F(sd_bus_message_append)                                                                   \
	F(sd_bus_message_append_array)                                                             \
	F(sd_bus_message_append_basic)                                                             \
	F(sd_bus_message_close_container)                                                          \
	F(sd_bus_message_enter_container)                                                          \
	F(sd_bus_message_get_error)                                                                \
	F(sd_bus_message_new_method_call)                                                          \
	F(sd_bus_message_open_container)                                                           \
	F(sd_bus_message_read)                                                                     \
	F(sd_bus_message_ref)                                                                      \
	F(sd_bus_message_unref)                                                                    \
	F(sd_bus_new)                                                                              \
	F(sd_bus_path_encode)                                                                      \
	F(sd_bus_process)                                                                          \
	F(sd_bus_set_bus_client)                                                                   \
	F(sd_bus_set_fd)                                                                           \
	F(sd_bus_start)                                                                            \
	F(sd_bus_unref)                                                                            \
	F(sd_bus_wait)

struct systemd_functions {
#define SYSTEMD_MEMBER(name) __typeof__(name) *name;
	SYSTEMD_FUNCTIONS(SYSTEMD_MEMBER)
#undef SYSTEMD_MEMBER
};

/* The end of the one job that is waited for. */
struct systemd_job {
	const char *unit; /* NULL: none is waited for */
	const char *path; /* of the last job of the unit that ended */
	/*
	 * "done", "failed", "timeout", "canceled", "dependency", "skipped" …; NULL: none has ended
	 */
	const char *result;
};

struct systemd {
	struct systemd_functions f;
	struct arena arena; /* lives as long as the connection */
	struct systemd_addresses addresses;
	size_t next;	      /* the address to try next */
	struct text failures; /* why those before it failed */
	const struct systemd_address *at;
	bool foreign; /* the manager sees other PIDs than we do */
	bool ready;   /* authenticated; on a bus: known to it */
	sd_bus *bus;  /* NULL: not connected */
	int64_t deadline;
	struct systemd_job job;
};

/* One method call. */
struct systemd_call {
	const char *path;      /* NULL: the manager's object */
	const char *interface; /* NULL: the manager's */
	const char *member;
	const char *unit; /* for messages */
	/*
	 * Appends the arguments: 0 or -errno; -EREMOTE where they hold PIDs and the manager is
	 * `foreign`. May be called again, for another connection.
	 */
	int (*fill)(const struct systemd *sd, sd_bus_message *m, const void *arg);
	const void *arg;
};

/* The manager's answer. */
struct systemd_reply {
	sd_bus_message *m;
	const char *error; /* the D-Bus error's name; NULL: it went well */
	const char *text;  /* what the manager says about the error */
};

/* Milliseconds that are left, 0 when there are none. */
int64_t systemd_left(const struct systemd *sd);

/*
 * Makes the call and waits for its answer, if need be on one address after the other; when the
 * connection is lost on the way (a manager or a bus that restarts), again: what is called has to
 * stand being called twice. Success (0) also when the manager answers with an error. Errors:
 * ENOENT, when no address is left; ETIMEDOUT; EBADMSG, when the call can't be put into words.
 */
int systemd_call(struct systemd *sd, const struct systemd_call *call, struct systemd_reply *ret,
		 struct err *err);

/* Frees; safe on one that is all zero. */
void systemd_reply_done(const struct systemd *sd, struct systemd_reply *reply);

/*
 * Lets signals come in until the job of sd->job.unit with that path has ended (0) or ms
 * milliseconds have passed (-EAGAIN), or the connection is lost (-ECONNRESET).
 */
int systemd_job_wait(struct systemd *sd, const char *path, int64_t ms);

/* fill for arguments that are all strings: arg is a NULL-terminated array of them. */
int systemd_fill_strings(const struct systemd *sd, sd_bus_message *m, const void *arg);
