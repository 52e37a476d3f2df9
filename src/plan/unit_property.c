/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/unit_property: a systemd property from the value of an annotation.
 *
 * The format is GVariant's text form, of which this reads what a unit's property can be: booleans,
 * strings, numbers, lists of strings, lists of bytes; each with the type in front (`uint64 5`, `@t
 * 5`) or without. Numbers are decimal or begin with 0x; a leading zero, which GVariant takes for
 * octal, is refused as a likely mistake.
 */
#include "plan/unit_property.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "plan/annotations.h"

#define MICROSECONDS 1000000

struct reader {
	struct arena *arena;
	const char *key;
	const char *text;
	const char *p;
	struct err *err;
};

static int wrong(const struct reader *r, const char *what)
{
	return err_set(r->err, EINVAL, "/annotations/%s: %s at character %zu of \"%s\"", r->key,
		       what, (size_t)(r->p - r->text) + 1, r->text);
}

static void skip_space(struct reader *r)
{
	r->p += strspn(r->p, " \t\r\n");
}

static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (*r->p != c) {
		return false;
	}
	r->p++;
	return true;
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static size_t word_len(const char *p)
{
	size_t n = 0;

	while (word_char(p[n])) {
		n++;
	}
	return n;
}

static bool take_word(struct reader *r, const char *word)
{
	skip_space(r);
	if (word_len(r->p) != strlen(word) || !str_starts(r->p, word)) {
		return false;
	}
	r->p += strlen(word);
	return true;
}

/* ---- strings ---- */

static void add_utf8(struct text *to, uint32_t c)
{
	uint32_t mark = 0;
	size_t more = 0; /* bytes behind the first, with six bits each */
	char bytes[4];

	if (c >= 0x10000) {
		mark = 0xf0;
		more = 3;
	} else if (c >= 0x800) {
		mark = 0xe0;
		more = 2;
	} else if (c >= 0x80) {
		mark = 0xc0;
		more = 1;
	}
	bytes[0] = (char)(mark | c >> 6 * more);
	for (size_t i = 1; i <= more; i++) {
		bytes[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
	}
	text_addn(to, bytes, 1 + more);
}

/* \uXXXX and \UXXXXXXXX, from behind the letter. */
static int read_unicode(struct reader *r, size_t digits, struct text *to)
{
	uint32_t c = 0;

	for (size_t i = 0; i < digits; i++, r->p++) {
		static const char hex[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = *r->p ? strchr(hex, *r->p) : NULL;

		if (!digit) {
			return wrong(r, "a hexadecimal digit is missing");
		}
		c = c << 4 | (uint32_t)((digit - hex) & 15);
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
		return wrong(r, "no character has the number");
	}
	add_utf8(to, c);
	return 0;
}

static int read_escape(struct reader *r, struct text *to)
{
	static const char from[] = "abfnrtv";
	static const char into[] = "\a\b\f\n\r\t\v";
	char c = *r->p;
	const char *known = c ? strchr(from, c) : NULL;

	if (c == 'u' || c == 'U') {
		r->p++;
		return read_unicode(r, c == 'u' ? 4 : 8, to);
	}
	if (known) {
		c = into[known - from];
	} else if (word_char(c) || c == '\0') {
		return wrong(r, "unknown escape");
	}
	text_addn(to, &c, 1);
	r->p++;
	return 0;
}

static int read_string(struct reader *r, const char **ret)
{
	struct text value;
	char quote;

	skip_space(r);
	quote = *r->p;
	if (quote != '\'' && quote != '"') {
		return wrong(r, "expected a string in quotes");
	}
	r->p++;
	text_init(&value, r->arena);
	while (*r->p != quote) {
		size_t n = strcspn(r->p, quote == '"' ? "\"\\" : "'\\");

		text_addn(&value, r->p, n);
		r->p += n;
		if (*r->p == '\0') {
			return wrong(r, "the string does not end");
		}
		if (*r->p == '\\') {
			r->p++;
			TRY(read_escape(r, &value));
		}
	}
	r->p++;
	*ret = value.s;
	return 0;
}

/* ---- numbers ---- */

static int read_magnitude(struct reader *r, uint64_t max, uint64_t *ret)
{
	const bool hex = r->p[0] == '0' && (r->p[1] == 'x' || r->p[1] == 'X');
	static const char digits[] = "0123456789abcdef";
	const uint64_t base = hex ? 16 : 10;
	const char *p = r->p + 2 * hex;
	const size_t len = word_len(p);
	uint64_t value = 0;

	if (len == 0) {
		return wrong(r, "expected a number");
	}
	if (!hex && p[0] == '0' && len > 1) {
		return wrong(r, "a number may not begin with 0");
	}
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, p[i]);

		if (p[i] >= 'A' && p[i] <= 'F') {
			digit = strchr(digits, p[i] - 'A' + 'a');
		}
		if (!digit || (uint64_t)(digit - digits) >= base) {
			return wrong(r, "expected a number");
		}
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(digit - digits), &value)) {
			/* Too large from here on, whatever digits follow. */
			value = UINT64_MAX;
			max = 0;
		}
	}
	if (value > max) {
		return wrong(r, "a number that does not fit its type (without one it is an int32; "
				"write `uint64 N`)");
	}
	r->p = p + len;
	*ret = value;
	return 0;
}

