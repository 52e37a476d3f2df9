/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: builds the document from yajl's events.
 *
 * yajl checks the grammar; what it lets through and a configuration must not contain is checked
 * here. One pass over the bytes comes first, because yajl takes overlong UTF-8 for valid, turns
 * half a surrogate pair into "?", and would hand us \u0000 as a byte inside a string.
 */
#include "json/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/str.h"

/*
 * Up to here a new member name is compared with those before it; larger objects are sorted when
 * they end.
 */
#define FEW_MEMBERS 16

struct frame {
	struct json *node;
	struct json *last; /* the newest child */
};

struct builder {
	struct arena *arena;
	struct err *err;
	yajl_handle yajl;
	const char *bytes;
	size_t len;
	bool all_fed; /* yajl has seen every byte: it counts anew */
	bool failed;  /* a callback has filled err */
	size_t nodes;
	size_t depth;
	struct frame stack[JSON_DEPTH_MAX];
	const char *key; /* of the member that comes next */
	const struct json *root;
	size_t root_end; /* offset behind the root value */
};

/* ---- characters ---- */

static bool is_control(const char *c, size_t n)
{
	unsigned char first = (unsigned char)c[0];

	/* The second range, U+0080 to U+009F, moves cursors too. */
	return first < 0x20 || first == 0x7f ||
	       (n == 2 && first == 0xc2 && (unsigned char)c[1] < 0xa0);
}

struct json_shown json_show(const char *text)
{
	struct json_shown shown;
	size_t len = strlen(text), used = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (used + 4 + sizeof("...") > sizeof(shown.s)) {
			memcpy(shown.s + used, "...", 3);
			used += 3;
			break;
		}
		if (n == 0 || is_control(text + i, n)) {
			shown.s[used++] = '?';
			if (n == 0) {
				n = 1;
			}
			continue;
		}
		memcpy(shown.s + used, text + i, n);
		used += n;
	}
	shown.s[used] = '\0';
	return shown;
}

/* ---- errors ---- */

