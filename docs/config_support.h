/* SPDX-License-Identifier: Apache-2.0 */
/* config_support: what becomes of each property of config.json, for docs/config-support.md. */
#pragma once

enum verdict_kind {
	VERDICT_DONE,
	VERDICT_ADAPTED, /* done in another way than the letter says: how */
	VERDICT_REFUSED, /* an error, before anything is made: why */
};

struct verdict {
	enum verdict_kind kind;
	const char *text; /* NULL: nothing to add to DONE */
};

/*
 * key: the property's path, as the field tables lead to it: "[]" behind a list, "{}" behind a map.
 * A "*" stands for any part of a name, but not in the last one: a new property must not slip in
 * under an old verdict.
 */
struct verdict_row {
	const char *key;
	struct verdict user;
	struct verdict root;
};

/* All end with a key that is NULL. */
extern const struct verdict_row verdict_properties[];
/* key: an annotation or an option, for those that are not simply done */
extern const struct verdict_row verdict_annotations[];
extern const struct verdict_row verdict_options[];
