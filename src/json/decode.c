/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode: follows the field tables into C structs.
 *
 * One function a kind of field; all of them end in fault(), which puts the JSON path in front.
 * Lists and pointers are copied into their fields byte by byte, as the C type there is another one
 * than ours.
 */
#include "json/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct decoder {
	struct arena *arena;
	struct err *err;
};

typedef int (*decode_fn)(struct decoder *d, const struct json_field *f, const struct json *value,
			 void *slot);

/* The messages list no more than this many bytes of possible names. */
#define NAMES_SHOWN 300

static int __attribute__((format(printf, 3, 4)))
fault(struct decoder *d, const struct json *value, const char *fmt, ...)
{
	const char *path = json_path(d->arena, value);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(d->err, EINVAL, "%s: %s", str_or(str_filled(path), "/"), text);
}

/* A fault of a member that isn't there: its path has to be made of its parent's. */
static int missing(struct decoder *d, const struct json *object, const char *key)
{
	return err_set(d->err, EINVAL, "%s/%s: required, but missing", json_path(d->arena, object),
		       key);
}

static const char *const with_article[] = {
	[JSON_NULL] = "null",	    [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
};

static int expect(struct decoder *d, const struct json *value, enum json_type type)
{
	if (value->type != type) {
		return fault(d, value, "expected %s, found %s", with_article[type],
			     with_article[value->type]);
	}
	return 0;
}

/* ---- scalars ---- */

static int decode_bool(struct decoder *d, const struct json_field *f, const struct json *value,
		       void *slot)
{
	(void)f;
	TRY(expect(d, value, JSON_BOOL));
	*(bool *)slot = value->boolean;
	return 0;
}

static int decode_opt_bool(struct decoder *d, const struct json_field *f, const struct json *value,
			   void *slot)
{
	struct opt_bool *out = slot;

	TRY(decode_bool(d, f, value, &out->value));
	out->set = true;
	return 0;
}

/* The digits of an integer literal. JSON's "-0" is the integer 0. */
static int integer_text(struct decoder *d, const struct json *value, const char **ret)
{
	if (value->type != JSON_NUMBER) {
		return fault(d, value, "expected an integer, found %s", with_article[value->type]);
	}
	if (strpbrk(value->text, ".eE")) {
		return fault(d, value, "expected an integer, found %s", value->text);
	}
	*ret = str_eq(value->text, "-0") ? "0" : value->text;
	return 0;
}

static int get_uint(struct decoder *d, const struct json *value, uint64_t max, uint64_t *ret)
{
	const char *text = NULL;

	TRY(integer_text(d, value, &text));
	if (str_u64(text, max, ret) < 0) {
		return fault(d, value, "%s is out of range (0 to %" PRIu64 ")", text, max);
	}
	return 0;
}

static int get_u32(struct decoder *d, const struct json *value, uint64_t max, uint32_t *ret)
{
	uint64_t number;

	TRY(get_uint(d, value, max, &number));
	*ret = (uint32_t)number;
	return 0;
}

static int decode_u32(struct decoder *d, const struct json_field *f, const struct json *value,
		      void *slot)
{
	TRY(get_u32(d, value, (uint64_t)f->max, slot));
	if (*(uint32_t *)slot < f->min) {
		return fault(d, value, "%s is out of range (%" PRId64 " to %" PRId64 ")",
			     value->text, f->min, f->max);
	}
	return 0;
}

static int decode_opt_int(struct decoder *d, const struct json_field *f, const struct json *value,
			  void *slot)
{
	struct opt_i64 *out = slot;
	const char *text = NULL;

	TRY(integer_text(d, value, &text));
	if (str_i64(text, f->min, f->max, &out->value) < 0) {
		return fault(d, value, "%s is out of range (%" PRId64 " to %" PRId64 ")", text,
			     f->min, f->max);
	}
	out->set = true;
	return 0;
}

static int decode_opt_uint(struct decoder *d, const struct json_field *f, const struct json *value,
			   void *slot)
{
	struct opt_u64 *out = slot;

	TRY(get_uint(d, value, f->umax, &out->value));
	out->set = true;
	return 0;
}

static int get_str(struct decoder *d, const struct json_field *f, const struct json *value,
		   const char **ret)
{
	TRY(expect(d, value, JSON_STRING));
	if ((f->flags & JSON_EMPTY_IS_NONE) && value->text[0] == '\0') {
		return 0;
	}
	if ((f->flags & JSON_ABSOLUTE) && value->text[0] != '/') {
		return fault(d, value, "must be an absolute path, found \"%s\"",
			     json_show(value->text).s);
	}
	*ret = value->text;
	return 0;
}

static int decode_str(struct decoder *d, const struct json_field *f, const struct json *value,
		      void *slot)
{
	TRY(get_str(d, f, value, slot));
	if ((f->flags & JSON_NONEMPTY) && value->text[0] == '\0') {
		return fault(d, value, "must not be empty");
	}
	return 0;
}

/* ---- names ---- */

static int unknown_name(struct decoder *d, const struct json_field *f, const struct json *value)
{
	char list[NAMES_SHOWN];
	size_t used = 0;

	for (const struct name *n = f->names; n->name; n++) {
		if (used + strlen(n->name) + sizeof(", , ...") > sizeof(list)) {
			snprintf(list + used, sizeof(list) - used, ", ...");
			break;
		}
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
					 n->name);
	}
	return fault(d, value, "unknown value \"%s\" (one of: %s)", json_show(value->text).s, list);
}

