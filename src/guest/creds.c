/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/creds: from the set-up's uid 0 with every capability to what the configuration grants.
 *
 * The order is that of capabilities(7): the bounding set while CAP_SETPCAP is there, groups before
 * ids, ids with "keep capabilities", then the sets themselves, the ambient set last (it needs
 * permitted and inheritable).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/step.h"
#include "sys/caps.h"

/*
 * So that a program of another user can still open /proc/self/fd/1 when its streams are pipes or
 * files.
 */
static void give_streams(const struct plan_process *p)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || st.st_uid == p->uid ||
		    (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))) {
			continue;
		}
		if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
			/*
			 * A stream that belongs to an id outside the map can't be given away; it
			 * works all the same.
			 */
			(void)!fchown(fd, p->uid, (gid_t)-1);
		}
	}
}

/* The map of a user namespace that is joined by its path is not known before. */
static int explain_id(struct err *err)
{
	if (err->code == EINVAL) {
		err_hint(err, "the user namespace that is joined maps no such id: see uid_map and "
			      "gid_map of a process in it");
	}
	return -err->code;
}

static int set_ids(const struct plan_process *p, struct err *err)
{
	if (p->set_groups && setgroups(p->group_n, p->groups) < 0 &&
	    !(errno == EPERM && p->groups_may_stay)) {
		err_errno(err, errno,
			  "/process/user/additionalGids: setting the supplementary groups");
		return explain_id(err);
	}
	if (setresgid(p->gid, p->gid, p->gid) < 0) {
		err_errno(err, errno, "/process/user/gid: becoming gid %u", p->gid);
		return explain_id(err);
	}
	if (setresuid(p->uid, p->uid, p->uid) < 0) {
		err_errno(err, errno, "/process/user/uid: becoming uid %u", p->uid);
		return explain_id(err);
	}
	return 0;
}

static int set_caps(struct guest *g, const struct plan_caps *caps, struct err *err)
{
	/*
	 * Real root may itself run with less than everything; a user namespace's root never does.
	 */
	uint64_t held = sys_caps_permitted();
	uint64_t permitted = caps->permitted & held;
	uint64_t inheritable = caps->inheritable & held;
	int rc;

	if (caps->permitted & ~held) {
		guest_log(g,
			  "/process/capabilities: this process itself lacks some of them (mask "
			  "%llx): not granted",
			  (unsigned long long)(caps->permitted & ~held));
	}
	/*
	 * Those that the next steps go by are the program's. The rest stays until the filter is
	 * loaded; what is ambient by then survives that it goes.
	 */
	rc = sys_caps_set(caps->effective & permitted, held, inheritable);
	if (rc < 0) {
		return err_errno(err, -rc, "/process/capabilities: setting the capability sets");
	}
	rc = sys_caps_ambient(caps->ambient & permitted & inheritable);
	if (rc < 0) {
		return err_errno(err, -rc, "/process/capabilities/ambient");
	}
	return 0;
}

/*
 * Situation: inside the container's root; uid 0 with all capabilities. After it: the program's ids
 * and effective capabilities; the others are still there, but used by nothing.
 */
int guest_user(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	int rc;

	if (!p->present) {
		return 0;
	}
	if (p->set_umask) {
		umask((mode_t)p->umask);
	}
	give_streams(p);
	/* In this order: a courier shares our descriptors, so the container must not see it. */
	TRY(guest_filter_couriers(g, err));
	TRY(guest_join_pids(g, err));
	rc = sys_caps_bound(p->caps.bounding);
	if (rc < 0) {
		return err_errno(err, -rc, "/process/capabilities/bounding");
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) {
		return err_errno(err, errno, "keeping capabilities across the change of user");
	}
	TRY(set_ids(p, err));
	return set_caps(g, &p->caps, err);
}

/* The last that are not the program's go: by one call, which a filter has to allow. */
static int drop_caps(const struct plan_caps *caps, uint64_t held, struct err *err)
{
	uint64_t permitted = caps->permitted & held;
	int rc = sys_caps_set(caps->effective & permitted, permitted, caps->inheritable & held);

	if (rc < 0) {
		err_errno(err, -rc, "/process/capabilities: setting the capability sets");
		return guest_explain_filter(err, "capset");
	}
	return 0;
}

/*
 * Situation: the program's user, the working directory and the program are found. After it: the
 * program's credentials.
 */
int guest_credentials(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	uint64_t held = sys_caps_permitted();

	if (!p->present) {
		return 0;
	}
	if (!p->no_new_privs) {
		TRY(guest_filter_early(g, err));
		return drop_caps(&p->caps, held, err);
	}
	TRY(drop_caps(&p->caps, held, err));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return err_errno(err, errno, "/process/noNewPrivileges");
	}
	return guest_filter_early(g, err);
}
