/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user/as_root: acting as root of a user namespace that holds the user's ids.
 *
 * What a container has made may belong to subordinate ids: they are the user's, but not the user,
 * who may neither change nor remove it. Root of a user namespace into which these ids are mapped
 * may, as long as the owner of the thing and its group are mapped (capabilities(7),
 * user_namespaces(7)).
 */
#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * Clones a process into a new user namespace, has `ids` mapped (all of the user's: user_all_ids),
 * calls act(data) there as uid and gid 0, and waits for its end. The ids that act deals with are
 * numbers of that namespace. It acts on a copy of our memory, with all our descriptors, and ends
 * with us. It returns 0 or -errno, which becomes the error; what: for the message, "removing the
 * cgroup /x". Errors also: where no namespace can be made, or no id mapped.
 */
int user_as_root(const struct plan_ids *ids, int (*act)(void *data), void *data, const char *what,
		 struct err *err);
