/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json/decode: field tables between JSON objects and C structs.
 *
 * A table says once which members an object has, their types, and where they go. It drives
 * decoding, the documentation of what is supported and the fuzzers' dictionary. Unknown members are
 * ignored (config.md, "Extensibility"); a member that is null counts as absent; wrong types and
 * values are refused with the JSON path: "/mounts/1/destination: expected a string, found a
 * number".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/table.h"
#include "json/tree.h"

/* Numbers that may be absent: value is 0 then. */
struct opt_u64 {
	bool set;
	uint64_t value;
};

struct opt_i64 {
	bool set;
	int64_t value;
};

struct opt_bool {
	bool set;
	bool value;
};

/* String to string, in the order of the document. */
struct pair {
	const char *key;
	const char *value;
};

struct pairs {
	struct pair *v;
	size_t n;
};

/* Every list of structs has this shape: `struct { struct X *v; size_t n; }`. */
struct list {
	void *v;
	size_t n;
};

enum json_kind {
	JSON_K_BOOL,	 /* bool */
	JSON_K_OPT_BOOL, /* struct opt_bool */
	JSON_K_U32,	 /* uint32_t within min…max */
	JSON_K_OPT_INT,	 /* struct opt_i64 within min…max */
	JSON_K_OPT_UINT, /* struct opt_u64 up to umax */
	JSON_K_STR,	 /* const char *, NULL when absent */
	JSON_K_STRS,	 /* struct strs */
	JSON_K_U32S,	 /* struct { uint32_t *v; size_t n; } */
	JSON_K_PAIRS,	 /* struct pairs */
	JSON_K_NAME,	 /* int: a value of the name table; absent leaves the field alone */
	JSON_K_NAMES,	 /* struct { int *v; size_t n; }: values of the name table */
	JSON_K_BITS,	 /* uint64_t: the OR of the name table's values */
	JSON_K_STRUCT,	 /* a struct inside this one */
	JSON_K_PTR,	 /* pointer to a struct, NULL when absent */
	JSON_K_LIST,	 /* struct list of structs, from an array */
	/*
	 * struct list of structs, from an object; the member name goes to offset 0 as const char *
	 */
	JSON_K_MAP,
};

enum json_flag {
	JSON_REQUIRED = 1 << 0,	     /* absent is an error */
	JSON_NONEMPTY = 1 << 1,	     /* "" or [] is an error */
	JSON_ABSOLUTE = 1 << 2,	     /* the string, or each one of STRS, begins with '/' */
	JSON_EMPTY_IS_NONE = 1 << 3, /* the string "" counts as absent */
};

struct json_table;

struct json_field {
	const char *key;
	enum json_kind kind;
	size_t offset;
	unsigned flags;
	int64_t min;			/* OPT_INT; not below 0: U32 */
	int64_t max;			/* OPT_INT, U32 */
	uint64_t umax;			/* OPT_UINT */
	const struct name *names;	/* NAME, NAMES, BITS */
	const struct json_table *table; /* STRUCT, PTR, LIST, MAP */
};

struct json_table {
	const char *name;		 /* for the documentation: "process.user" */
	size_t size;			 /* sizeof the struct */
	const struct json_field *fields; /* ends with key NULL */
	/* unknown members are refused, where ignoring one would be wrong */
	bool closed;
};

/*
 * One line of a table each: JSON_F_STR(struct spec_root, path, "path", JSON_REQUIRED). A field of
 * the wrong C type does not compile; for the structs of STRUCT to MAP only the shape is checked.
 */
#define JSON_AT(st, m, type)                                                                       \
	(offsetof(st, m) +                                                                         \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((st *)NULL)->m), type) ? 1 :     \
											   -1]))
#define JSON_AT_SIZE(st, m, type)                                                                  \
	(offsetof(st, m) + 0 * sizeof(char[sizeof(((st *)NULL)->m) == sizeof(type) ? 1 : -1]))

#define JSON_F_BOOL(st, m, k, f)                                                                   \
	{                                                                                          \
		.key = (k), .kind = JSON_K_BOOL, .offset = JSON_AT(st, m, bool), .flags = (f)      \
	}
