/* SPDX-License-Identifier: Apache-2.0 */
/* plan_print_cgroup: the part of a plan's text that is about its cgroup, limits and devices. */
#include "lib/plan_print_cgroup.h"

static void print_property(struct text *out, const struct plan_property *p)
{
	text_add(out, "property: %s %s ", p->name, p->type);
	if (str_eq(p->type, "b")) {
		text_add(out, "%s", p->boolean ? "true" : "false");
	} else if (str_eq(p->type, "i") || str_eq(p->type, "x")) {
		text_add(out, "%lld", (long long)p->integer);
	} else if (str_eq(p->type, "u") || str_eq(p->type, "t")) {
		if (p->number == UINT64_MAX) {
			text_add(out, "infinity");
		} else {
			text_add(out, "%llu", (unsigned long long)p->number);
		}
	} else if (str_eq(p->type, "d")) {
		text_add(out, "%g", p->real);
	} else if (str_eq(p->type, "s")) {
		text_add(out, "\"%s\"", p->text);
	}
	for (size_t i = 0; str_eq(p->type, "as") && i < p->texts.n; i++) {
		text_add(out, "%s\"%s\"", i ? " " : "", p->texts.v[i]);
	}
	for (size_t i = 0; str_eq(p->type, "ay") && i < p->bytes.n; i++) {
		text_add(out, "%02x", p->bytes.v[i]);
	}
	for (size_t i = 0; str_eq(p->type, "a(st)") && i < p->devices.n; i++) {
		text_add(out, "%s=%llu", p->devices.v[i].path,
			 (unsigned long long)p->devices.v[i].value);
	}
	text_add(out, "\n");
}

static void print_number(struct text *out, int number)
{
	if (number < 0) {
		text_add(out, "*");
	} else {
		text_add(out, "%d", number);
	}
}

static void print_device_filter(struct text *out, const struct plan_device_filter *f)
{
	for (size_t i = 0; i < f->rule_n; i++) {
		const struct plan_device_rule *r = &f->rules[i];

		text_add(out, "device rule: %s %c ", r->allow ? "allow" : "deny", r->type);
		print_number(out, r->major);
		text_add(out, ":");
		print_number(out, r->minor);
		text_add(out, " %s%s%s\n", r->access & PLAN_DEVICE_READ ? "r" : "",
			 r->access & PLAN_DEVICE_WRITE ? "w" : "",
			 r->access & PLAN_DEVICE_MKNOD ? "m" : "");
	}
	if (f->program_n > 0) {
		text_add(out, "device rule: %s the rest (%zu instructions in all)\n",
			 f->rest ? "allow" : "deny", f->program_n);
	}
}

void plan_print_cgroup(struct text *out, const struct plan_cgroup *cg)
{
	if (cg->caller_is_root) {
		text_add(out, "the caller's cgroup is all of the machine's\n");
	}
	if (cg->manager == PLAN_CGROUP_NONE) {
		return;
	}
	if (cg->manager == PLAN_CGROUP_FS) {
		text_add(out, "cgroup: cgroupfs %s %s, ours from %s on", cg->mount, cg->path,
			 cg->top);
	} else {
		text_add(out, "cgroup: systemd %s in %s \"%s\"%s", cg->unit, cg->slice,
			 cg->description, cg->optional ? ", optional" : "");
	}
	text_add(out, "%s%s%s%s\n", cg->sub ? ", processes in " : "", cg->sub ? cg->sub : "",
		 cg->payload ? ", then in " : "", cg->payload ? cg->payload : "");
	if (cg->delegate) {
		text_add(out, "cgroup belongs to: %u\n", cg->uid);
	}
	if (cg->best_effort) {
		text_add(out, "limits: best effort\n");
	}
	if (cg->limits.check_before_update) {
		text_add(out, "memory limit: compared with the use before an update\n");
	}
	for (size_t i = 0; i < cg->controllers.n; i++) {
		text_add(out, "controller: %s\n", cg->controllers.v[i]);
	}
	for (size_t i = 0; i < cg->limits.file_n; i++) {
		const struct plan_limit *l = &cg->limits.files[i];

		text_add(out, "limit: %s = %s%s", l->file, l->value,
			 l->optional ? " (where it exists)" : "");
		if (l->or_file) {
			text_add(out, " or %s = %s", l->or_file, l->or_value);
		}
		text_add(out, "\n");
	}
	print_device_filter(out, &cg->devices);
	for (size_t i = 0; i < cg->property_n; i++) {
		print_property(out, &cg->properties[i]);
	}
	for (size_t i = 0; cg->manager == PLAN_CGROUP_SYSTEMD && i < cg->limits.property_n; i++) {
		print_property(out, &cg->limits.properties[i]);
	}
}
