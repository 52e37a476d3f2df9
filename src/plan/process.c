/* SPDX-License-Identifier: Apache-2.0 */
/* plan/process: who the container's program is, and what it may. */
#include "plan/process.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/str.h"
#include "plan/annotations.h"
#include "plan/builder.h"
#include "plan/caps.h"
#include "spec/names.h"

/* What a shell's execvp would search when PATH is not set; the peers use the same. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static uint64_t cap_mask(struct builder *b, const char *set, const struct strs *names)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->n; i++) {
		const struct name *cap = names_find(plan_cap_names, names->v[i]);

		if (!cap || cap->value > (int64_t)b->facts->last_cap) {
			plan_note(b, arena_printf(b->arena, "/process/capabilities/%s/%zu", set, i),
				  arena_printf(b->arena, "\"%s\" is left out", names->v[i]),
				  cap ? "this kernel is older than that capability" :
					"there is no such capability",
				  NULL);
			continue;
		}
		mask |= UINT64_C(1) << cap->value;
	}
	return mask;
}

static void take_caps(struct builder *b, const struct spec_capabilities *want)
{
	struct plan_caps *caps = &b->plan->process.caps;

	if (!want) {
		return;
	}
	caps->bounding = cap_mask(b, "bounding", &want->bounding);
	caps->effective = cap_mask(b, "effective", &want->effective);
	caps->permitted = cap_mask(b, "permitted", &want->permitted);
	caps->inheritable = cap_mask(b, "inheritable", &want->inheritable);
	caps->ambient = cap_mask(b, "ambient", &want->ambient);
	if (caps->ambient & ~(caps->permitted & caps->inheritable)) {
		/*
		 * What runc's and crun's own templates write: ambient without inheritable. The
		 * kernel grants the overlap.
		 */
		plan_note_quiet(b, "/process/capabilities/ambient",
				"only what is also permitted and inheritable is ambient",
				"the kernel requires it (capabilities(7))");
	}
}

static const char *rlimit_text(struct builder *b, uint64_t value)
{
	if (value == RLIM_INFINITY) {
		return "unlimited";
	}
	return arena_printf(b->arena, "%llu", (unsigned long long)value);
}

static void take_rlimit(struct builder *b, size_t index, const struct spec_rlimit *want,
			struct plan_rlimit *limit)
{
	uint64_t ceiling = b->facts->rlimit_hard[want->resource];
	const char *name = names_of(spec_rlimit_names, want->resource);

	limit->resource = want->resource;
	limit->name = name;
	limit->soft = want->soft.value;
	limit->hard = want->hard.value;
	if (b->facts->may_raise_rlimits || limit->hard <= ceiling) {
		return;
	}
	plan_note(b, arena_printf(b->arena, "/process/rlimits/%zu", index),
		  arena_printf(b->arena, "%s is %s instead of %s", name, rlimit_text(b, ceiling),
			       rlimit_text(b, limit->hard)),
		  "that is your own hard limit, and only root can raise it",
		  "raise it in /etc/security/limits.conf, or with LimitNOFILE= and the like in "
		  "user@.service");
	limit->hard = ceiling;
	if (limit->soft > ceiling) {
		limit->soft = ceiling;
	}
}

static void take_oom_score(struct builder *b, const struct opt_i64 *want)
{
	struct plan_process *p = &b->plan->process;

	if (!want->set) {
		return;
	}
	p->set_oom_score_adj = true;
	p->oom_score_adj = (int)want->value;
	if (!b->facts->may_raise_rlimits && want->value < b->facts->oom_score_adj) {
		p->oom_score_adj = (int)b->facts->oom_score_adj;
		plan_note(b, "/process/oomScoreAdj",
			  arena_printf(b->arena, "%d instead of %lld", p->oom_score_adj,
				       (long long)want->value),
			  "only root can make a process safer from the OOM killer than its parent",
			  NULL);
	}
}

/*
 * The kernel has no way to set these: they are the caller's, and stay as long as nobody calls
 * setgroups(2).
 */
static void keep_groups(struct builder *b, const struct spec_user *want)
{
	struct plan_process *p = &b->plan->process;

	p->set_groups = false;
	p->groups = NULL;
	p->group_n = 0;
	if (want->additional_gids.n > 0) {
		plan_note(b, "/process/user/additionalGids",
			  "no group is added to the caller's own",
			  "the annotation run.oci.keep_original_groups keeps those, and "
			  "setgroups(2) would replace them",
			  "leave the annotation out");
	}
	if (b->user_namespace) {
		plan_note_quiet(b, plan_annotation_path(PLAN_ANNOTATION_KEEP_GROUPS),
				"the caller's groups show as 65534 (nogroup) inside where their "
				"gids are not mapped",
				"they count for the host's files all the same");
	}
}