static int get_name(struct decoder *d, const struct json_field *f, const struct json *value,
		    int64_t *ret)
{
	const struct name *found;

	TRY(expect(d, value, JSON_STRING));
	found = names_find(f->names, value->text);
	if (!found) {
		return unknown_name(d, f, value);
	}
	*ret = found->value;
	return 0;
}

static int decode_name(struct decoder *d, const struct json_field *f, const struct json *value,
		       void *slot)
{
	int64_t found = 0;

	TRY(get_name(d, f, value, &found));
	*(int *)slot = (int)found;
	return 0;
}

/* ---- lists ---- */

static int expect_list(struct decoder *d, const struct json_field *f, const struct json *value,
		       enum json_type type)
{
	TRY(expect(d, value, type));
	if ((f->flags & JSON_NONEMPTY) && value->count == 0) {
		return fault(d, value, "at least one entry is required");
	}
	return 0;
}

static int decode_strs(struct decoder *d, const struct json_field *f, const struct json *value,
		       void *slot)
{
	struct strs *out = slot;

	TRY(expect_list(d, f, value, JSON_ARRAY));
	if (value->count == 0) {
		return 0;
	}
	out->v = arena_array(d->arena, value->count + 1, sizeof(*out->v));
	for (const struct json *v = value->first; v; v = v->next) {
		TRY(get_str(d, f, v, &out->v[out->n]));
		out->n++;
	}
	return 0;
}

static int decode_u32s(struct decoder *d, const struct json_field *f, const struct json *value,
		       void *slot)
{
	struct list out = { NULL, 0 };
	uint32_t *numbers;

	TRY(expect_list(d, f, value, JSON_ARRAY));
	if (value->count == 0) {
		return 0;
	}
	out.v = numbers = arena_array(d->arena, value->count, sizeof(*numbers));
	for (const struct json *v = value->first; v; v = v->next) {
		TRY(get_u32(d, v, UINT32_MAX, &numbers[out.n]));
		out.n++;
	}
	memcpy(slot, &out, sizeof(out));
	return 0;
}

static int decode_names(struct decoder *d, const struct json_field *f, const struct json *value,
			void *slot)
{
	struct list out = { NULL, 0 };
	int *values;

	TRY(expect_list(d, f, value, JSON_ARRAY));
	if (value->count == 0) {
		return 0;
	}
	out.v = values = arena_array(d->arena, value->count, sizeof(*values));
	for (const struct json *v = value->first; v; v = v->next) {
		TRY(decode_name(d, f, v, &values[out.n]));
		out.n++;
	}
	memcpy(slot, &out, sizeof(out));
	return 0;
}

static int decode_bits(struct decoder *d, const struct json_field *f, const struct json *value,
		       void *slot)
{
	TRY(expect_list(d, f, value, JSON_ARRAY));
	for (const struct json *v = value->first; v; v = v->next) {
		int64_t bit = 0;

		TRY(get_name(d, f, v, &bit));
		*(uint64_t *)slot |= (uint64_t)bit;
	}
	return 0;
}

