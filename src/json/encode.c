/* SPDX-License-Identifier: Apache-2.0 */
/* encode: a writer that keeps the commas, the indentation and the escapes. */
#include "json/encode.h"

#include <inttypes.h>
#include <string.h>

/* U+FFFD, for bytes that are not UTF-8: names of files and messages of the kernel may hold any. */
#define REPLACEMENT "\xef\xbf\xbd"

void json_writer_init(struct json_writer *w, struct text *out, bool compact)
{
	*w = (struct json_writer){ .out = out, .compact = compact };
}

static void new_line(struct json_writer *w)
{
	if (w->compact) {
		return;
	}
	text_addn(w->out, "\n", 1);
	for (unsigned i = 0; i < w->depth; i++) {
		text_addn(w->out, "\t", 1);
	}
}

/* One character that can't stand in a string as it is. */
static void add_escape(struct text *out, unsigned c)
{
	static const char letters[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
	const char *found = c && c < 0x80 ? strchr(letters, (int)c) : NULL;

	if (found) {
		text_add(out, "\\%c", escapes[found - letters]);
	} else {
		text_add(out, "\\u%04x", c);
	}
}

static void add_quoted(struct text *out, const char *text)
{
	size_t len = strlen(text), plain = 0;

	text_addn(out, "\"", 1);
	for (size_t i = 0, n; i < len; i += n) {
		unsigned c = 0;

		n = str_utf8(text + i, len - i);
		if (n > 0) {
			c = str_code_point(text + i, n);
		}
		/* What a terminal would act on as well: text of images comes this way. */
		if (n > 0 && !str_is_control(c) && c != '"' && c != '\\') {
			continue;
		}
		text_addn(out, text + plain, i - plain);
		if (n == 0) {
			text_add(out, REPLACEMENT);
			n = 1;
		} else {
			add_escape(out, c);
		}
		plain = i + n;
	}
	text_addn(out, text + plain, len - plain);
	text_addn(out, "\"", 1);
}

/* What stands in front of every value. */
static void begin_value(struct json_writer *w, const char *key)
{
	if (w->comma) {
		text_addn(w->out, ",", 1);
	}
	if (w->depth > 0) {
		new_line(w);
	}
	if (key) {
		add_quoted(w->out, key);
		text_add(w->out, w->compact ? ":" : ": ");
	}
	w->comma = true;
}

static void begin(struct json_writer *w, const char *key, const char *bracket)
{
	begin_value(w, key);
	text_add(w->out, "%s", bracket);
	w->depth++;
	w->comma = false;
}

static void end(struct json_writer *w, const char *bracket)
{
	bool empty = !w->comma;

	w->depth--;
	if (!empty) {
		new_line(w);
	}
	text_add(w->out, "%s", bracket);
	w->comma = true;
}

void json_object_begin(struct json_writer *w, const char *key)
{
	begin(w, key, "{");
}

void json_object_end(struct json_writer *w)
{
	end(w, "}");
}

void json_array_begin(struct json_writer *w, const char *key)
{
	begin(w, key, "[");
}

void json_array_end(struct json_writer *w)
{
	end(w, "]");
}

void json_string(struct json_writer *w, const char *key, const char *value)
{
	begin_value(w, key);
	add_quoted(w->out, value);
}

void json_int(struct json_writer *w, const char *key, int64_t value)
{
	begin_value(w, key);
	text_add(w->out, "%" PRId64, value);
}

void json_uint(struct json_writer *w, const char *key, uint64_t value)
{
	begin_value(w, key);
	text_add(w->out, "%" PRIu64, value);
}

void json_number(struct json_writer *w, const char *key, const char *text)
{
	begin_value(w, key);
	text_add(w->out, "%s", text);
}

void json_bool(struct json_writer *w, const char *key, bool value)
{
	begin_value(w, key);
	text_add(w->out, value ? "true" : "false");
}

void json_strings(struct json_writer *w, const char *key, const struct strs *values)
{
	json_array_begin(w, key);
	for (size_t i = 0; i < values->n; i++) {
		json_string(w, NULL, values->v[i]);
	}
	json_array_end(w);
}
