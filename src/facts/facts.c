/* SPDX-License-Identifier: Apache-2.0 */
/* facts/facts: what the machine is like, for a plan. */
#include "facts/facts.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"
#include "facts/devices.h"
#include "facts/inherited_fds.h"
#include "plan/ids.h"
#include "sys/caps.h"
#include "sys/fd.h"
#include "sys/mountinfo.h"
#include "user/ids.h"

#define MOUNTINFO_MAX (4 << 20)

static bool has_cap(int cap)
{
	return (sys_caps_permitted() >> cap & 1) != 0;
}

/* 40 is CAP_CHECKPOINT_RESTORE, the last one known here; asking the kernel costs no file. */
static unsigned last_cap(void)
{
	unsigned cap = 40;

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0) {
		cap++;
	}
	while (cap > 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0) {
		cap--;
	}
	return cap;
}

static void read_oom_score(struct arena *arena, struct facts *f)
{
	const char *text;
	ssize_t len = sys_read_file(arena, AT_FDCWD, "/proc/self/oom_score_adj", 64, &text);

	if (len > 0) {
		f->oom_score_adj = strtol(text, NULL, 10);
	}
}

static bool reads(struct arena *arena, const char *path, char yes)
{
	const char *text;

	return sys_read_file(arena, AT_FDCWD, path, 64, &text) > 0 && text[0] == yes;
}

static bool wanted(const char *label)
{
	return label && *label;
}

/* Security modules, each asked after only when something is to get a label of it. */
static void find_modules(struct arena *arena, const struct spec_process *process,
			 const char *mount_label, struct facts *f)
{
	if (process && wanted(process->apparmor_profile)) {
		f->has_apparmor = reads(arena, "/sys/module/apparmor/parameters/enabled", 'Y');
	}
	if ((process && wanted(process->selinux_label)) || wanted(mount_label)) {
		f->has_selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
	}
}

static const char *resctrl_mount(struct arena *arena)
{
	struct sys_mountinfo mount;
	const char *text;

	if (sys_read_file(arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text) < 0) {
		return NULL;
	}
	while (sys_mountinfo_next(arena, &text, &mount)) {
		if (str_eq(mount.type, "resctrl")) {
			return mount.point;
		}
	}
	return NULL;
}

void facts_process(struct arena *arena, const struct spec_process *process, struct facts *ret)
{
	struct facts f = {
		.last_cap = last_cap(),
		.seccomp_receiver = getenv("RUN_OCI_SECCOMP_RECEIVER"),
	};

	user_ids(arena, &f);
	f.may_raise_rlimits = f.uid == 0 && !f.in_userns && has_cap(CAP_SYS_RESOURCE);
	for (int i = 0; i < FACTS_RLIMITS; i++) {
		struct rlimit limit = { 0, RLIM_INFINITY };

		getrlimit((__rlimit_resource_t)i, &limit);
		f.rlimit_hard[i] = limit.rlim_max;
	}
	find_modules(arena, process, NULL, &f);
	if (process && process->oom_score_adj.set) {
		read_oom_score(arena, &f);
	}
	facts_inherited(&f);
	*ret = f;
}

static void find_mount_modules(struct arena *arena, const struct spec *spec, struct facts *f)
{
	if (spec->linux_) {
		find_modules(arena, NULL, spec->linux_->mount_label, f);
	}
}

void facts_mounts(struct arena *arena, const struct spec *spec, struct facts *ret)
{
	facts_process(arena, NULL, ret);
	find_mount_modules(arena, spec, ret);
}

int facts_probe(struct arena *arena, const struct spec *spec, struct facts *ret, struct err *err)
{
	struct facts f;

	facts_process(arena, spec->process, &f);
	find_mount_modules(arena, spec, &f);
	if (spec->linux_ && spec->linux_->intel_rdt) {
		f.resctrl = resctrl_mount(arena);
	}
	facts_devices(arena, spec, &f);
	if (plan_needs_subids(spec, &f)) {
		TRY(user_ids_ranges(arena, &f, err));
	}
	*ret = f;
	return 0;
}
