/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_netlink: an answer of rtnetlink(7), whose head says how long it is. */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "fuzz/fuzz.h"
#include "sys/netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const size_t heads[] = { 0, sizeof(struct ifinfomsg), sizeof(struct rtmsg), 64 };
	scope_free char *copy = NULL;
	struct nlmsghdr *answer;

	if (len < sizeof(*answer)) {
		return 0;
	}
	/* Of exactly that size, so that the sanitizer sees a step beyond it. */
	copy = malloc(len);
	FUZZ_CHECK(copy);
	memcpy(copy, bytes, len);
	answer = (struct nlmsghdr *)copy;
	answer->nlmsg_len = (uint32_t)len;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const char *head = sys_nl_header(answer, heads[i]);

		FUZZ_CHECK(!head || head + heads[i] <= copy + len);
		for (uint16_t type = 0; type < 64; type++) {
			size_t size = 0;
			const char *value = sys_nl_find(answer, heads[i], type, &size);

			if (value) {
				FUZZ_CHECK(value > copy && size <= len);
				FUZZ_CHECK(value + size <= copy + len);
			}
		}
	}
	return 0;
}
