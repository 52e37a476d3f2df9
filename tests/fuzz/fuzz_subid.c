/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_subid: /etc/subuid, of which the first line is the user's name. */
#include <stdlib.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "user/subid.h"

#define UID 1000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	const char *rest = text;
	const char *user = fuzz_line(&arena, &rest);
	struct facts_ranges ranges = { 0 };

	if (!user) {
		return 0;
	}
	user_subid_parse(&arena, "/etc/subuid", rest ? rest : "", user, UID, &ranges);
	FUZZ_CHECK(ranges.n <= len / 5);
	for (size_t i = 0; i < ranges.n; i++) {
		FUZZ_CHECK(ranges.v[i].count > 0);
		FUZZ_CHECK(ranges.v[i].count <= UINT32_MAX - ranges.v[i].start);
	}
	return 0;
}
