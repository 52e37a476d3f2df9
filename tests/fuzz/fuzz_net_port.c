/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_net_port: each line of the input as a published port, as a network with its options, and as
 * the host's files that a container's names are made of.
 */
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "libnet/net.h"

/* What is printed has to be read as the same. */
static void one_port(const char *line)
{
	struct net_port port = { 0 }, again = { 0 };
	struct err err = { 0 };
	char text[NET_PORT_TEXT_MAX], text_again[NET_PORT_TEXT_MAX];
	int rc = net_port_parse(line, &port, &err);

	fuzz_outcome(rc, &err);
	if (rc < 0) {
		return;
	}
	FUZZ_CHECK(port.count > 0 && port.host_port + port.count <= 65536 &&
		   port.inside_port + port.count <= 65536);
	FUZZ_CHECK(net_port_overlaps(&port, &port));
	net_port_print(&port, text);
	FUZZ_CHECK(strlen(text) < NET_PORT_TEXT_MAX);
	FUZZ_CHECK(net_port_parse(text, &again, &err) == 0);
	net_port_print(&again, text_again);
	FUZZ_CHECK(str_eq(text, text_again));
}

static void one_network(struct arena *arena, const char *line, const char *whole)
{
	struct net_config config = { 0 };
	struct err err = { 0 };
	int rc = net_config_parse(arena, line, &config, &err);

	fuzz_outcome(rc, &err);
	if (rc < 0) {
		return;
	}
	FUZZ_CHECK(config.mtu >= 68 && config.mtu <= 65521);
	FUZZ_CHECK(config.cidr.prefix >= 1 && config.cidr.prefix <= 25);
	config.cidr = net_cidr_choose(&config.cidr, whole);
	FUZZ_CHECK(config.cidr.prefix >= 1 && config.cidr.prefix <= 25);
	FUZZ_CHECK(net_resolv_conf(arena, whole, &config));
	FUZZ_CHECK(net_hosts(arena, "harbour", &config));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	scope_free char *text = fuzz_text(bytes, len);
	const char *rest = text, *line;

	/* Each line costs a look at the whole text. */
	for (int i = 0; i < 16 && (line = fuzz_line(&arena, &rest)); i++) {
		one_port(line);
		one_network(&arena, line, text);
		one_network(&arena, arena_printf(&arena, "slirp4netns:%s", line), text);
	}
	return 0;
}
