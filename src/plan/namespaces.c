/* SPDX-License-Identifier: Apache-2.0 */
/* plan/namespaces: which are made, which are joined, which had to be added. */
#include "plan/namespaces.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>

#include "base/str.h"
#include "plan/builder.h"
#include "plan/net.h"
#include "spec/names.h"

static int take_from_spec(struct builder *b, struct err *err)
{
	struct plan_namespaces *ns = &b->plan->ns;

	for (size_t i = 0; i < b->lin->namespaces.n; i++) {
		const struct spec_namespace *want = &b->lin->namespaces.v[i];

		if (!want->path || !*want->path) {
			ns->new |= (uint64_t)want->type;
			continue;
		}
		if (ns->join_n == PLAN_NS_MAX) {
			return err_set(err, EINVAL, "/linux/namespaces/%zu: too many", i);
		}
		ns->join[ns->join_n++] = (struct plan_join){
			.type = want->type,
			.name = names_of(spec_namespace_names, want->type),
			.path = want->path,
			.where = arena_printf(b->arena, "/linux/namespaces/%zu", i),
		};
	}
	return 0;
}

/*
 * Without these nothing works, so they are added where the bundle (made for root, say) leaves them
 * out.
 */
static void add_missing(struct builder *b)
{
	struct plan_namespaces *ns = &b->plan->ns;

	if (!plan_ns_own(b, CLONE_NEWUSER) && !b->facts->privileged) {
		ns->new |= CLONE_NEWUSER;
		plan_note(b, "/linux/namespaces", "a user namespace is added",
			  "only in one of its own can an ordinary user set up a container",
			  "add {\"type\": \"user\"} to say so in the bundle");
	}
	if (!plan_ns_own(b, CLONE_NEWNS)) {
		ns->new |= CLONE_NEWNS;
		plan_note(b, "/linux/namespaces", "a mount namespace is added",
			  "without it the container's mounts would be the host's",
			  "add {\"type\": \"mount\"} to say so in the bundle");
	}
}

static int take_offsets(struct builder *b, const char *name, const struct spec_time_clock *clock,
			struct err *err)
{
	struct plan_namespaces *ns = &b->plan->ns;

	if (!clock) {
		return 0;
	}
	if (!plan_ns_new(b, CLONE_NEWTIME)) {
		return err_set(err, EINVAL,
			       "/linux/timeOffsets/%s: needs a new time namespace: add {\"type\": "
			       "\"time\"} to /linux/namespaces",
			       name);
	}
	assert(ns->clock_n < sizeof(ns->clocks) / sizeof(ns->clocks[0]));
	ns->clocks[ns->clock_n++] = (struct plan_clock){
		.clock = name,
		.secs = clock->secs.value,
		.nanosecs = (uint32_t)clock->nanosecs.value,
	};
	return 0;
}

static int take_names(struct builder *b, struct err *err)
{
	const char *hostname = b->spec->hostname;
	const char *domainname = b->spec->domainname;

	if (hostname && *hostname) {
		if (!plan_ns_own(b, CLONE_NEWUTS)) {
			return err_set(err, EINVAL,
				       "/hostname: needs a uts namespace of the container's own: "
				       "add {\"type\": \"uts\"} to /linux/namespaces");
		}
		b->plan->hostname = hostname;
	}
	if (domainname && *domainname) {
		if (!plan_ns_own(b, CLONE_NEWUTS)) {
			return err_set(err, EINVAL,
				       "/domainname: needs a uts namespace of the container's own: "
				       "add {\"type\": \"uts\"} to /linux/namespaces");
		}
		b->plan->domainname = domainname;
	}
	return 0;
}

/*
 * config-linux.md, "Network Devices". Who may do it is the kernel's to say; an ordinary user owns
 * no device at all.
 */
static int take_net_devices(struct builder *b, struct err *err)
{
	struct plan *plan = b->plan;

	if (b->lin->net_devices.n == 0) {
		return 0;
	}
	if (!plan_ns_own(b, CLONE_NEWNET)) {
		return err_set(err, EINVAL,
			       "/linux/netDevices: needs a network namespace of the container's "
			       "own: add {\"type\": \"network\"} to /linux/namespaces");
	}
	if (!b->facts->privileged) {
		return err_set(err, EPERM,
			       "/linux/netDevices: only root can move a network device: it takes "
			       "CAP_NET_ADMIN over the network namespace that the device is in, "
			       "and that is not an ordinary user's");
	}
	plan->net_devices =
		arena_array(b->arena, b->lin->net_devices.n, sizeof(*plan->net_devices));
	for (size_t i = 0; i < b->lin->net_devices.n; i++) {
		const struct spec_net_device *want = &b->lin->net_devices.v[i];

		plan->net_devices[plan->net_device_n++] = (struct plan_net_device){
			.where = arena_printf(b->arena, "/linux/netDevices/%s", want->host_name),
			.host_name = want->host_name,
			.name = str_or(str_filled(want->name), want->host_name),
		};
	}
	return 0;
}

int plan_namespaces(struct builder *b, struct err *err)
{
	TRY(take_from_spec(b, err));
	TRY(plan_net(b, err));
	add_missing(b);
	b->user_namespace = plan_ns_own(b, CLONE_NEWUSER);
	if (b->lin->time_offsets) {
		TRY(take_offsets(b, "monotonic", b->lin->time_offsets->monotonic, err));
		TRY(take_offsets(b, "boottime", b->lin->time_offsets->boottime, err));
	}
	TRY(take_names(b, err));
	TRY(take_net_devices(b, err));
	b->plan->loopback_up = plan_ns_new(b, CLONE_NEWNET);
	b->plan->new_keyring = !b->options->no_new_keyring;
	b->plan->keyring = b->options->keyring;
	return 0;
}
