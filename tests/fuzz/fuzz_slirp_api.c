/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_slirp_api: what slirp4netns answers. */
#include <errno.h>
#include <stdlib.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "libnet/slirp/api.h"
#include "json/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct net_port port = {
		.protocol = IPPROTO_TCP, .host_port = 8080, .inside_port = 80, .count = 3
	};
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	const struct json *entry = NULL;
	struct err err = { 0 };
	const struct json *result = slirp_api_parse(&arena, text, len, &err);
	size_t found = 0;
	int64_t id = -1;

	if (!result) {
		FUZZ_CHECK(err.code == EIO || err.code == EPROTO);
		fuzz_outcome(-err.code, &err);
		return 0;
	}
	FUZZ_CHECK(result->type == JSON_OBJECT);
	while ((entry = slirp_api_next(result, entry, &port, &id))) {
		FUZZ_CHECK(id >= 0 && id <= INT32_MAX);
		found++;
	}
	FUZZ_CHECK(found <= len);
	return 0;
}
