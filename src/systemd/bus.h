/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/bus: calls of a manager's methods. Private to src/systemd.
 *
 * A call connects when there is no connection, moves on to the next address when nobody answers,
 * and never waits without end. An address that doesn't answer within 5 seconds gives way to the
 * next; all together end with the deadline, and the error names each address with its reason.
 *
 * A call whose connection is lost (daemon-reexec) is made again over a new one, so whatever is
 * called has to stand being called twice.
 */
#pragma once

#include "base/str.h"
#include "systemd/address.h"
#include "systemd/library.h"

/* The end of the one job that is waited for. */
struct systemd_job {
	const char *unit; /* NULL: none is waited for */
	const char *path; /* of the last job of the unit that ended */
	/*
	 * "done", "failed", "timeout", "canceled", "dependency", "skipped" …; NULL: none has ended
	 */
	const char *result;
};

/* manager.h's connection. */
struct systemd {
	struct systemd_functions f;
	struct arena arena; /* lives as long as the connection */
	struct systemd_addresses addresses;
	size_t next;	      /* the address to try next */
	struct text failures; /* why those before it failed */
	const struct systemd_address *at;
	bool foreign;		       /* the manager sees other PIDs than we do */
	bool ready;		       /* authenticated; on a bus: known to it */
	sd_bus *bus;		       /* NULL: not connected */
	struct systemd_pending *begun; /* a call that is out already; NULL: none */
	int64_t deadline;
	bool asked;  /* a call may have gone out: to whoever was ready once */
	bool silent; /* somebody took a connection, and has not answered in time */
	int signal;  /* that asked us to end while a call was waited for; 0: none */
	struct systemd_job job;
};

/* One method call. */
struct systemd_call {
	const char *path; /* of the object; NULL: the manager's own, with its interface */
	const char *interface;
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

/* Milliseconds that are left until the deadline, 0 when there are none. */
int64_t systemd_left(const struct systemd *sd);

/* A pause, which a signal that asks us to end cuts short: the next call then fails. */
void systemd_pause(struct systemd *sd, int ms);

/*
 * Connects to the next address that lets us, unless there is a connection: authentication goes on
 * while nobody waits for it. Errors: ENOENT, when no address is left; EINTR.
 */
int systemd_reach(struct systemd *sd, struct err *err);

/*
 * Makes the call and waits for its answer, if need be on one address after the other; when the
 * connection is lost on the way (a manager or a bus that restarts), again: what is called has to
 * stand being called twice. Success (0) also when the manager answers with an error. Errors:
 * ENOENT, when no address is left; ETIMEDOUT; EBADMSG, when the call can't be put into words; EINTR
 * for a signal that asks us to end, and from then on for every call.
 */
int systemd_call(struct systemd *sd, const struct systemd_call *call, struct systemd_reply *ret,
		 struct err *err);

/*
 * Sends the call and does not wait for its answer: the next systemd_call has to be for the same
 * call, and takes it up. What fails here is left to that.
 */
void systemd_call_begin(struct systemd *sd, const struct systemd_call *call);

/* Closes the connection, if there is one; the next call makes another. */
void systemd_disconnect(struct systemd *sd);

/* Frees; safe on one that is all zero. */
void systemd_reply_done(const struct systemd *sd, struct systemd_reply *reply);

/*
 * Lets signals come in until the job of sd->job.unit with that path has ended (0) or ms
 * milliseconds have passed (-EAGAIN), or the connection is lost (-ECONNRESET); -EINTR as
 * systemd_call, without a message.
 */
int systemd_job_wait(struct systemd *sd, const char *path, int64_t ms);

/* fill of a call for arguments that are all strings: arg is a NULL-terminated array of them. */
int systemd_fill_strings(const struct systemd *sd, sd_bus_message *m, const void *arg);

/* systemd_call with them, of the manager's object. The reply is the caller's to free on success. */
int systemd_call_strings(struct systemd *sd, const char *member, const char *unit,
			 const char *const *arguments, struct systemd_reply *ret, struct err *err);
