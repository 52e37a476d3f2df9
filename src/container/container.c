/* SPDX-License-Identifier: Apache-2.0 */
/* container/container: finding a container, and what is said when it is not what is wanted. */
#include "container/container.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#include "base/scope.h"
#include "spec/load.h"
#include "state/file.h"
#include "state/folder.h"
#include "state/status.h"
#include "sys/fd.h"
#include "json/tree.h"

struct container container_named(const char *root, const char *id)
{
	struct container c = {
		.arena = ARENA_INIT,
		.root = root,
		.id = id,
		.dir = { .fd = -1 },
		.init = -1,
		.root_dir = -1,
	};

	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		c.namespaces[i] = -1;
	}
	return c;
}

int container_lock(struct container *c, struct err *err)
{
	return state_open(c->root, c->id, &c->dir, err);
}

int container_lock_now(struct container *c, struct err *err)
{
	return state_open_now(c->root, c->id, &c->dir, err);
}

int container_load(struct container *c, struct err *err)
{
	if (c->dir.fd >= 0) {
		TRY(state_read(&c->arena, &c->dir, &c->state, err));
	} else {
		TRY(state_load(&c->arena, c->root, c->id, &c->state, err));
	}
	c->status = state_status(c->root, &c->state);
	return 0;
}

pid_t container_pid(const struct container *c)
{
	if (c->status == STATE_STOPPED || state_is_foreign(&c->state)) {
		return 0;
	}
	return (pid_t)c->state.pid;
}

int container_not_running(const struct container *c, struct err *err)
{
	const char *why = c->status == STATE_STOPPED ? "but stopped" : "it has just ended";

	if (!c->want.cannot && c->want.tells_why) {
		return err_set(err, ESRCH, "container not running: `%s` is %s", c->id,
			       state_status_name(c->status));
	}
	if (!c->want.cannot) {
		return err_set(err, ESRCH, "container not running: `%s`", c->id);
	}
	if (!c->want.tells_why) {
		return err_set(err, ESRCH, "%s `%s`: container not running", c->want.cannot, c->id);
	}
	return err_set(err, ESRCH, "%s `%s`: container not running: it is not running, %s",
		       c->want.cannot, c->id, why);
}

/* The name of one of the statuses that will do. */
static const char *wanted_name(unsigned wanted)
{
	enum state_status status = STATE_CREATED;

	while (!(wanted & CONTAINER_BIT(status))) {
		status++;
	}
	return state_status_name(status);
}

static int check_status(const struct container *c, struct err *err)
{
	unsigned wanted = c->want.status;

	if (!wanted || wanted & CONTAINER_BIT(c->status)) {
		return 0;
	}
	/* Clients look for these words where something needs a process and there is none. */
	if (wanted & CONTAINER_STARTED && (c->status == STATE_STOPPED || !c->want.cannot)) {
		return container_not_running(c, err);
	}
	assert(c->want.cannot);
	return err_set(err, EINVAL, "%s `%s`: it is %s, not %s", c->want.cannot, c->id,
		       state_status_name(c->status), wanted_name(wanted));
}

int container_hold(struct container *c, struct err *err)
{
	int rc = state_pidfd(&c->state, &c->init);

	if (rc == -ESRCH) {
		return container_not_running(c, err);
	}
	if (rc == -EREMOTE) {
		return state_foreign(c->root, &c->state, err);
	}
	if (rc < 0) {
		return err_errno(err, -rc, "holding the process %d of container `%s`",
				 (int)c->state.pid, c->id);
	}
	return 0;
}

int container_demand(struct container *c, struct err *err)
{
	TRY(check_status(c, err));
	return c->want.held ? container_hold(c, err) : 0;
}

int container_find(const char *root, const char *id, const struct container_want *want,
		   struct container *ret, struct err *err)
{
	struct container c = container_named(root, id);
	int rc = 0;

	c.want = *want;
	if (want->locked) {
		rc = container_lock(&c, err);
	}
	if (rc == 0) {
		rc = container_load(&c, err);
	}
	if (rc == 0) {
		rc = container_demand(&c, err);
	}
	if (rc < 0) {
		container_done(&c);
		return rc;
	}
	*ret = c;
	return 0;
}

int container_explain(const struct container *c, struct err *err)
{
	if (state_is_ending(&c->state)) {
		return container_not_running(c, err);
	}
	return -err->code;
}

int container_spec(struct container *c, struct spec **ret, struct err *err)
{
	const char *path = arena_printf(&c->arena, "%s/%s/config.json", c->root, c->id);
	const char *text;
	ssize_t len;

	if (c->spec) {
		*ret = c->spec;
		return 0;
	}
	len = sys_read_file(&c->arena, AT_FDCWD, path, JSON_TEXT_MAX, &text);
	if (len < 0) {
		return err_errno(err, (int)-len, "%s, the container's configuration", path);
	}
	if (spec_load(&c->arena, text, (size_t)len, &c->spec, err) < 0) {
		return err_wrap(err, "%s", path);
	}
	*ret = c->spec;
	return 0;
}

void container_done(struct container *c)
{
	state_close(&c->dir);
	fd_drop(&c->init);
	fd_drop(&c->root_dir);
	for (size_t i = 0; i < SYS_NAMESPACES; i++) {
		fd_drop(&c->namespaces[i]);
	}
	arena_done(&c->arena);
}
