/* SPDX-License-Identifier: Apache-2.0 */
/* check_linux: the rules for the `linux` object; check.c says what is checked and why. */
#include "spec/check_linux.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "spec/check_mappings.h"
#include "spec/check_resources.h"
#include "spec/list.h"
#include "spec/names.h"
#include "json/tree.h"

/* The kernel packs errno values into pointers, so there is none above (MAX_ERRNO). */
#define ERRNO_MAX 4095

/* A filter passes 16 bits to a tracer, seccomp(2). */
#define TRACE_MAX 65535

/* An enum in linux/mempolicy.h, not there before Linux 5.15. */
#define MODE_PREFERRED_MANY 5

#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif

#define AT_MAX 160

/* ---- namespaces, devices ---- */

static int check_namespaces(const struct spec_linux *l, const char *at, struct err *err)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct spec_namespace *ns = &l->namespaces.v[i];

		if (seen & (uint64_t)ns->type) {
			return err_set(err, EINVAL, "%s/namespaces/%zu/type: \"%s\" is there twice",
				       at, i, names_of(spec_namespace_names, ns->type));
		}
		seen |= (uint64_t)ns->type;
		if (ns->path && ns->path[0] != '/') {
			return err_set(
				err, EINVAL,
				"%s/namespaces/%zu/path: must be an absolute path, found \"%s\"",
				at, i, json_show(ns->path).s);
		}
	}
	return 0;
}

static int check_devices(const struct spec_linux *l, const char *at, struct err *err)
{
	for (size_t i = 0; i < l->devices.n; i++) {
		const struct spec_device *dev = &l->devices.v[i];

		if (dev->type == 'p') {
			continue;
		}
		if (!dev->major.set || !dev->minor.set) {
			return err_set(
				err, EINVAL,
				"%s/devices/%zu/%s: required, but missing (type is not \"p\")", at,
				i, dev->major.set ? "minor" : "major");
		}
	}
	return 0;
}

/* What the kernel takes for a name, dev_valid_name(). */
static bool is_device_name(const char *name)
{
	return name[0] != '\0' && strlen(name) < IFNAMSIZ && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !strpbrk(name, "/: \t\n\v\f\r");
}

static int check_net_devices(const struct spec_linux *l, const char *at, struct err *err)
{
	for (size_t i = 0; i < l->net_devices.n; i++) {
		const struct spec_net_device *dev = &l->net_devices.v[i];

		if (!is_device_name(dev->host_name)) {
			return err_set(
				err, EINVAL,
				"%s/netDevices: \"%s\" can't be the name of a network device", at,
				json_show(dev->host_name).s);
		}
		if (dev->name && dev->name[0] && !is_device_name(dev->name)) {
			return err_set(err, EINVAL,
				       "%s/netDevices/%s/name: \"%s\" can't be the name of a "
				       "network device",
				       at, json_show(dev->host_name).s, json_show(dev->name).s);
		}
	}
	return 0;
}

/* ---- seccomp ---- */

static int check_errno(int action, const struct opt_u64 *value, const char *at, const char *key,
		       struct err *err)
{
	uint64_t max = action == SPEC_ACT_TRACE ? TRACE_MAX : ERRNO_MAX;

	if (!value->set) {
		return 0;
	}
	if (action != SPEC_ACT_ERRNO && action != SPEC_ACT_TRACE) {
		return err_set(err, EINVAL, "%s/%s: the action %s returns no errno", at, key,
			       names_of(spec_seccomp_action_names, action));
	}
	if (value->value > max) {
		return err_set(err, EINVAL, "%s/%s: %" PRIu64 " is out of range (0 to %" PRIu64 ")",
			       at, key, value->value, max);
	}
	return 0;
}

static int check_syscall(const struct spec_seccomp_syscall *call, const char *at, struct err *err)
{
	if (call->names.n == 0) {
		return err_set(err, EINVAL, "%s/names: at least one entry is required", at);
	}
	for (size_t i = 0; i < call->names.n; i++) {
		if (call->names.v[i][0] == '\0') {
			return err_set(err, EINVAL, "%s/names/%zu: must not be empty", at, i);
		}
	}
	return check_errno(call->action, &call->errno_ret, at, "errnoRet", err);
}

