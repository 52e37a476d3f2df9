/* SPDX-License-Identifier: Apache-2.0 */
/* list: lists of numbers such as "0-3,7". */
#include "spec/list.h"

#include <errno.h>

#include "base/str.h"
#include "json/tree.h"

int spec_check_list(const char *text, const char *at, const char *key, bool *ret_any,
		    struct err *err)
{
	const char *rest = str_or(text, "");
	bool any = false;
	uint32_t first, last;
	int rc;

	while ((rc = str_list_next(&rest, &first, &last)) > 0) {
		any = true;
	}
	if (rc < 0) {
		return err_set(err, EINVAL, "%s/%s: \"%s\" is not a list such as \"0-3,7\"", at,
			       key, json_show(text).s);
	}
	if (ret_any) {
		*ret_any = any;
	}
	return 0;
}
