/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_unit_property: the first line is an annotation's name, the rest its value. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "plan/unit_property.h"

#define PREFIX "org.systemd.property."

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	struct plan_property property = { 0 };
	struct err err = { 0 };
	const char *rest = text;
	const char *name = fuzz_line(&arena, &rest);
	int rc;

	if (!name) {
		return 0;
	}
	rc = plan_unit_property(&arena, arena_printf(&arena, PREFIX "%s", name), rest ? rest : "",
				&property, &err);
	fuzz_outcome(rc, &err);
	if (rc < 0) {
		FUZZ_CHECK(err.code == EINVAL);
		return 0;
	}
	FUZZ_CHECK(property.name && *property.name);
	/* What goes to D-Bus is a name that can stand in a unit file. */
	FUZZ_CHECK(!strpbrk(property.name, " \t\n=/."));
	return 0;
}
