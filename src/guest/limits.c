/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/limits: rlimits and the OOM score. What the user may not have was clamped by the plan, with
 * a note.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "guest/step.h"
#include "sys/fd.h"

/*
 * The program is made by this process, which counts too until then. What is one too many the
 * program's process takes back itself (last.c). Where the user may not have one more, the limit
 * is as it was asked for.
 */
static bool room_for_both(struct rlimit limit)
{
	limit.rlim_cur += limit.rlim_cur != RLIM_INFINITY;
	limit.rlim_max += limit.rlim_max != RLIM_INFINITY;
	return setrlimit(RLIMIT_NPROC, &limit) == 0;
}

int guest_rlimits(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;

	for (size_t i = 0; i < p->rlimit_n; i++) {
		struct rlimit limit = { .rlim_cur = p->rlimits[i].soft,
					.rlim_max = p->rlimits[i].hard };

		if (p->rlimits[i].resource == RLIMIT_NPROC && guest_has_last(g) &&
		    room_for_both(limit)) {
			continue;
		}

		if (setrlimit((__rlimit_resource_t)p->rlimits[i].resource, &limit) < 0) {
			return err_errno(err, errno, "/process/rlimits: %s to %llu (hard %llu)",
					 p->rlimits[i].name, (unsigned long long)p->rlimits[i].soft,
					 (unsigned long long)p->rlimits[i].hard);
		}
	}
	return 0;
}

/* Situation: the host's /proc is still there. */
int guest_oom_score(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	char text[16];
	int len, rc;

	if (!p->set_oom_score_adj) {
		return 0;
	}
	len = snprintf(text, sizeof(text), "%d", p->oom_score_adj);
	rc = sys_write_file(AT_FDCWD, "/proc/self/oom_score_adj", text, (size_t)len);
	if (rc < 0) {
		return err_errno(err, -rc, "/process/oomScoreAdj: %d", p->oom_score_adj);
	}
	return 0;
}
