/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_udp6: a namespace's list of UDP sockets, of a container's making and size. */
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "libnet/forward/inside6.h"
#include "libnet/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sockaddr_in6 target = { .sin6_family = AF_INET6,
				       .sin6_addr = net_inside6,
				       .sin6_port = htons(53) };
	static const char none[] = "  sl  local_address                         remote_address\n";
	int list = memfd_create("udp6", MFD_CLOEXEC);
	bool heard;

	FUZZ_CHECK(list >= 0);
	FUZZ_CHECK(write(list, bytes, len) == (ssize_t)len);
	heard = forward_inside6_hears(list, &target);
	/* The answer is the list's alone, and stays the same. */
	FUZZ_CHECK(forward_inside6_hears(list, &target) == heard);
	FUZZ_CHECK(ftruncate(list, 0) == 0);
	FUZZ_CHECK(pwrite(list, none, sizeof(none) - 1, 0) == (ssize_t)sizeof(none) - 1);
	FUZZ_CHECK(!forward_inside6_hears(list, &target));
	close(list);
	return 0;
}
