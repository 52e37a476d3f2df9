/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json/tree: a JSON document as an immutable tree.
 *
 * Built from yajl's events, never by yajl_tree, which overflows the stack on deep input and hides
 * duplicate keys. Refused here: nesting deeper than JSON_DEPTH_MAX, more than JSON_NODES_MAX
 * values, duplicate member names, NUL bytes (also as \u0000), invalid UTF-8, half surrogate pairs
 * (RFC 8259, section 8.2), text after the document. Numbers stay text, so 64 bits stay exact.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 64
#define JSON_NODES_MAX 1000000
#define JSON_TEXT_MAX (16u << 20)
#define JSON_NUMBER_MAX 64 /* characters of one number */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	enum json_type type;
	bool boolean;		   /* JSON_BOOL */
	const char *key;	   /* the member's name, when the parent is an object */
	const char *text;	   /* JSON_STRING: its bytes; JSON_NUMBER: as written */
	const struct json *first;  /* JSON_ARRAY, JSON_OBJECT: children in order */
	const struct json *next;   /* the next sibling */
	const struct json *parent; /* NULL at the root */
	size_t count;		   /* JSON_ARRAY, JSON_OBJECT: how many children */
};

/*
 * Parses len bytes. The tree lives in the arena. Errors: EINVAL with line and column ("line 3,
 * column 7: …"), E2BIG where a cap is passed.
 */
int json_parse(struct arena *arena, const char *bytes, size_t len, const struct json **ret,
	       struct err *err);

/* The member of an object, or NULL. */
const struct json *json_member(const struct json *object, const char *key);

/* "string", "number", … for messages. */
const char *json_type_name(enum json_type type);

/*
 * Where a value stands, as a JSON pointer: "/mounts/1/destination" ("" at the root, with ~0 and
 * ~1). Made for messages: member names are shown as json_show does. Lives in the arena.
 */
const char *json_path(struct arena *arena, const struct json *value);

/* Text of unknown origin as a message may show it. */
struct json_shown {
	char s[80];
};

/*
 * On one line, control characters as '?', a long text cut and ended by "...". Use:
 * `json_show(name).s`.
 */
struct json_shown json_show(const char *text);
