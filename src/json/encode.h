/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json/encode: writing JSON text, indented by a tab a level, with every string escaped.
 *
 *	json_object_begin(&w, NULL);
 *	json_string(&w, "id", id);
 *	json_object_end(&w);
 *
 * key is NULL for array elements and for the root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "json/tree.h"

struct json_writer {
	struct text *out;
	unsigned depth;
	bool comma;
	bool compact; /* on one line, as event and log lines need it */
};

void json_writer_init(struct json_writer *w, struct text *out, bool compact);
void json_object_begin(struct json_writer *w, const char *key);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w, const char *key);
void json_array_end(struct json_writer *w);
void json_string(struct json_writer *w, const char *key, const char *value);
void json_int(struct json_writer *w, const char *key, int64_t value);
void json_uint(struct json_writer *w, const char *key, uint64_t value);

/* A number that is text already, in JSON's form. */
void json_number(struct json_writer *w, const char *key, const char *text);
void json_bool(struct json_writer *w, const char *key, bool value);
void json_strings(struct json_writer *w, const char *key, const struct strs *values);
