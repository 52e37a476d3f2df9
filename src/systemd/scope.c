/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/scope: a transient scope for a container.
 *
 * The manager answers StartTransientUnit before anything is done. What counts is the end of the
 * job, and in the end where the kernel says that the process is (/proc/PID/cgroup). By that a call
 * is also told from its repetition after a lost connection.
 *
 * The scope begins with a process, the container's first. It is our child and not reaped, so its
 * number is safe to give. A manager in another PID namespace would take that number for some other
 * process's: it is given the pidfd, or the start is refused.
 *
 * A unit of our name that is in the way is cleared if no process is in it. A process that dies
 * while it is put into its scope leaves the scope empty and systemd unaware of that; so whoever
 * calls this remembers the unit's name first (cgroup/remember.c), and `delete --force` clears it.
 */
#include "systemd/scope.h"

#include <errno.h>
#include <string.h>

#include "sys/proc.h"
#include "systemd/property.h"
#include "systemd/query.h"
#include "systemd/unit.h"
#include "user/session.h"

/*
 * How often a unit that is in the way is cleared away; more means that someone else keeps making
 * it.
 */
#define CLEAR_ROUNDS 5

#define CGROUP_TEXT_MAX 65536

/*
 * What every scope has. Delegate: the container may make cgroups below, the manager leaves them
 * alone. CollectMode: an OOM must not leave a failed unit that is in the way of the next start
 * (systemd 236; older ones are asked again without). DefaultDependencies: as runc and crun have it.
 */
static const struct plan_property always[] = {
	{ .name = "Delegate", .type = "b", .boolean = true },
	{ .name = "DefaultDependencies", .type = "b", .boolean = false },
	{ .name = "CollectMode", .type = "s", .text = "inactive-or-failed" },
};

#define ALWAYS (sizeof(always) / sizeof(always[0]))

struct start {
	const struct systemd_scope *scope;
	struct systemd_dropped dropped;
};

/* Every manager takes numbers; older ones take no pidfd. */
static int append_process(const struct systemd *sd, sd_bus_message *m,
			  const struct systemd_scope *scope)
{
	if (!sd->foreign) {
		return sd->f.sd_bus_message_append(m, "(sv)", "PIDs", "au", 1,
						   (uint32_t)scope->pid);
	}
	if (scope->pidfd < 0) {
		return -EREMOTE;
	}
	return sd->f.sd_bus_message_append(m, "(sv)", "PIDFDs", "ah", 1, scope->pidfd);
}

/* Is a default of ours to give way to what the caller says? */
static bool overridden(const struct systemd_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->property_n; i++) {
		if (str_eq(scope->properties[i].name, name)) {
			return true;
		}
	}
	return false;
}

static int append_properties(const struct systemd *sd, sd_bus_message *m, const struct start *start)
{
	const struct systemd_scope *scope = start->scope;

	TRY(append_process(sd, m, scope));
	if (scope->slice) {
		TRY(sd->f.sd_bus_message_append(m, "(sv)", "Slice", "s", scope->slice));
	}
	if (scope->description && !overridden(scope, "Description")) {
		TRY(sd->f.sd_bus_message_append(m, "(sv)", "Description", "s", scope->description));
	}
	for (size_t i = 0; i < ALWAYS; i++) {
		if (!overridden(scope, always[i].name)) {
			TRY(systemd_append_property(sd, m, &always[i], &start->dropped));
		}
	}
	for (size_t i = 0; i < scope->property_n; i++) {
		TRY(systemd_append_property(sd, m, &scope->properties[i], &start->dropped));
	}
	return 0;
}

/* StartTransientUnit(name, mode, properties, auxiliary units), org.freedesktop.systemd1(5). */
static int fill_start(const struct systemd *sd, sd_bus_message *m, const void *arg)
{
	const struct start *start = arg;

	TRY(sd->f.sd_bus_message_append(m, "ss", start->scope->unit, "replace"));
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "(sv)"));
	TRY(append_properties(sd, m, start));
	TRY(sd->f.sd_bus_message_close_container(m));
	return sd->f.sd_bus_message_append(m, "a(sa(sv))", 0);
}

