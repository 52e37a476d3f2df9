/* SPDX-License-Identifier: Apache-2.0 */
/* host/pause: pause and resume, by freezing the container's cgroup. */
#include <errno.h>

#include "base/scope.h"
#include "host/lifecycle.h"
#include "state/file.h"
#include "state/status.h"

static int set_frozen(const char *root, const char *id, bool frozen, struct err *err)
{
	const enum state_status wanted = frozen ? STATE_RUNNING : STATE_PAUSED;
	const char *what = frozen ? "pause" : "resume";
	scope_arena struct arena arena = ARENA_INIT;
	enum state_status status;
	struct state state;

	TRY(state_load(&arena, root, id, &state, err));
	status = state_status(root, &state);
	if (status == STATE_STOPPED) {
		return err_set(err, ESRCH, "cannot %s container `%s`: container not running", what,
			       id);
	}
	if (status != wanted) {
		return err_set(err, EINVAL, "cannot %s container `%s`: it is %s, not %s", what, id,
			       state_status_name(status), state_status_name(wanted));
	}
	if (cgroup_freeze(&state.cgroup, frozen, err) < 0) {
		if (state_is_ending(&state)) {
			return err_set(err, ESRCH,
				       "cannot %s container `%s`: container not running", what, id);
		}
		return err_wrap(err, "cannot %s container `%s`", what, id);
	}
	return 0;
}

int host_pause(const char *root, const char *id, struct err *err)
{
	return set_frozen(root, id, true, err);
}

int host_resume(const char *root, const char *id, struct err *err)
{
	return set_frozen(root, id, false, err);
}