/* Fills err with "line L, column C: ...", for the byte at offset. Returns -code. */
static int __attribute__((format(printf, 4, 5)))
fault(struct builder *b, int code, size_t offset, const char *fmt, ...)
{
	size_t line = 1, column = 1;
	char text[256];
	va_list ap;

	for (size_t i = 0; i < offset && i < b->len; i++) {
		if (b->bytes[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)b->bytes[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->failed = true;
	return err_set(b->err, code, "line %zu, column %zu: %s", line, column, text);
}

/* Offset behind what yajl has read. */
static size_t consumed(const struct builder *b)
{
	if (b->all_fed) {
		return b->len;
	}
	return yajl_get_bytes_consumed(b->yajl);
}

/* Offset of the last byte that yajl has read. */
static size_t here(const struct builder *b)
{
	size_t offset = consumed(b);

	if (offset > 0) {
		return offset - 1;
	}
	return 0;
}

/* ---- the pass over the bytes ---- */

/* The four digits of \uXXXX, or -1: then yajl complains, and better. */
static long hex4(const char *digits, size_t len)
{
	char text[5] = "";

	if (len < 4) {
		return -1;
	}
	memcpy(text, digits, 4);
	if (strspn(text, "0123456789abcdefABCDEF") != 4) {
		return -1;
	}
	return strtol(text, NULL, 16);
}

/*
 * How long the escape at offset i is. Backslashes are legal in strings only, so no state is needed.
 */
static int check_escape(struct builder *b, size_t i, size_t *ret_len)
{
	const char *at = b->bytes + i;
	size_t left = b->len - i;
	long unit, low = -1;

	*ret_len = 2;
	if (left < 2) {
		*ret_len = left;
		return 0;
	}
	if (at[1] != 'u') {
		return 0;
	}
	unit = hex4(at + 2, left - 2);
	if (unit == 0) {
		return fault(b, EINVAL, i, "a string contains a NUL byte");
	}
	if (unit < 0xd800 || unit > 0xdfff) {
		return 0;
	}
	if (unit < 0xdc00 && left >= 12 && at[6] == '\\' && at[7] == 'u') {
		low = hex4(at + 8, left - 8);
	}
	if (low < 0xdc00 || low > 0xdfff) {
		return fault(b, EINVAL, i, "\\u%04lx is half a surrogate pair", unit);
	}
	*ret_len = 12;
	return 0;
}

static int check_bytes(struct builder *b)
{
	size_t n;

	for (size_t i = 0; i < b->len; i += n) {
		if (b->bytes[i] == '\\') {
			TRY(check_escape(b, i, &n));
			if (n > 1 && (unsigned char)b->bytes[i + 1] >= 0x80) {
				n = 1; /* the byte behind is looked at as a character */
			}
			continue;
		}
		n = str_utf8(b->bytes + i, b->len - i);
		if (n == 0) {
			return fault(b, EINVAL, i, "invalid UTF-8");
		}
	}
	return 0;
}

/* ---- yajl's events: they return 0 to stop ---- */

static struct json *add_node(struct builder *b, enum json_type type)
{
	struct frame *top;
	struct json *node;

	if (b->nodes == JSON_NODES_MAX) {
		fault(b, E2BIG, here(b), "more than %d values", JSON_NODES_MAX);
		return NULL;
	}
	b->nodes++;
	node = arena_alloc(b->arena, sizeof(*node));
	node->type = type;
	if (b->depth == 0) {
		b->root = node;
		b->root_end = consumed(b);
		return node;
	}
	top = &b->stack[b->depth - 1];
	node->parent = top->node;
	node->key = b->key;
	b->key = NULL;
	if (top->last) {
		top->last->next = node;
	} else {
		top->node->first = node;
	}
	top->last = node;
	top->node->count++;
	return node;
}

static int on_null(void *ctx)
{
	return add_node(ctx, JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int value)
{
	struct json *node = add_node(ctx, JSON_BOOL);

	if (!node) {
		return 0;
	}
	node->boolean = value != 0;
	return 1;
}

static int on_number(void *ctx, const char *text, size_t len)
{
	struct builder *b = ctx;
	struct json *node;

	if (len > JSON_NUMBER_MAX) {
		fault(b, E2BIG, here(b), "a number of more than %d characters", JSON_NUMBER_MAX);
		return 0;
	}
	node = add_node(b, JSON_NUMBER);
	if (!node) {
		return 0;
	}
	node->text = arena_strndup(b->arena, text, len);
	return 1;
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	struct builder *b = ctx;
	struct json *node = add_node(b, JSON_STRING);

	if (!node) {
		return 0;
	}
	node->text = arena_strndup(b->arena, (const char *)text, len);
	return 1;
}

static int twice(struct builder *b, const char *key)
{
	fault(b, EINVAL, here(b), "the member \"%s\" is there twice", json_show(key).s);
	return 0;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct builder *b = ctx;
	const struct json *object;

	assert(b->depth > 0);
	object = b->stack[b->depth - 1].node;
	b->key = arena_strndup(b->arena, (const char *)text, len);
	if (object->count < FEW_MEMBERS && json_member(object, b->key)) {
		return twice(b, b->key);
	}
	return 1;
}

static int begin(struct builder *b, enum json_type type)
{
	struct json *node;

	if (b->depth == JSON_DEPTH_MAX) {
		fault(b, E2BIG, here(b), "nested deeper than %d levels", JSON_DEPTH_MAX);
		return 0;
	}
	node = add_node(b, type);
	if (!node) {
		return 0;
	}
	b->stack[b->depth++] = (struct frame){ .node = node };
	return 1;
}

static int on_begin_object(void *ctx)
{
	return begin(ctx, JSON_OBJECT);
}

static int on_begin_array(void *ctx)
{
	return begin(ctx, JSON_ARRAY);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorting, unlike hashing, has no input that makes it quadratic. */
static int check_twice(struct builder *b, const struct json *object)
{
	scope_arena struct arena scratch = ARENA_INIT;
	const char **keys = arena_array(&scratch, object->count, sizeof(*keys));
	size_t n = 0;

	for (const struct json *m = object->first; m; m = m->next) {
		keys[n++] = m->key;
	}
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(keys[i - 1], keys[i]) == 0) {
			return twice(b, keys[i]);
		}
	}
	return 1;
}

static int on_end(void *ctx)
{
	struct builder *b = ctx;
	const struct json *ended;

	/* yajl ends what it has begun, and nothing else. */
	assert(b->depth > 0);
	ended = b->stack[--b->depth].node;
	if (b->depth == 0) {
		b->root_end = consumed(b);
	}
	if (ended->type == JSON_OBJECT && ended->count > FEW_MEMBERS) {
		return check_twice(b, ended);
	}
	return 1;
}

static const yajl_callbacks events = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_begin_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_begin_array,
	.yajl_end_array = on_end,
};

/* ---- the whole ---- */

/* What yajl says, by a part of it, and how we say it. */
static const struct {
	const char *yajl;
	const char *ours;
} wordings[] = {
	{ "inside map", "expected ',' or '}' here" },
	{ "after array element", "expected ',' or ']' here" },
	{ "separated by a colon", "expected ':' behind the member's name" },
	{ "invalid object key", "expected a member's name in double quotes" },
	{ "unallowed token", "expected a value here" },
	{ "invalid char in json text", "a character that is not JSON" },
	{ "invalid string in json text", "neither true, false nor null" },
	{ "invalid character inside string", "a control character inside a string" },
	{ "inside a string, '\\'", "an unknown escape behind '\\'" },
	{ "(non-hex)", "\\u needs four hexadecimal digits" },
	{ "malformed number, a digit is required after the decimal",
	  "a number needs a digit behind the point" },
	{ "malformed number, a digit is required after the exponent",
	  "a number needs a digit in its exponent" },
	{ "malformed number, a digit is required after the minus",
	  "a number needs a digit behind the minus" },
	{ "comments", "comments are not allowed" },
};

static int grammar_fault(struct builder *b)
{
	unsigned char *said = yajl_get_error(b->yajl, 0, NULL, 0);
	const char *ours = "not valid JSON";
	size_t at = here(b);

	/* The lexer puts back the character that disturbs it, but not one that begins no token. */
	if (said && strstr((const char *)said, "lexical") &&
	    !strstr((const char *)said, "invalid char in")) {
		at = consumed(b);
	}
	for (size_t i = 0; said && i < sizeof(wordings) / sizeof(wordings[0]); i++) {
		if (strstr((const char *)said, wordings[i].yajl)) {
			ours = wordings[i].ours;
			break;
		}
	}
	yajl_free_error(b->yajl, said);
	return fault(b, EINVAL, at, "%s", ours);
}

/* Offset of the first byte from start on that is not white space, or len. */
static size_t skip_space(const struct builder *b, size_t start)
{
	while (start < b->len && b->bytes[start] && strchr(" \t\r\n", b->bytes[start])) {
		start++;
	}
	return start;
}

/* yajl says nothing about half a token behind the document, as in `{} tru`. */
static int check_rest(struct builder *b)
{
	size_t rest = skip_space(b, b->root_end);

	if (rest < b->len) {
		return fault(b, EINVAL, rest, "text behind the end of the document");
	}
	return 0;
}

static int feed(struct builder *b)
{
	yajl_status status = yajl_parse(b->yajl, (const unsigned char *)b->bytes, b->len);
	bool early = false;

	if (status == yajl_status_ok) {
		b->all_fed = true;
		status = yajl_complete_parse(b->yajl);
		early = status == yajl_status_error;
	}
	if (b->failed) {
		return -b->err->code;
	}
	if (b->root && b->depth == 0) {
		TRY(check_rest(b));
	}
	if (early) {
		bool empty = skip_space(b, 0) == b->len;

		return fault(b, EINVAL, b->len,
			     empty ? "the text is empty" : "the text ends too early");
	}
	if (status != yajl_status_ok) {
		return grammar_fault(b);
	}
	return 0;
}

int json_parse(struct arena *arena, const char *bytes, size_t len, const struct json **ret,
	       struct err *err)
{
	struct builder b = { .arena = arena, .err = err, .bytes = bytes, .len = len };
	int rc;

	if (len > JSON_TEXT_MAX) {
		return err_set(err, E2BIG, "larger than %u MiB", JSON_TEXT_MAX >> 20);
	}
	/* A byte order mark, as editors of Windows write it, may be ignored (RFC 8259, 8.1). */
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		b.bytes += 3;
		b.len -= 3;
	}
	TRY(check_bytes(&b));
	b.yajl = yajl_alloc(&events, NULL, &b);
	if (!b.yajl) {
		return err_set(err, ENOMEM, "out of memory");
	}
	rc = feed(&b);
	yajl_free(b.yajl);
	TRY(rc);
	*ret = b.root;
	return 0;
}

/* ---- reading ---- */

const struct json *json_member(const struct json *object, const char *key)
{
	if (object->type != JSON_OBJECT) {
		return NULL;
	}
	for (const struct json *m = object->first; m; m = m->next) {
		if (strcmp(m->key, key) == 0) {
			return m;
		}
	}
	return NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	  [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
		[JSON_STRING] = "string", [JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
	};

	return names[type];
}

static void add_step(struct text *path, const struct json *value)
{
	struct json_shown shown;
	size_t index = 0;

	if (value->parent->type == JSON_ARRAY) {
		for (const struct json *v = value->parent->first; v != value; v = v->next) {
			index++;
		}
		text_add(path, "/%zu", index);
		return;
	}
	text_add(path, "/");
	shown = json_show(value->key);
	for (const char *c = shown.s; *c; c++) {
		if (*c == '~' || *c == '/') {
			text_add(path, *c == '~' ? "~0" : "~1");
		} else {
			text_addn(path, c, 1);
		}
	}
}

const char *json_path(struct arena *arena, const struct json *value)
{
	const struct json *steps[JSON_DEPTH_MAX + 1];
	struct text path;
	size_t n = 0;

	for (const struct json *v = value; v->parent; v = v->parent) {
		steps[n++] = v;
	}
	text_init(&path, arena);
	while (n > 0) {
		add_step(&path, steps[--n]);
	}
	return path.s;
}
