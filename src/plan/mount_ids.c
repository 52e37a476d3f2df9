/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/mount_ids: idmapped mounts: which map, written by whom.
 *
 * A mapping says which id of the filesystem (containerID) is seen as which id of the host (hostID),
 * as config.md has it; crun's option text "uids=0-1000-1#…;gids=…" says the same, and "@" in front
 * counts the second id inside the container. The map is written either by the host side, in the ids
 * of rootlet's caller, or by the guest, in the container's ids.
 */
#include "plan/mount_ids.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "plan/builder.h"

/* One of uids and gids. */
struct side {
	const char *kind; /* "uid" */
	const char *key;  /* "uidMappings" */
	const struct spec_id_mappings *asked;
	const char *text; /* what follows "uids=", up to ';'; NULL: not given */
	/* the container's own map, empty when it can't be told */
	const struct plan_extents *container;
	struct plan_extents *out;
};

static int add(struct side *s, const char *where, struct plan_extent e, struct err *err)
{
	if (s->out->n == PLAN_EXTENTS_MAX) {
		return err_set(err, EINVAL,
			       "%s: more than %d lines of %ss, which is all that the kernel takes",
			       where, PLAN_EXTENTS_MAX, s->kind);
	}
	s->out->v[s->out->n++] = e;
	return 0;
}

/*
 * Adds an extent whose outer ids are translated by the container's map: from ids inside to the
 * host's, or the other way round. Split where the map's extents end.
 */
static int add_translated(struct side *s, const char *where, struct plan_extent left, bool to_host,
			  struct err *err)
{
	while (left.count > 0) {
		struct plan_extent by = { .count = 0 };
		uint32_t offset, count = left.count;

		for (size_t i = 0; i < s->container->n && by.count == 0; i++) {
			struct plan_extent e = s->container->v[i];

			if (!to_host) {
				e.inside = s->container->v[i].outside;
				e.outside = s->container->v[i].inside;
			}
			if (left.outside >= e.inside && left.outside - e.inside < e.count) {
				by = e;
			}
		}
		if (by.count == 0) {
			return err_set(err, EINVAL,
				       "%s: %s %u of the %s is not in the container's map", where,
				       s->kind, left.outside, to_host ? "container" : "host");
		}
		offset = left.outside - by.inside;
		if (count > by.count - offset) {
			count = by.count - offset;
		}
		TRY(add(s, where,
			(struct plan_extent){ .inside = left.inside,
					      .outside = by.outside + offset,
					      .count = count },
			err));
		left.inside += count;
		left.outside += count;
		left.count -= count;
	}
	return 0;
}

/* relative: the outer ids are the container's. */
static int add_asked(struct builder *b, const struct plan_mount *m, struct side *s,
		     const char *where, struct plan_extent e, bool relative, struct err *err)
{
	if (e.count == 0) {
		return err_set(err, EINVAL, "%s: a mapping of no ids", where);
	}
	/* Ids inside and outside are the same, or are as whoever writes the map sees them. */
	if (!b->user_namespace || relative != m->ids.by_host) {
		return add(s, where, e, err);
	}
	/* Only by the host: in a joined one the guest is given no map (plan_mount_ids). */
	if (s->container->n == 0) {
		return err_set(err, ENOTSUP,
			       "%s: the map of a joined user namespace is not known here: give the "
			       "host's ids, without @",
			       where);
	}
	return add_translated(s, where, e, relative, err);
}

/* "0-1000-1": three numbers, ends at '#', ';' or the end. */
static bool read_triple(const char **text, struct plan_extent *ret)
{
	uint32_t *const into[] = { &ret->inside, &ret->outside, &ret->count };
	const char *p = *text;

	for (size_t i = 0; i < 3; i++) {
		char digits[16];
		size_t len = strspn(p, "0123456789");

		if (len == 0 || len >= sizeof(digits)) {
			return false;
		}
		memcpy(digits, p, len);
		digits[len] = '\0';
		p += len;
		if (str_u32(digits, into[i]) < 0 || (i < 2 && *p++ != '-')) {
			return false;
		}
	}
	*text = p;
	return true;
}

static int take_text(struct builder *b, struct plan_mount *m, struct side *s, struct err *err)
{
	const char *where = arena_printf(b->arena, "%s/options: %s of idmap", m->where, s->key);
	const char *p = s->text;
	bool all_relative = *p == '@';

	for (;;) {
		bool relative = all_relative || *p == '@';
		struct plan_extent e;

		p += *p == '@';
		if (!read_triple(&p, &e) || (*p && *p != '#' && *p != ';')) {
			return err_set(err, EINVAL,
				       "%s/options: \"%ss=%s\" is not of the form "
				       "%ss=FIRST-HOST-COUNT#… (idmap and ridmap)",
				       m->where, s->kind, s->text, s->kind);
		}
		TRY(add_asked(b, m, s, where, e, relative, err));
		if (*p != '#') {
			return 0;
		}
		p++;
	}
}