static int check_seccomp(const struct spec_seccomp *s, const char *at, struct err *err)
{
	/* Its reader would have to answer for the very call that hands it the descriptor. */
	if (s->default_action == SPEC_ACT_NOTIFY) {
		return err_set(err, EINVAL,
			       "%s/defaultAction: SCMP_ACT_NOTIFY can't be the default", at);
	}
	TRY(check_errno(s->default_action, &s->default_errno_ret, at, "defaultErrnoRet", err));
	if (s->listener_metadata && !s->listener_path) {
		return err_set(err, EINVAL, "%s/listenerMetadata: not without listenerPath", at);
	}
	for (size_t i = 0; i < s->architectures.n; i++) {
		if (!names_find(spec_seccomp_arch_names, s->architectures.v[i])) {
			return err_set(err, EINVAL, "%s/architectures/%zu: unknown value \"%s\"",
				       at, i, json_show(s->architectures.v[i]).s);
		}
	}
	for (size_t i = 0; i < s->syscalls.n; i++) {
		char where[AT_MAX + 32];

		snprintf(where, sizeof(where), "%s/syscalls/%zu", at, i);
		TRY(check_syscall(&s->syscalls.v[i], where, err));
	}
	return 0;
}

/* ---- memoryPolicy, intelRdt, personality ---- */

static int check_mpol_flags(const struct spec_memory_policy *p, const char *at, struct err *err)
{
	if ((p->flags & MPOL_F_STATIC_NODES) && (p->flags & MPOL_F_RELATIVE_NODES)) {
		return err_set(err, EINVAL,
			       "%s/memoryPolicy/flags: MPOL_F_STATIC_NODES and "
			       "MPOL_F_RELATIVE_NODES exclude each other",
			       at);
	}
	if ((p->flags & MPOL_F_NUMA_BALANCING) && p->mode != MPOL_BIND &&
	    p->mode != MODE_PREFERRED_MANY) {
		return err_set(err, EINVAL,
			       "%s/memoryPolicy/flags: MPOL_F_NUMA_BALANCING needs MPOL_BIND or "
			       "MPOL_PREFERRED_MANY",
			       at);
	}
	return 0;
}

/* set_mempolicy(2), "mode". */
static int check_mpol(const struct spec_memory_policy *p, const char *at, struct err *err)
{
	const char *mode = names_of(spec_mpol_mode_names, p->mode);
	bool any;

	TRY(spec_check_list(p->nodes, at, "memoryPolicy/nodes", &any, err));
	if (any && (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL)) {
		return err_set(err, EINVAL, "%s/memoryPolicy/nodes: %s takes no nodes", at, mode);
	}
	if (!any && p->mode != MPOL_DEFAULT && p->mode != MPOL_LOCAL && p->mode != MPOL_PREFERRED) {
		return err_set(err, EINVAL, "%s/memoryPolicy/nodes: %s needs at least one node", at,
			       mode);
	}
	return check_mpol_flags(p, at, err);
}

static int check_rdt(const struct spec_intel_rdt *rdt, const char *at, struct err *err)
{
	const char *id = rdt->clos_id;

	/* It becomes the name of a folder; "/" alone is the default class. */
	if (id && !str_eq(id, "/") &&
	    (!*id || strchr(id, '/') || str_eq(id, ".") || str_eq(id, ".."))) {
		return err_set(err, EINVAL,
			       "%s/intelRdt/closID: \"%s\" can't be the name of a class", at,
			       json_show(id).s);
	}
	if (rdt->mem_bw_schema &&
	    (!str_starts(rdt->mem_bw_schema, "MB:") || strchr(rdt->mem_bw_schema, '\n'))) {
		return err_set(err, EINVAL,
			       "%s/intelRdt/memBwSchema: must begin with \"MB:\" and be one line",
			       at);
	}
	for (size_t i = 0; i < rdt->schemata.n; i++) {
		if (strchr(rdt->schemata.v[i], '\n')) {
			return err_set(err, EINVAL, "%s/intelRdt/schemata/%zu: must be one line",
				       at, i);
		}
	}
	return 0;
}

int spec_check_linux(const struct spec_linux *l, const char *at, struct err *err)
{
	char resources[AT_MAX], seccomp[AT_MAX];

	snprintf(resources, sizeof(resources), "%s/resources", at);
	snprintf(seccomp, sizeof(seccomp), "%s/seccomp", at);
	TRY(check_namespaces(l, at, err));
	TRY(spec_check_mapping_pair(&l->uid_mappings, &l->gid_mappings, at, err));
	TRY(check_devices(l, at, err));
	TRY(check_net_devices(l, at, err));
	if (l->resources) {
		TRY(spec_check_resources(l->resources, resources, err));
	}
	if (l->seccomp) {
		TRY(check_seccomp(l->seccomp, seccomp, err));
	}
	if (l->memory_policy) {
		TRY(check_mpol(l->memory_policy, at, err));
	}
	if (l->intel_rdt) {
		TRY(check_rdt(l->intel_rdt, at, err));
	}
	if (l->personality && l->personality->flags.n > 0) {
		return err_set(err, EINVAL, "%s/personality/flags: no flag is supported", at);
	}
	return 0;
}
