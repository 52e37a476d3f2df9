/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bus_address: $DBUS_SESSION_BUS_ADDRESS, one address a line. */
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "systemd/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	struct systemd_address address;
	const char *rest = text;
	const char *line;

	while ((line = fuzz_line(&arena, &rest))) {
		size_t n = strcspn(line, ";");

		address = (struct systemd_address){ 0 };
		if (!systemd_address_parse(&arena, line, n, &address)) {
			FUZZ_CHECK(!address.name);
			continue;
		}
		FUZZ_CHECK(address.name && *address.name && strlen(address.name) <= n);
		FUZZ_CHECK(address.abstract || address.name[0] == '/');
		FUZZ_CHECK(!address.direct);
		FUZZ_CHECK(str_starts(systemd_address_text(&arena, &address), "unix:"));
	}
	return 0;
}
