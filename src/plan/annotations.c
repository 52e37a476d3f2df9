/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/annotations: annotations that belong to no property of the configuration.
 *
 * Those that stand in for a property are read where that property is decided.
 */
#include "plan/annotations.h"

#include <errno.h>

#include "base/str.h"
#include "plan/builder.h"

/*
 * Its program is no Linux executable, or wants a machine of its own: started all the same it would
 * be something else.
 */
static int check_handler(const struct builder *b, struct err *err)
{
	const char *handler = spec_annotation(b->spec, "run.oci.handler");

	if (handler && *handler) {
		return err_set(
			err, ENOTSUP,
			"/annotations/run.oci.handler: there is no handler `%s`: rootlet starts "
			"Linux programs; use crun for this container, or leave the annotation out",
			handler);
	}
	return 0;
}

/*
 * How long a container that stays is to live. Told once at its start, as the end comes without a
 * word.
 */
static int check_session(struct builder *b, struct err *err)
{
	const char *wish = spec_annotation(b->spec, PLAN_SESSION);
	bool persistent = wish && str_eq(wish, "persistent");

	if (wish && !persistent && !str_eq(wish, "bound")) {
		return err_set(err, EINVAL,
			       "/annotations/" PLAN_SESSION
			       ": \"bound\" or \"persistent\", found \"%s\"",
			       wish);
	}
	if (!b->facts->session_ends) {
		return 0;
	}
	if (persistent) {
		return err_set(err, EPERM,
			       "/annotations/" PLAN_SESSION
			       ": the container would end with this user's last session; run "
			       "`loginctl enable-linger` first");
	}
	if (!wish) {
		plan_note(b, "/annotations/" PLAN_SESSION,
			  "the container ends with this user's last session",
			  "their systemd manager and /run/user end then",
			  "run `loginctl enable-linger`, or set the annotation to bound if this is "
			  "meant");
	}
	return 0;
}

int plan_annotations(struct builder *b, struct err *err)
{
	TRY(check_handler(b, err));
	return check_session(b, err);
}
