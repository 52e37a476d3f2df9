/* SPDX-License-Identifier: Apache-2.0 */
/* list: lists of numbers such as "0-3,7". */
#include "spec/list.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "json/tree.h"

/* The number at the front of text. */
static int next_number(const char **text, uint32_t *ret)
{
	size_t n = strspn(*text, "0123456789");
	char digits[16];

	if (n == 0 || n >= sizeof(digits)) {
		return -EINVAL;
	}
	memcpy(digits, *text, n);
	digits[n] = '\0';
	if (str_u32(digits, ret) < 0) {
		return -EINVAL;
	}
	*text += n;
	return 0;
}

int spec_list_next(const char **rest, uint32_t *ret_first, uint32_t *ret_last)
{
	const char *text = *rest + strspn(*rest, ", \n");
	uint32_t first, last;

	if (*text == '\0') {
		*rest = text;
		return 0;
	}
	TRY(next_number(&text, &first));
	last = first;
	if (*text == '-') {
		text++;
		TRY(next_number(&text, &last));
	}
	if (last < first || (*text && !strchr(", \n", *text))) {
		return -EINVAL;
	}
	*rest = text;
	*ret_first = first;
	*ret_last = last;
	return 1;
}

int spec_check_list(const char *text, const char *at, const char *key, bool *ret_any,
		    struct err *err)
{
	const char *rest = str_or(text, "");
	bool any = false;
	uint32_t first, last;
	int rc;

	while ((rc = spec_list_next(&rest, &first, &last)) > 0) {
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
