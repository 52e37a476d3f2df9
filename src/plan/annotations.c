/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/annotations: crun's annotations that belong to no property of the configuration.
 *
 * Those that stand in for a property are read where that property is decided.
 */
#include <errno.h>

#include "base/str.h"
#include "plan/builder.h"

bool plan_flag(const struct builder *b, const char *key)
{
	const char *value = spec_annotation(b->spec, key);

	return value && !str_eq(value, "0") && !str_eq(value, "false");
}

/* Its program is no Linux executable, or wants a machine of its own: started all the same it would be something else. */
int plan_annotations(struct builder *b, struct err *err)
{
	const char *handler = spec_annotation(b->spec, "run.oci.handler");

	if (handler && *handler) {
		return err_set(err, ENOTSUP,
			       "/annotations/run.oci.handler: there is no handler `%s`: rootlet starts Linux programs; "
			       "use crun for this container, or leave the annotation out",
			       handler);
	}
	return 0;
}