static struct systemd_call start_call(const struct start *start)
{
	return (struct systemd_call){
		.member = "StartTransientUnit",
		.unit = start->scope->unit,
		.fill = fill_start,
		.arg = start,
	};
}

void systemd_scope_ask(struct systemd *sd, const struct systemd_scope *scope)
{
	const struct start start = { .scope = scope };
	const struct systemd_call call = start_call(&start);

	sd->job = (struct systemd_job){ .unit = scope->unit };
	systemd_call_begin(sd, &call);
}

/* ---- where the process is ---- */

/* The path of a process in the unified hierarchy, or NULL. */
static const char *cgroup_of(struct arena *arena, pid_t pid)
{
	return sys_process_cgroup(arena, arena_printf(arena, "%d", (int)pid));
}

/*
 * The unit's own cgroup as we see it, from that of a process in it: "/…/UNIT" of "/…/UNIT/below";
 * else NULL.
 */
static const char *unit_of(struct arena *arena, const char *cgroup, const char *unit)
{
	const size_t len = strlen(unit);

	for (const char *p = cgroup; p && (p = strstr(p, unit)); p++) {
		if (p > cgroup && p[-1] == '/' && (p[len] == '/' || p[len] == '\0')) {
			return arena_strndup(arena, cgroup, (size_t)(p - cgroup) + len);
		}
	}
	return NULL;
}

/*
 * The kernel's word first: it costs no question, and is right in a cgroup namespace of our own too.
 */
static int find_cgroup(struct systemd *sd, struct arena *arena, const struct systemd_scope *scope,
		       const char **ret_path, struct err *err)
{
	const char *path = unit_of(arena, cgroup_of(arena, scope->pid), scope->unit);
	const char *told;

	if (path) {
		*ret_path = path;
		return 0;
	}
	TRY(systemd_unit_string(sd, scope->unit, "Scope", "ControlGroup", &told, err));
	if (*told == '\0') {
		return err_set(err, ESRCH, "unit %s: systemd says that it has no control group",
			       scope->unit);
	}
	*ret_path = arena_strdup(arena, told);
	return 0;
}

/* ---- what may be in the way ---- */

/*
 * A unit of our name is there: of an earlier call of ours (*ret_ours), or the remains of another
 * container, or someone's.
 */
static int clear_way(struct systemd *sd, const struct systemd_scope *scope, bool *ret_ours,
		     struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	int rc;

	*ret_ours = unit_of(&arena, cgroup_of(&arena, scope->pid), scope->unit) != NULL;
	if (*ret_ours) {
		return 0;
	}
	rc = systemd_unit_clear(sd, scope->unit, err);
	if (rc == -EEXIST) {
		return err_hint(err, "give this container another /linux/cgroupsPath");
	}
	return rc;
}

/* ---- start ---- */

static bool process_is_there(pid_t pid)
{
	uint64_t start;
	char state;

	return sys_process_start_time(pid, &start, &state) == 0 && state != 'Z' && state != 'X';
}

/* The job ended, but not well. */
static int explain_result(struct systemd *sd, const struct systemd_scope *scope, const char *result,
			  struct err *err)
{
	const char *whose = "user";
	const char *unit_result;
	struct err ignored;

	if (!process_is_there(scope->pid)) {
		return err_set(err, ESRCH,
			       "unit %s: the container's first process (%d) ended before it could "
			       "be put there",
			       scope->unit, (int)scope->pid);
	}
	if (systemd_unit_result(sd, &sd->arena, scope->unit, &unit_result, &ignored) == 0) {
		result = arena_printf(&sd->arena, "%s, result %s", result, unit_result);
	}
	(void)systemd_unit_reset(sd, scope->unit, &ignored);
	if (user_of_system()) {
		whose = "system";
	}
	return err_set(err, EIO,
		       "unit %s: systemd could not start it: %s; `journalctl --%s --unit=%s` may "
		       "know why",
		       scope->unit, result, whose, scope->unit);
}