#define JSON_F_OPT_BOOL(st, m, k, f)                                                               \
	{                                                                                          \
		.key = (k), .kind = JSON_K_OPT_BOOL, .offset = JSON_AT(st, m, struct opt_bool),    \
		.flags = (f)                                                                       \
	}
#define JSON_F_U32(st, m, k, f, highest)                                                           \
	{                                                                                          \
		.key = (k), .kind = JSON_K_U32, .offset = JSON_AT(st, m, uint32_t), .flags = (f),  \
		.max = (highest)                                                                   \
	}
#define JSON_F_INT(st, m, k, f, lowest, highest)                                                   \
	{                                                                                          \
		.key = (k), .kind = JSON_K_OPT_INT, .offset = JSON_AT(st, m, struct opt_i64),      \
		.flags = (f), .min = (lowest), .max = (highest)                                    \
	}
#define JSON_F_UINT(st, m, k, f, highest)                                                          \
	{                                                                                          \
		.key = (k), .kind = JSON_K_OPT_UINT, .offset = JSON_AT(st, m, struct opt_u64),     \
		.flags = (f), .umax = (highest)                                                    \
	}
#define JSON_F_STR(st, m, k, f)                                                                    \
	{                                                                                          \
		.key = (k), .kind = JSON_K_STR, .offset = JSON_AT(st, m, const char *),            \
		.flags = (f)                                                                       \
	}
#define JSON_F_STRS(st, m, k, f)                                                                   \
	{                                                                                          \
		.key = (k), .kind = JSON_K_STRS, .offset = JSON_AT(st, m, struct strs),            \
		.flags = (f)                                                                       \
	}
#define JSON_F_U32S(st, m, k, f)                                                                   \
	{                                                                                          \
		.key = (k), .kind = JSON_K_U32S, .offset = JSON_AT_SIZE(st, m, struct list),       \
		.flags = (f)                                                                       \
	}
#define JSON_F_PAIRS(st, m, k, f)                                                                  \
	{                                                                                          \
		.key = (k), .kind = JSON_K_PAIRS, .offset = JSON_AT(st, m, struct pairs),          \
		.flags = (f)                                                                       \
	}
#define JSON_F_NAME(st, m, k, f, t)                                                                \
	{                                                                                          \
		.key = (k), .kind = JSON_K_NAME, .offset = JSON_AT(st, m, int), .flags = (f),      \
		.names = (t)                                                                       \
	}
#define JSON_F_BITS(st, m, k, f, t)                                                                \
	{                                                                                          \
		.key = (k), .kind = JSON_K_BITS, .offset = JSON_AT(st, m, uint64_t), .flags = (f), \
		.names = (t)                                                                       \
	}
#define JSON_F_STRUCT(st, m, k, f, t)                                                              \
	{                                                                                          \
		.key = (k), .kind = JSON_K_STRUCT, .offset = offsetof(st, m), .flags = (f),        \
		.table = (t)                                                                       \
	}
#define JSON_F_PTR(st, m, k, f, t)                                                                 \
	{                                                                                          \
		.key = (k), .kind = JSON_K_PTR, .offset = JSON_AT_SIZE(st, m, void *),             \
		.flags = (f), .table = (t)                                                         \
	}
#define JSON_F_LIST(st, m, k, f, t)                                                                \
	{                                                                                          \
		.key = (k), .kind = JSON_K_LIST, .offset = JSON_AT_SIZE(st, m, struct list),       \
		.flags = (f), .table = (t)                                                         \
	}
#define JSON_F_MAP(st, m, k, f, t)                                                                 \
	{                                                                                          \
		.key = (k), .kind = JSON_K_MAP, .offset = JSON_AT_SIZE(st, m, struct list),        \
		.flags = (f), .table = (t)                                                         \
	}
#define JSON_F_END                                                                                 \
	{                                                                                          \
		.key = NULL                                                                        \
	}

/*
 * Fills out (zeroed by the caller) from an object. Everything that out points to lives in the
 * arena.
 * Errors: EINVAL with the JSON path.
 */
int json_decode(struct arena *arena, const struct json_table *table, const struct json *object,
		void *out, struct err *err);
