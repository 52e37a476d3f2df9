/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mountinfo: what /proc/PID/mountinfo says. */
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "sys/mountinfo.h"

static int is_plain(const char *field)
{
	/* A space, a line's end: only as the kernel's octal escape. */
	return !strpbrk(field, " \n");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	int escapes = strchr(text, '\\') != NULL;
	struct sys_mountinfo mount;
	const char *at = text;
	size_t lines = 0;

	while (sys_mountinfo_next(&arena, &at, &mount)) {
		lines++;
		FUZZ_CHECK(mount.device && mount.root && mount.point && mount.type);
		FUZZ_CHECK(escapes || (is_plain(mount.device) && is_plain(mount.root) &&
				       is_plain(mount.point) && is_plain(mount.type)));
		FUZZ_CHECK(strlen(mount.point) <= len);
	}
	FUZZ_CHECK(*at == '\0');
	FUZZ_CHECK(lines <= len);
	return 0;
}
