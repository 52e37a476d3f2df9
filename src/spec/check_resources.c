/* SPDX-License-Identifier: Apache-2.0 */
/* check_resources: the rules for `linux.resources`; check.c says what is checked and why. */
#include "spec/check_resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/list.h"
#include "json/tree.h"

/* cgroup v1's range of blkio.weight; 0 stands for "not set". */
#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

static int check_device_rules(const struct spec_resources *r, const char *at, struct err *err)
{
	for (size_t i = 0; i < r->devices.n; i++) {
		const struct spec_device_rule *rule = &r->devices.v[i];

		if (rule->type &&
		    (!*rule->type || rule->type[1] || !strchr("acb", rule->type[0]))) {
			return err_set(
				err, EINVAL,
				"%s/devices/%zu/type: unknown value \"%s\" (one of: a, c, b)", at,
				i, json_show(rule->type).s);
		}
		if (rule->access && rule->access[strspn(rule->access, "rwm")]) {
			return err_set(err, EINVAL,
				       "%s/devices/%zu/access: \"%s\" is not made of r, w and m",
				       at, i, json_show(rule->access).s);
		}
	}
	return 0;
}

/*
 * swap is memory and swap together, so it can't be the smaller one. 0 and below: no limit, or not
 * set.
 */
static int check_memory(const struct spec_memory *m, const char *at, struct err *err)
{
	if (m->swap.set && m->limit.set && m->swap.value > 0 && m->limit.value > 0 &&
	    m->swap.value < m->limit.value) {
		return err_set(
			err, EINVAL,
			"%s/memory/swap: %" PRId64
			" is memory and swap together, but the memory limit alone is %" PRId64,
			at, m->swap.value, m->limit.value);
	}
	return 0;
}

static int check_cpu(const struct spec_cpu *cpu, const char *at, struct err *err)
{
	if (cpu->burst.set && cpu->quota.set && cpu->quota.value > 0 &&
	    cpu->burst.value > (uint64_t)cpu->quota.value) {
		return err_set(err, EINVAL,
			       "%s/cpu/burst: %" PRIu64 " is above the quota, %" PRId64, at,
			       cpu->burst.value, cpu->quota.value);
	}
	TRY(spec_check_list(cpu->cpus, at, "cpu/cpus", NULL, err));
	return spec_check_list(cpu->mems, at, "cpu/mems", NULL, err);
}

static int check_weight(const struct opt_u64 *weight, const char *at, const char *key,
			struct err *err)
{
	if (weight->set && weight->value != 0 &&
	    (weight->value < WEIGHT_MIN || weight->value > WEIGHT_MAX)) {
		return err_set(err, EINVAL,
			       "%s/blockIO/%s: %" PRIu64 " is out of range (%d to %d, or 0)", at,
			       key, weight->value, WEIGHT_MIN, WEIGHT_MAX);
	}
	return 0;
}

static int check_block_io(const struct spec_block_io *io, const char *at, struct err *err)
{
	TRY(check_weight(&io->weight, at, "weight", err));
	TRY(check_weight(&io->leaf_weight, at, "leafWeight", err));
	for (size_t i = 0; i < io->weight_device.n; i++) {
		const struct spec_block_device *dev = &io->weight_device.v[i];
		char key[64];

		if (!dev->weight.set && !dev->leaf_weight.set) {
			return err_set(
				err, EINVAL,
				"%s/blockIO/weightDevice/%zu: weight or leafWeight is required", at,
				i);
		}
		snprintf(key, sizeof(key), "weightDevice/%zu/weight", i);
		TRY(check_weight(&dev->weight, at, key, err));
		snprintf(key, sizeof(key), "weightDevice/%zu/leafWeight", i);
		TRY(check_weight(&dev->leaf_weight, at, key, err));
	}
	return 0;
}

/* ^[1-9][0-9]*[KMG]B$ of the schema. */
static bool is_page_size(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && text[0] != '0' && text[n] && strchr("KMG", text[n]) &&
	       str_eq(text + n + 1, "B");
}

static int check_hugepages(const struct spec_resources *r, const char *at, struct err *err)
{
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const char *size = r->hugepage_limits.v[i].page_size;

		if (!is_page_size(size)) {
			return err_set(err, EINVAL,
				       "%s/hugepageLimits/%zu/pageSize: \"%s\" is not a size such "
				       "as \"2MB\"",
				       at, i, json_show(size).s);
		}
	}
	return 0;
}

static int check_rdma(const struct spec_resources *r, const char *at, struct err *err)
{
	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct spec_rdma *dev = &r->rdma.v[i];

		if (!dev->hca_handles.set && !dev->hca_objects.set) {
			return err_set(err, EINVAL,
				       "%s/rdma/%s: hcaHandles or hcaObjects is required", at,
				       json_show(dev->device).s);
		}
	}
	return 0;
}

/* The keys are names of files in the container's cgroup: none may lead out of it. */
static int check_unified(const struct spec_resources *r, const char *at, struct err *err)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		const char *key = r->unified.v[i].key;

		if (!*key || strchr(key, '/') || str_eq(key, ".") || str_eq(key, "..")) {
			return err_set(err, EINVAL,
				       "%s/unified: \"%s\" can't be the name of a file in a cgroup",
				       at, json_show(key).s);
		}
	}
	return 0;
}

int spec_check_resources(const struct spec_resources *r, const char *at, struct err *err)
{
	TRY(check_device_rules(r, at, err));
	if (r->memory) {
		TRY(check_memory(r->memory, at, err));
	}
	if (r->cpu) {
		TRY(check_cpu(r->cpu, at, err));
	}
	if (r->block_io) {
		TRY(check_block_io(r->block_io, at, err));
	}
	TRY(check_hugepages(r, at, err));
	TRY(check_rdma(r, at, err));
	return check_unified(r, at, err);
}