static int decode_pairs(struct decoder *d, const struct json_field *f, const struct json *value,
			void *slot)
{
	struct pairs *out = slot;

	TRY(expect_list(d, f, value, JSON_OBJECT));
	if (value->count == 0) {
		return 0;
	}
	out->v = arena_array(d->arena, value->count, sizeof(*out->v));
	for (const struct json *v = value->first; v; v = v->next) {
		if (v->type == JSON_NULL) {
			continue;
		}
		TRY(get_str(d, f, v, &out->v[out->n].value));
		out->v[out->n++].key = v->key;
	}
	return 0;
}

/* ---- structs ---- */

static int decode_object(struct decoder *d, const struct json_table *table,
			 const struct json *object, void *out);

static int decode_struct(struct decoder *d, const struct json_field *f, const struct json *value,
			 void *slot)
{
	return decode_object(d, f->table, value, slot);
}

static int decode_ptr(struct decoder *d, const struct json_field *f, const struct json *value,
		      void *slot)
{
	void *out = arena_alloc(d->arena, f->table->size);

	TRY(decode_object(d, f->table, value, out));
	memcpy(slot, &out, sizeof(out));
	return 0;
}

static int decode_list(struct decoder *d, const struct json_field *f, const struct json *value,
		       void *slot)
{
	struct list out = { NULL, 0 };

	TRY(expect_list(d, f, value, JSON_ARRAY));
	if (value->count == 0) {
		return 0;
	}
	out.v = arena_array(d->arena, value->count, f->table->size);
	for (const struct json *v = value->first; v; v = v->next) {
		TRY(decode_object(d, f->table, v, (char *)out.v + out.n * f->table->size));
		out.n++;
	}
	memcpy(slot, &out, sizeof(out));
	return 0;
}

static int decode_map(struct decoder *d, const struct json_field *f, const struct json *value,
		      void *slot)
{
	struct list out = { NULL, 0 };

	TRY(expect_list(d, f, value, JSON_OBJECT));
	if (value->count == 0) {
		return 0;
	}
	out.v = arena_array(d->arena, value->count, f->table->size);
	for (const struct json *v = value->first; v; v = v->next) {
		char *entry = (char *)out.v + out.n * f->table->size;

		if (v->type == JSON_NULL) {
			continue;
		}
		TRY(decode_object(d, f->table, v, entry));
		*(const char **)(void *)entry = v->key;
		out.n++;
	}
	memcpy(slot, &out, sizeof(out));
	return 0;
}

static const decode_fn decoders[] = {
	[JSON_K_BOOL] = decode_bool,	     [JSON_K_OPT_BOOL] = decode_opt_bool,
	[JSON_K_U32] = decode_u32,	     [JSON_K_OPT_INT] = decode_opt_int,
	[JSON_K_OPT_UINT] = decode_opt_uint, [JSON_K_STR] = decode_str,
	[JSON_K_STRS] = decode_strs,	     [JSON_K_U32S] = decode_u32s,
	[JSON_K_PAIRS] = decode_pairs,	     [JSON_K_NAME] = decode_name,
	[JSON_K_NAMES] = decode_names,	     [JSON_K_BITS] = decode_bits,
	[JSON_K_STRUCT] = decode_struct,     [JSON_K_PTR] = decode_ptr,
	[JSON_K_LIST] = decode_list,	     [JSON_K_MAP] = decode_map,
};

/* A closed table has no member that it doesn't know. */
static int refuse_unknown(struct decoder *d, const struct json_table *table,
			  const struct json *object)
{
	for (const struct json *m = object->first; m; m = m->next) {
		const struct json_field *f = table->fields;

		while (f->key && !str_eq(f->key, m->key)) {
			f++;
		}
		if (!f->key && m->type != JSON_NULL) {
			return fault(d, m, "nothing of that name is known here");
		}
	}
	return 0;
}

static int decode_object(struct decoder *d, const struct json_table *table,
			 const struct json *object, void *out)
{
	TRY(expect(d, object, JSON_OBJECT));
	if (table->closed) {
		TRY(refuse_unknown(d, table, object));
	}
	for (const struct json_field *f = table->fields; f->key; f++) {
		const struct json *value = json_member(object, f->key);

		if (value && value->type != JSON_NULL) {
			TRY(decoders[f->kind](d, f, value, (char *)out + f->offset));
		} else if (f->flags & JSON_REQUIRED) {
			return missing(d, object, f->key);
		}
	}
	return 0;
}

int json_decode(struct arena *arena, const struct json_table *table, const struct json *object,
		void *out, struct err *err)
{
	struct decoder d = { .arena = arena, .err = err };

	return decode_object(&d, table, object, out);
}
