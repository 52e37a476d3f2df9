/* SPDX-License-Identifier: Apache-2.0 */
/* forward/loop: who is watched, and when. */
#include "libnet/forward/loop.h"

#include <errno.h>
#include <sys/epoll.h>

time_t forward_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec;
}

int forward_watch(const struct forwarder *f, int fd, uint32_t events, struct forward_source *source)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Flows of UDP make room for each other; connections wait. */
static uint32_t listener_events(const struct forwarder *f, int protocol)
{
	if (!f->link_up || (f->full && protocol == IPPROTO_TCP)) {
		return 0;
	}
	return EPOLLIN;
}

int forward_watch_listener(const struct forwarder *f, struct forward_listener *l)
{
	return forward_watch(f, l->fd, listener_events(f, l->protocol), &l->source);
}

void forward_watch_again(const struct forwarder *f)
{
	for (struct forward_listener *l = f->listeners; l; l = l->next) {
		struct epoll_event event = { .events = listener_events(f, l->protocol),
					     .data.ptr = &l->source };

		(void)epoll_ctl(f->epoll, EPOLL_CTL_MOD, l->fd, &event);
	}
}

void forward_pause(struct forwarder *f)
{
	f->full = true;
	forward_watch_again(f);
}

void forward_resume(struct forwarder *f)
{
	if (f->full) {
		f->full = false;
		forward_watch_again(f);
	}
}