/* Not asked for by itself: as the container has them. */
static int take_container(const struct plan_mount *m, struct side *s, struct err *err)
{
	if (s->container->n == 0) {
		return err_set(err, EINVAL,
			       "%s/options: an id map needs %s, as the container has no user "
			       "namespace of its own whose map could be taken",
			       m->where, s->key);
	}
	for (size_t i = 0; i < s->container->n; i++) {
		struct plan_extent e = s->container->v[i];

		/* Seen from inside, what the filesystem calls 0 shall be 0. */
		if (!m->ids.by_host) {
			e.outside = e.inside;
		}
		TRY(add(s, m->where, e, err));
	}
	return 0;
}

static int take_side(struct builder *b, struct plan_mount *m, struct side *s, struct err *err)
{
	s->out->v = arena_array(b->arena, PLAN_EXTENTS_MAX, sizeof(*s->out->v));
	if (s->asked->n == 0 && s->text) {
		return take_text(b, m, s, err);
	}
	if (s->asked->n == 0) {
		return take_container(m, s, err);
	}
	for (size_t i = 0; i < s->asked->n; i++) {
		const struct spec_id_mapping *want = &s->asked->v[i];
		struct plan_extent e = { want->container_id, want->host_id, want->size };

		TRY(add_asked(b, m, s, arena_printf(b->arena, "%s/%s/%zu", m->where, s->key, i), e,
			      false, err));
	}
	return 0;
}

/* Finds the lists in "uids=…;gids=…". */
static int split_text(const char *where, const char *text, struct side *uid, struct side *gid,
		      struct err *err)
{
	for (const char *p = text; p && *p; p += *p == ';') {
		struct side *s = NULL;

		if (str_starts(p, "uids=")) {
			s = uid;
		} else if (str_starts(p, "gids=")) {
			s = gid;
		}
		if (!s || s->text) {
			return err_set(err, EINVAL,
				       "%s/options: idmap takes \"uids=…;gids=…\", each at most "
				       "once, not \"%s\"",
				       where, text);
		}
		s->text = p + strlen("uids=");
		p += strcspn(p, ";");
	}
	return 0;
}

/* The user namespace that the container has without any map being asked for. */
static const char *container_namespace(const struct builder *b, const struct plan_mount *m)
{
	const struct plan_namespaces *ns = &b->plan->ns;

	if (!m->ids.by_host) {
		return "/proc/self/ns/user";
	}
	for (size_t i = 0; i < ns->join_n; i++) {
		if (ns->join[i].type == CLONE_NEWUSER) {
			return ns->join[i].path;
		}
	}
	return NULL;
}

int plan_mount_ids(struct builder *b, const struct spec_mount *want, const char *text,
		   struct plan_mount *m, struct err *err)
{
	const struct plan_ids *container = &b->plan->ids;
	struct side uid = { .kind = "uid",
			    .key = "uidMappings",
			    .asked = &want->uid_mappings,
			    .container = &container->uid,
			    .out = &m->ids.uid };
	struct side gid = { .kind = "gid",
			    .key = "gidMappings",
			    .asked = &want->gid_mappings,
			    .container = &container->gid,
			    .out = &m->ids.gid };

	if (m->kind == PLAN_MOUNT_CHANGE) {
		return err_set(err, EINVAL,
			       "%s/options: ids are mapped when a mount is made, not by a remount",
			       m->where);
	}
	m->ids.by_host = m->kind == PLAN_MOUNT_BIND && b->user_namespace && b->facts->privileged;
	/* The specification's fields win over the option. */
	TRY(split_text(m->where, want->uid_mappings.n > 0 ? NULL : text, &uid, &gid, err));
	if (want->uid_mappings.n > 0 || uid.text || gid.text) {
		if (b->user_namespace && !m->ids.by_host && !plan_ns_new(b, CLONE_NEWUSER)) {
			/*
			 * Who writes a map must be dumpable, and who joins others must not be
			 * (CVE-2016-9962).
			 */
			return err_set(err, ENOTSUP,
				       "%s: a map of its own can be given to this mount only when "
				       "the container is made with a new user namespace",
				       m->where);
		}
		TRY(take_side(b, m, &uid, err));
		return take_side(b, m, &gid, err);
	}
	if (!b->user_namespace) {
		return err_set(err, EINVAL,
			       "%s/options: idmap without uidMappings and gidMappings takes the "
			       "container's map, but the container has no user namespace: give the "
			       "mappings",
			       m->where);
	}
	if (m->kind == PLAN_MOUNT_FS) {
		plan_note_quiet(b, m->where, "not idmapped",
				"a filesystem that is made in the container has the container's "
				"ids already");
		m->ids.present = false;
		return 0;
	}
	m->ids.namespace = container_namespace(b, m);
	if (!m->ids.namespace) {
		m->ids.uid = b->plan->ids.uid;
		m->ids.gid = b->plan->ids.gid;
	}
	return 0;
}
