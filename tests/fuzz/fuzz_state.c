/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_state: state.json, which an older rootlet has written or the user has changed. */
#include <stdlib.h>

#include "base/scope.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "state/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	struct state state = { .pid = 0 };
	struct err err = { 0 };
	int rc = state_parse(&arena, "fuzz", text, len, &state, &err);

	fuzz_outcome(rc, &err);
	if (rc == 0) {
		FUZZ_CHECK(state.pid > 0 && str_eq(state.id, "fuzz"));
		FUZZ_CHECK(state.oci_version && state.bundle && state.rootfs && state.created &&
			   state.owner);
	}
	return 0;
}