static int read_unsigned(struct reader *r, uint64_t max, uint64_t *ret)
{
	skip_space(r);
	return read_magnitude(r, max, ret);
}

/* max: of the positive ones. */
static int read_signed(struct reader *r, int64_t max, int64_t *ret)
{
	bool negative = take(r, '-');
	uint64_t size = 0;

	TRY(read_magnitude(r, (uint64_t)max + negative, &size));
	*ret = negative ? (int64_t)(0 - size) : (int64_t)size;
	return 0;
}

/*
 * digits[.digits] without strtod(3), whose decimal point is the locale's. micro: in millionths,
 * exactly.
 */
static int read_decimal(struct reader *r, uint64_t *ret_micro)
{
	uint64_t whole = 0, micro;
	uint64_t fraction = 0;
	uint64_t unit = MICROSECONDS / 10;

	TRY(read_unsigned(r, UINT64_MAX, &whole));
	if (*r->p == '.') {
		r->p++;
		if (*r->p < '0' || *r->p > '9') {
			return wrong(r, "expected a digit");
		}
		for (; *r->p >= '0' && *r->p <= '9'; r->p++, unit /= 10) {
			fraction += unit * (uint64_t)(*r->p - '0');
		}
	}
	/* UINT64_MAX itself is "infinity" to systemd. */
	if (__builtin_mul_overflow(whole, (uint64_t)MICROSECONDS, &micro) ||
	    __builtin_add_overflow(micro, fraction, &micro) || micro == UINT64_MAX) {
		return wrong(r, "the number is too large");
	}
	*ret_micro = micro;
	return 0;
}

static int read_double(struct reader *r, double *ret)
{
	bool negative = take(r, '-');
	uint64_t micro = 0;

	TRY(read_decimal(r, &micro));
	*ret = (double)micro / MICROSECONDS;
	if (negative) {
		*ret = -*ret;
	}
	return 0;
}

/* ---- lists ---- */

static int read_strings(struct reader *r, struct strs *ret)
{
	/* There can't be more of them than commas. */
	size_t room = 2;

	for (const char *p = r->p; *p; p++) {
		room += *p == ',';
	}
	*ret = (struct strs){ .v = arena_array(r->arena, room, sizeof(*ret->v)) };
	if (!take(r, '[')) {
		return wrong(r, "expected a list of strings");
	}
	if (take(r, ']')) {
		return 0;
	}
	do {
		TRY(read_string(r, &ret->v[ret->n]));
		ret->n++;
	} while (take(r, ','));
	if (!take(r, ']')) {
		return wrong(r, "expected , or ]");
	}
	return 0;
}

static int read_bytes(struct reader *r, struct plan_property *ret)
{
	uint8_t *bytes = arena_array(r->arena, strlen(r->p), 1);
	size_t n = 0;

	if (!take(r, '[')) {
		return wrong(r, "expected a list of bytes");
	}
	if (!take(r, ']')) {
		do {
			uint64_t value = 0;

			(void)take_word(r, "byte");
			TRY(read_unsigned(r, UINT8_MAX, &value));
			bytes[n++] = (uint8_t)value;
		} while (take(r, ','));
		if (!take(r, ']')) {
			return wrong(r, "expected , or ]");
		}
	}
	ret->bytes.v = bytes;
	ret->bytes.n = n;
	return 0;
}

/* ---- values ---- */

