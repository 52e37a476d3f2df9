/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_idmap: a uid_map or gid_map, as /proc has it. */
#include <stdlib.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "sys/idmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	const struct sys_extent *found = NULL;
	struct sys_idmap map = { 0 };

	sys_idmap_parse(&arena, text, &map);
	FUZZ_CHECK(map.n <= len / 6 + 1);
	for (size_t i = 0; i < map.n; i++) {
		const struct sys_extent *e = &map.v[i];

		if (e->count == 0) {
			continue;
		}
		FUZZ_CHECK(sys_idmap_holds(&map, e->inside, 1, &found));
		FUZZ_CHECK(found->inside <= e->inside && e->inside - found->inside < found->count);
		FUZZ_CHECK(sys_idmap_holds(&map, e->inside, e->count, NULL));
	}
	return 0;
}
