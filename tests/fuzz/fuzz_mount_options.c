/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mount_options: one mount, to its place in a printed plan. The lines of the input are
 * destination, type, source, and then its options; an empty line stands for a property that is
 * absent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "spec/check.h"
#include "spec/load.h"
#include "spec/spec.h"

static const char base[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/"
	"\",\"args\":[\"true\"]},\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"}"
	"]}}";

static const char *or_absent(const char *line)
{
	return line && *line ? line : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct plan_options options = { .id = "fuzz", .bundle = "/bundle" };
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	const char *rest = text, *line;
	struct spec_mount mount = { 0 };
	struct spec *spec = NULL;
	struct err err = { 0 };
	int rc;

	mount.options.v = arena_array(&arena, len + 1, sizeof(*mount.options.v));
	line = fuzz_line(&arena, &rest);
	mount.destination = line ? line : "";
	mount.type = or_absent(fuzz_line(&arena, &rest));
	mount.source = or_absent(fuzz_line(&arena, &rest));
	while ((line = fuzz_line(&arena, &rest))) {
		mount.options.v[mount.options.n++] = line;
	}
	FUZZ_CHECK(spec_load(&arena, base, strlen(base), &spec, &err) == 0);
	spec->mounts.v = &mount;
	spec->mounts.n = 1;
	rc = spec_check_mounts(&mount, 1, "/mounts", &err);
	fuzz_outcome(rc, &err);
	if (rc == 0) {
		fuzz_plan(&arena, spec, &options);
	}
	return 0;
}
