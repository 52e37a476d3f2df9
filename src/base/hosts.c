/* SPDX-License-Identifier: Apache-2.0 */
/* hosts: lines of words, as hosts(5) and resolv.conf(5) have them. */
#include "base/hosts.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

bool hosts_line(const char **rest, const char **ret, size_t *ret_len)
{
	if (!**rest) {
		return false;
	}
	*ret = *rest;
	*ret_len = strcspn(*rest, "\n");
	*rest += *ret_len + ((*rest)[*ret_len] == '\n');
	return true;
}

const char *hosts_word(const char *line, size_t len, unsigned n, size_t *ret_len)
{
	size_t at = 0;

	for (;;) {
		size_t begin;

		while (at < len && (line[at] == ' ' || line[at] == '\t')) {
			at++;
		}
		begin = at;
		while (at < len && line[at] != ' ' && line[at] != '\t') {
			at++;
		}
		if (n-- == 0 || begin == at) {
			*ret_len = at - begin;
			return line + begin;
		}
	}
}

/* Does the file give that name to an address of IPv6, or of IPv4? */
static bool names(const char *hosts, const char *name, size_t name_len, bool six)
{
	const char *rest = hosts, *line;
	size_t len, n;

	while (hosts_line(&rest, &line, &len)) {
		const char *comment = memchr(line, '#', len);
		const char *w;

		len = comment ? (size_t)(comment - line) : len;
		w = hosts_word(line, len, 0, &n);
		if (n == 0 || (memchr(w, ':', n) != NULL) != six) {
			continue;
		}
		for (unsigned i = 1; w = hosts_word(line, len, i, &n), n > 0; i++) {
			if (n == name_len && strncasecmp(w, name, n) == 0) {
				return true;
			}
		}
	}
	return false;
}

const char *hosts_merge(struct arena *arena, const char *image, const char *own)
{
	size_t len = strlen(image);
	const char *line;
	struct text out;

	text_init(&out, arena);
	text_addn(&out, image, len);
	if (len > 0 && image[len - 1] != '\n') {
		text_add(&out, "\n");
	}
	while (hosts_line(&own, &line, &len)) {
		size_t address_len, name_len;
		const char *address = hosts_word(line, len, 0, &address_len);
		const char *name = hosts_word(line, len, 1, &name_len);
		bool six = memchr(address, ':', address_len) != NULL;

		if (!names(image, name, name_len, six)) {
			text_addn(&out, line, len);
			text_add(&out, "\n");
		}
	}
	return out.s;
}
