/* SPDX-License-Identifier: Apache-2.0 */
/* host/create: the OCI operation "create": a launch up to the gate. */
#include "host/create.h"

#include "host/launch_steps.h"

int host_create(const struct launch_options *options, struct err *err)
{
	struct launch l;
	int rc;

	host_launch_begin(&l, options, LAUNCH_CREATE);
	rc = host_launch_make(&l, err);
	host_launch_done(&l);
	return rc;
}