/*
 * A value that a property can't take is refused without the property's name: annotations are the
 * likeliest cause.
 */
static int start_refused(const struct systemd *sd, const struct systemd_scope *scope,
			 const struct systemd_reply *reply, struct err *err)
{
	const char *where = NULL;
	size_t n = 0;

	systemd_refused("starting unit", scope->unit, reply, err);
	if (sd->foreign && strstr(reply->text, "PIDFDs")) {
		return err_hint(err, "it is in another PID namespace, and too old to be told of a "
				     "process there; use --cgroup-manager=cgroupfs or disabled");
	}
	for (size_t i = 0; i < scope->property_n; i++) {
		if (scope->properties[i].where &&
		    str_starts(scope->properties[i].where, "/annotations/")) {
			where = scope->properties[i].where;
			n++;
		}
	}
	if (n == 0) {
		return -err->code;
	}
	if (n > 1) {
		where = "each of /annotations/org.systemd.property.*";
	}
	return err_hint(err,
			"is %s right, and of the type that org.freedesktop.systemd1(5) has for it?",
			where);
}

/* The path of the job in a good answer. */
static int read_job(struct systemd *sd, const struct systemd_scope *scope,
		    const struct systemd_reply *reply, const char **ret, struct err *err)
{
	const char *path;

	if (sd->f.sd_bus_message_read(reply->m, "o", &path) < 0) {
		return err_set(err, EBADMSG, "starting unit %s: systemd's answer has no job",
			       scope->unit);
	}
	*ret = arena_strdup(&sd->arena, path);
	return 0;
}

/*
 * Asks until the manager takes it: without properties that it doesn't know, and without what was in
 * the way. *ret_job: the job; NULL when the scope is there already.
 */
static int ask(struct systemd *sd, const struct systemd_scope *scope, const char **ret_job,
	       struct err *err)
{
	struct start start = { .scope = scope };
	const struct systemd_call call = start_call(&start);
	int cleared = 0;

	for (;;) {
		struct systemd_reply reply = { .m = NULL };
		bool ours = false;
		int rc;

		if (!sd->begun) {
			sd->job = (struct systemd_job){ .unit = scope->unit };
		}
		TRY(systemd_call(sd, &call, &reply, err));
		if (!reply.error) {
			rc = read_job(sd, scope, &reply, ret_job, err);
			systemd_reply_done(sd, &reply);
			return rc;
		}
		if (str_eq(reply.error, SYSTEMD_UNIT_EXISTS) && ++cleared <= CLEAR_ROUNDS) {
			rc = clear_way(sd, scope, &ours, err);
		} else if (systemd_drop_property(&reply, scope->unit, scope->properties,
						 scope->property_n, &start.dropped) ||
			   systemd_drop_property(&reply, scope->unit, always, ALWAYS,
						 &start.dropped)) {
			rc = 0;
		} else {
			rc = start_refused(sd, scope, &reply, err);
		}
		systemd_reply_done(sd, &reply);
		TRY(rc);
		if (ours) {
			*ret_job = NULL;
			return 0;
		}
	}
}

int systemd_scope_start(struct systemd *sd, struct arena *arena, const struct systemd_scope *scope,
			const char **ret_path, struct err *err)
{
	const char *result = "done";
	const char *job = NULL;

	TRY(ask(sd, scope, &job, err));
	if (job) {
		TRY(systemd_job_finish(sd, job, true, &result, err));
	}
	if (!str_eq(result, "done")) {
		return explain_result(sd, scope, result, err);
	}
	return find_cgroup(sd, arena, scope, ret_path, err);
}
