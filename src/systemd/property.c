/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/property: properties of a unit in a message. */
#include "systemd/property.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

static int append_devices(const struct systemd *sd, sd_bus_message *m,
			  const struct plan_property *p)
{
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "(st)"));
	for (size_t i = 0; i < p->devices.n; i++) {
		TRY(sd->f.sd_bus_message_append(m, "(st)", p->devices.v[i].path,
						p->devices.v[i].value));
	}
	return sd->f.sd_bus_message_close_container(m);
}

static int append_strings(const struct systemd *sd, sd_bus_message *m,
			  const struct plan_property *p)
{
	TRY(sd->f.sd_bus_message_open_container(m, 'a', "s"));
	for (size_t i = 0; i < p->texts.n; i++) {
		TRY(sd->f.sd_bus_message_append_basic(m, 's', p->texts.v[i]));
	}
	return sd->f.sd_bus_message_close_container(m);
}

/* The value in the width that its type has on the wire. */
static int append_value(const struct systemd *sd, sd_bus_message *m, const struct plan_property *p)
{
	switch (p->type[0]) {
	case 'b':
		return sd->f.sd_bus_message_append(m, "b", (int)p->boolean);
	case 's':
		return sd->f.sd_bus_message_append_basic(m, 's', p->text);
	case 'i':
		return sd->f.sd_bus_message_append(m, "i", (int32_t)p->integer);
	case 'x':
		return sd->f.sd_bus_message_append(m, "x", p->integer);
	case 'u':
		return sd->f.sd_bus_message_append(m, "u", (uint32_t)p->number);
	case 't':
		return sd->f.sd_bus_message_append(m, "t", p->number);
	case 'd':
		return sd->f.sd_bus_message_append(m, "d", p->real);
	default:
		break;
	}
	if (str_eq(p->type, "as")) {
		return append_strings(sd, m, p);
	}
	if (str_eq(p->type, "ay")) {
		return sd->f.sd_bus_message_append_array(m, 'y', p->bytes.v, p->bytes.n);
	}
	if (str_eq(p->type, "a(st)")) {
		return append_devices(sd, m, p);
	}
	return -EINVAL;
}

static bool is_dropped(const struct systemd_dropped *dropped, const char *name)
{
	for (size_t i = 0; i < dropped->n; i++) {
		if (str_eq(dropped->names[i], name)) {
			return true;
		}
	}
	return false;
}

int systemd_append_property(const struct systemd *sd, sd_bus_message *m,
			    const struct plan_property *property,
			    const struct systemd_dropped *dropped)
{
	if (is_dropped(dropped, property->name)) {
		return 0;
	}
	TRY(sd->f.sd_bus_message_open_container(m, 'r', "sv"));
	TRY(sd->f.sd_bus_message_append_basic(m, 's', property->name));
	TRY(sd->f.sd_bus_message_open_container(m, 'v', property->type));
	TRY(append_value(sd, m, property));
	TRY(sd->f.sd_bus_message_close_container(m));
	return sd->f.sd_bus_message_close_container(m);
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is name a word of text? "Cannot set property IOWeight, or unknown property." */
static bool names_property(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *p = strstr(text, name); p; p = strstr(p + 1, name)) {
		if ((p == text || !letter(p[-1])) && !letter(p[len])) {
			return true;
		}
	}
	return false;
}

bool systemd_drop_property(const struct systemd_reply *reply, const char *unit,
			   const struct plan_property *properties, size_t n,
			   struct systemd_dropped *dropped)
{
	if (!str_eq(reply->error, "org.freedesktop.DBus.Error.PropertyReadOnly") &&
	    !str_eq(reply->error, "org.freedesktop.DBus.Error.UnknownProperty")) {
		return false;
	}
	for (size_t i = 0; i < n && dropped->n < SYSTEMD_DROPPED_MAX; i++) {
		const struct plan_property *p = &properties[i];

		if (is_dropped(dropped, p->name) || !names_property(reply->text, p->name)) {
			continue;
		}
		/*
		 * What someone asked for by name is worth a line; a limit is read back by whoever
		 * wants it to hold.
		 */
		if (p->where && str_starts(p->where, "/annotations/") && log_notes_wanted()) {
			log_warning("%s: this systemd knows no property %s of a scope: left out",
				    p->where, p->name);
		} else {
			log_debug("%s: this systemd knows no property %s: left out", unit, p->name);
		}
		dropped->names[dropped->n++] = p->name;
		return true;
	}
	return false;
}
