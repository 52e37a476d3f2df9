/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes out of text: one text for each sequence of bytes, and nothing else is taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

static void decodes(const char *text, const char *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	const void *got = NULL;
	size_t got_len = 99;

	assert_int_equal(base64_decode(&arena, text, len, &got, &got_len), 0);
	assert_int_equal(got_len, len);
	assert_memory_equal(got, bytes, len);
	if (len > 0) {
		got = NULL;
		assert_int_equal(base64_decode(&arena, text, len - 1, &got, &got_len), -E2BIG);
		assert_null(got);
	}
}

/* RFC 4648, section 10, and bytes that use every character's kind. */
static void valid(void **unused)
{
	(void)unused;
	decodes("", "", 0);
	decodes("Zg==", "f", 1);
	decodes("Zm8=", "fo", 2);
	decodes("Zm9v", "foo", 3);
	decodes("Zm9vYg==", "foob", 4);
	decodes("Zm9vYmE=", "fooba", 5);
	decodes("Zm9vYmFy", "foobar", 6);
	decodes("AAAA", "\0\0\0", 3);
	decodes("+/+/", "\xfb\xff\xbf", 3);
	decodes("////", "\xff\xff\xff", 3);
	decodes("/w==", "\xff", 1);
}

static void invalid(void **unused)
{
	static const char *const texts[] = {
		"Z",	 "Zg",	     "Zg=",	 "Zm9",		 "====",  "=",		"Z===",
		"Zm9v=", "Zg==Zg==", "Zg==\n",	 "Zm9v\n",	 " Zm9v", "Zm 9v",	"Zm-_",
		"Zh==",	 "Zm9=",     "Zm=v",	 "Zm9vYg=",	 "Zm9vY", "Z\xc3\xa9v", "Zm9v....",
		"!!!!",	 "=Zm9",     "Zm8=====", "Zm9vZg==Zm9v",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		const void *got = NULL;
		size_t len = 99;

		if (base64_decode(&arena, texts[i], 1000, &got, &len) != -EINVAL) {
			fail_msg("\"%s\" was taken", texts[i]);
		}
		assert_null(got);
		assert_int_equal(len, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid),
		cmocka_unit_test(invalid),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
