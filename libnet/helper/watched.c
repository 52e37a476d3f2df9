/* SPDX-License-Identifier: Apache-2.0 */
/* helper/watched: by pidfd, so that a number that is used again deceives nobody. */
#include "libnet/helper/watched.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

int helper_watch(struct helper *h, pid_t pid, int pidfd)
{
	struct helper_watched *grown = reallocarray(h->watched, h->watched_n + 1, sizeof(*grown));

	if (!grown) {
		close(pidfd);
		return -ENOMEM;
	}
	h->watched = grown;
	h->watched[h->watched_n++] = (struct helper_watched){ .pid = pid, .pidfd = pidfd };
	return 0;
}

void helper_forget_ended(struct helper *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->watched_n; i++) {
		struct pollfd p = { h->watched[i].pidfd, POLLIN, 0 };

		if (poll(&p, 1, 0) > 0) {
			close(h->watched[i].pidfd);
		} else {
			h->watched[kept++] = h->watched[i];
		}
	}
	h->watched_n = kept;
}
