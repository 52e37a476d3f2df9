/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: what the fuzz targets share. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void fuzz_check(int holds, const char *cond, const char *file, int line)
{
	if (!holds) {
		fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, cond);
		abort();
	}
}

void fuzz_outcome(int rc, const struct err *err)
{
	size_t len = strnlen(err->msg, ERR_MSG_MAX);

	FUZZ_CHECK(rc <= 0);
	if (rc == 0) {
		return;
	}
	FUZZ_CHECK(rc == -err->code);
	FUZZ_CHECK(len > 0 && len < ERR_MSG_MAX);
}

char *fuzz_text(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);

	FUZZ_CHECK(text);
	if (len > 0) {
		memcpy(text, bytes, len);
	}
	text[len] = '\0';
	return text;
}

const char *fuzz_line(struct arena *arena, const char **rest)
{
	const char *line = *rest;
	size_t len;

	if (!line || !*line) {
		return NULL;
	}
	len = strcspn(line, "\n");
	*rest = line[len] ? line + len + 1 : NULL;
	return arena_strndup(arena, line, len);
}

struct facts fuzz_facts(struct arena *arena, const struct spec *spec, int root)
{
	static struct facts_range range = { .start = 100000, .count = 65536 };
	size_t devices = spec->linux_ ? spec->linux_->devices.n : 0;
	struct facts f = {
		.uid = root ? 0 : 1000,
		.gid = root ? 0 : 1000,
		.user = root ? "root" : "rootlet-test",
		.privileged = root,
		.may_raise_rlimits = root,
		.last_cap = 40,
		.has_apparmor = true,
		.has_selinux = true,
		.resctrl = root ? "/sys/fs/resctrl" : NULL,
		.devices =
			root ? NULL : arena_array(arena, devices + 1, sizeof(struct facts_device)),
		.subid_source = "/etc/subuid",
		.newuidmap = "/usr/bin/newuidmap",
		.newgidmap = "/usr/bin/newgidmap",
		.cgroup = { .mode = FACTS_CGROUP_V2,
			    .mount = "/sys/fs/cgroup",
			    .own = "/a/b",
			    .top = "/a",
			    .base = "/a/b" },
	};

	if (!root) {
		f.subuids = f.subgids = (struct facts_ranges){ .v = &range, .n = 1 };
	}
	for (int i = 0; i < FACTS_RLIMITS; i++) {
		f.rlimit_hard[i] = RLIM_INFINITY;
	}
	f.cgroup.controllers.v = arena_array(arena, 3, sizeof(*f.cgroup.controllers.v));
	f.cgroup.controllers.v[f.cgroup.controllers.n++] = "memory";
	f.cgroup.controllers.v[f.cgroup.controllers.n++] = "pids";
	return f;
}

void fuzz_plan(struct arena *arena, const struct spec *spec, const struct plan_options *options)
{
	for (int root = 0; root < 2; root++) {
		struct facts facts = fuzz_facts(arena, spec, root);
		const struct plan *plan = NULL;
		struct err err = { 0 };
		int rc = plan_build(arena, spec, &facts, options, &plan, &err);

		fuzz_outcome(rc, &err);
		if (rc == 0) {
			FUZZ_CHECK(plan && *plan_print(arena, plan));
		}
	}
}