static int take_user(struct builder *b, const struct spec_user *want, struct err *err)
{
	struct plan_process *p = &b->plan->process;
	bool denied = b->plan->ids.deny_setgroups;

	if (!plan_uid_mapped(b, want->uid)) {
		return plan_unmapped(b, "/process/user/uid", "uid", want->uid, err);
	}
	if (!plan_gid_mapped(b, want->gid)) {
		return plan_unmapped(b, "/process/user/gid", "gid", want->gid, err);
	}
	for (size_t i = 0; i < want->additional_gids.n; i++) {
		const char *path = arena_printf(b->arena, "/process/user/additionalGids/%zu", i);

		if (!plan_gid_mapped(b, want->additional_gids.v[i])) {
			return plan_unmapped(b, path, "gid", want->additional_gids.v[i], err);
		}
	}
	p->uid = want->uid;
	p->gid = want->gid;
	p->set_umask = want->umask.set;
	p->umask = (uint32_t)want->umask.value;
	if (b->plan->annotations[PLAN_ANNOTATION_KEEP_GROUPS].flag) {
		keep_groups(b, want);
		return 0;
	}
	p->groups = want->additional_gids.v;
	p->group_n = want->additional_gids.n;
	p->set_groups = !denied;
	p->groups_may_stay = b->user_namespace && !plan_ns_new(b, CLONE_NEWUSER) && p->group_n == 0;
	if (denied && p->group_n > 0) {
		plan_note(b, "/process/user/additionalGids", "no supplementary group is set",
			  b->facts->setgroups_denied ?
				  "setgroups(2) is denied in the user namespace that rootlet runs "
				  "in" :
				  "a map of one id comes with setgroups(2) denied",
			  "get a range of ids (/etc/subuid, /etc/subgid)");
	}
	return 0;
}

static uint16_t cells(const struct opt_u64 *value)
{
	return value->value <= UINT16_MAX ? (uint16_t)value->value : 0;
}

/* What the configuration says of these is about another caller's descriptors and socket. */
static bool is_replaced(const struct builder *b, const char *variable)
{
	return (b->facts->listen_fds > 0 &&
		(str_starts(variable, "LISTEN_FDS=") || str_starts(variable, "LISTEN_PID=") ||
		 str_starts(variable, "LISTEN_FDNAMES="))) ||
	       (b->options->notify && str_starts(variable, "NOTIFY_SOCKET="));
}

static void take_env(struct builder *b, const struct strs *want)
{
	const struct facts *f = b->facts;
	const char **env;
	size_t n = 0;

	b->plan->process.env = *want;
	if (f->listen_fds == 0 && !b->options->notify) {
		return;
	}
	env = arena_array(b->arena, want->n + 4, sizeof(*env));
	for (size_t i = 0; i < want->n; i++) {
		if (!is_replaced(b, want->v[i])) {
			env[n++] = want->v[i];
		}
	}
	if (f->listen_fds > 0) {
		env[n++] = arena_printf(b->arena, "LISTEN_FDS=%d", f->listen_fds);
	}
	if (f->listen_fds > 0 && f->listen_names) {
		env[n++] = arena_printf(b->arena, "LISTEN_FDNAMES=%s", f->listen_names);
	}
	if (b->options->notify) {
		env[n++] = "NOTIFY_SOCKET=" PLAN_NOTIFY_SOCKET;
	}
	b->plan->process.env = (struct strs){ .v = env, .n = n };
}

int plan_process(struct builder *b, struct err *err)
{
	const struct spec_process *want = b->spec->process;
	struct plan_process *p = &b->plan->process;

	p->listen_fds = b->facts->listen_fds;
	p->preserve_fds = p->listen_fds + b->options->preserve_fds;
	if (!want) {
		return 0;
	}
	p->present = true;
	p->terminal = want->terminal;
	if (want->terminal && want->console_size) {
		p->rows = cells(&want->console_size->height);
		p->columns = cells(&want->console_size->width);
	}
	p->cwd = want->cwd;
	p->args = want->args;
	take_env(b, &want->env);
	p->path = DEFAULT_PATH;
	for (size_t i = 0; i < want->env.n; i++) {
		if (str_starts(want->env.v[i], "PATH=")) {
			p->path = want->env.v[i] + strlen("PATH=");
		}
	}
	TRY(take_user(b, &want->user, err));
	take_caps(b, want->capabilities);
	p->no_new_privs = want->no_new_privileges;
	p->rlimits = arena_array(b->arena, want->rlimits.n, sizeof(*p->rlimits));
	p->rlimit_n = want->rlimits.n;
	for (size_t i = 0; i < p->rlimit_n; i++) {
		take_rlimit(b, i, &want->rlimits.v[i], &p->rlimits[i]);
	}
	take_oom_score(b, &want->oom_score_adj);
	return 0;
}
