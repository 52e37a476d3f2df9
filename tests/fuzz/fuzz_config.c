/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config: config.json, from its bytes to a printed plan; and the files that hold parts of one.
 */
#include <stdlib.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "spec/load.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct plan_options options = { .id = "fuzz",
						     .bundle = "/bundle",
						     .state = "/run/rootlet/fuzz" };
	static const struct plan_options lax = {
		.id = "fuzz",
		.bundle = "/bundle",
		.state = "/run/rootlet/fuzz",
		.no_pivot = true,
		.cgroup_manager = PLAN_CGROUP_ONLY_FS,
		.best_effort = true,
	};
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	struct spec_resources *resources = NULL;
	struct spec_process *process = NULL;
	struct spec_mount *mounts = NULL;
	struct spec *spec = NULL;
	struct err err = { 0 };
	size_t n;
	int rc = spec_load(&arena, text, len, &spec, &err);

	fuzz_outcome(rc, &err);
	if (rc == 0) {
		fuzz_plan(&arena, spec, &options);
		fuzz_plan(&arena, spec, &lax);
	}
	fuzz_outcome(spec_load_process(&arena, text, len, &process, &err), &err);
	fuzz_outcome(spec_load_mounts(&arena, text, len, &mounts, &n, &err), &err);
	fuzz_outcome(spec_load_resources(&arena, text, len, &resources, &err), &err);
	return 0;
}
