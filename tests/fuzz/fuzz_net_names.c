/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_net_names: the host's resolv.conf(5) and an image's hosts(5), and what is made of them. */
#include <stdlib.h>
#include <string.h>

#include "base/hosts.h"
#include "base/scope.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "libnet/net.h"

/* The container's resolver can't be the host's loopback, whatever the host has. */
static void check_resolv(struct arena *arena, const char *text)
{
	const char *line;

	while ((line = fuzz_line(arena, &text))) {
		if (str_starts(line, "nameserver ")) {
			FUZZ_CHECK(!str_starts(line, "nameserver 127."));
			FUZZ_CHECK(!str_eq(line, "nameserver ::1"));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	struct net_config config = { 0 };
	struct err err = { 0 };
	const char *out;

	FUZZ_CHECK(net_config_parse(&arena, "slirp4netns", &config, &err) == 0);
	out = net_resolv_conf(&arena, text, &config);
	FUZZ_CHECK(strlen(out) <= len + 256);
	check_resolv(&arena, out);
	out = hosts_merge(&arena, text, net_hosts(&arena, "harbour", &config));
	FUZZ_CHECK(strlen(out) <= len + 256);
	/* Names are the same in capital letters. */
	FUZZ_CHECK(strcasestr(out, "localhost") && strcasestr(out, "harbour"));
	return 0;
}