static const struct {
	const char *keyword; /* GVariant's name of the type */
	const char *type;
} types[] = {
	{ "boolean", "b" }, { "int32", "i" },  { "uint32", "u" },
	{ "int64", "x" },   { "uint64", "t" }, { "double", "d" },
	{ "string", "s" },  { NULL, "as" },    { NULL, "ay" },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

/* `@as` or `uint64`; NULL in *ret where there is neither. */
static int read_type(struct reader *r, const char **ret)
{
	size_t len;

	*ret = NULL;
	skip_space(r);
	if (*r->p == '@') {
		len = word_len(r->p + 1);
		for (size_t i = 0; i < TYPES; i++) {
			if (strlen(types[i].type) == len && str_starts(r->p + 1, types[i].type)) {
				*ret = types[i].type;
			}
		}
		if (!*ret) {
			return wrong(r, "a type that is none of b i u x t d s as ay");
		}
		r->p += 1 + len;
		return 0;
	}
	for (size_t i = 0; i < TYPES && !*ret; i++) {
		if (types[i].keyword && take_word(r, types[i].keyword)) {
			*ret = types[i].type;
		}
	}
	return 0;
}

static const char *guess_type(struct reader *r)
{
	const char *p;

	skip_space(r);
	p = r->p;
	switch (*p) {
	case '\'':
	case '"':
		return "s";
	case '[':
		p += 1 + strspn(p + 1, " \t\r\n");
		if (*p == '\'' || *p == '"') {
			return "as";
		}
		return str_starts(p, "byte ") ? "ay" : NULL;
	case 't':
	case 'f':
		return "b";
	default:
		p += *p == '-';
		if (*p < '0' || *p > '9') {
			return NULL;
		}
		return p[strspn(p, "0123456789")] == '.' ? "d" : "i";
	}
}

static int read_boolean(struct reader *r, bool *ret)
{
	*ret = take_word(r, "true");
	if (!*ret && !take_word(r, "false")) {
		return wrong(r, "expected true or false");
	}
	return 0;
}

static int read_value(struct reader *r, struct plan_property *ret)
{
	TRY(read_type(r, &ret->type));
	if (!ret->type) {
		ret->type = guess_type(r);
	}
	if (!ret->type) {
		return wrong(r, "expected a value in GVariant's text format (true, 'text', ['a', "
				"'b'], uint64 5, @as [])");
	}
	switch (ret->type[0]) {
	case 'b':
		return read_boolean(r, &ret->boolean);
	case 's':
		return read_string(r, &ret->text);
	case 'i':
		return read_signed(r, INT32_MAX, &ret->integer);
	case 'x':
		return read_signed(r, INT64_MAX, &ret->integer);
	case 'u':
		return read_unsigned(r, UINT32_MAX, &ret->number);
	case 't':
		return read_unsigned(r, UINT64_MAX, &ret->number);
	case 'd':
		return read_double(r, &ret->real);
	default:
		if (ret->type[1] == 's') {
			return read_strings(r, &ret->texts);
		}
		return read_bytes(r, ret);
	}
}

/* A time span: seconds in, microseconds out. 'infinity' is what systemd writes for none. */
static int read_seconds(struct reader *r, struct plan_property *ret)
{
	const char *type;

	TRY(read_type(r, &type));
	ret->type = "t";
	skip_space(r);
	if ((!type || *type == 's') && (*r->p == '\'' || *r->p == '"')) {
		TRY(read_string(r, &type));
		if (!str_eq(type, "infinity")) {
			return wrong(r, "a time is a number of seconds or 'infinity',");
		}
		ret->number = UINT64_MAX;
		return 0;
	}
	if (type && !strchr("iuxtd", *type)) {
		return wrong(r, "a time is a number of seconds or 'infinity',");
	}
	return read_decimal(r, &ret->number);
}

/* What rootlet says itself when it starts a scope, or what would not be of this scope. */
static bool reserved(const char *name)
{
	static const char *const names[] = { "Controller", "Delegate", "PIDFDs", "PIDs", "Slice" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(name, names[i])) {
			return true;
		}
	}
	return false;
}

static int check_name(const char *key, const char *name, struct err *err)
{
	size_t len = 0;

	while ((name[len] >= 'a' && name[len] <= 'z') || (name[len] >= 'A' && name[len] <= 'Z')) {
		len++;
	}
	if (len < 3 || name[len] != '\0') {
		return err_set(err, EINVAL,
			       "/annotations/%s: \"%s\" is no name of a unit's property", key,
			       name);
	}
	if (reserved(name)) {
		return err_set(
			err, EINVAL,
			"/annotations/%s: %s is set by rootlet itself (see /linux/cgroupsPath)",
			key, name);
	}
	return 0;
}

int plan_unit_property(struct arena *arena, const char *key, const char *text,
		       struct plan_property *ret, struct err *err)
{
	struct reader r = { .arena = arena, .key = key, .text = text, .p = text, .err = err };
	const char *name = key + strlen(plan_annotations[PLAN_ANNOTATION_UNIT_PROPERTY].name);
	struct plan_property property = { .where = arena_printf(arena, "/annotations/%s", key),
					  .name = name };
	size_t len = strlen(name);

	assert(str_starts(key, plan_annotations[PLAN_ANNOTATION_UNIT_PROPERTY].name));
	TRY(check_name(key, name, err));
	if (len > 3 && str_eq(name + len - 3, "Sec") && name[len - 4] != 'U') {
		property.name = arena_printf(arena, "%.*sUSec", (int)len - 3, name);
		TRY(read_seconds(&r, &property));
	} else {
		TRY(read_value(&r, &property));
	}
	skip_space(&r);
	if (*r.p != '\0') {
		return wrong(&r, "something is left over");
	}
	*ret = property;
	return 0;
}
