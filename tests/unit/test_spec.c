/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_spec: whole configurations: every property arrives where it belongs, the templates load, and
 * no damaged text does harm.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/scope.h"
#include "spec/load.h"
#include "spec/spec.h"
#include "spec/template.h"
#include "json/encode.h"

/* A file of tests/golden; the result ends with a NUL that *ret_len does not count. */
static char *read_golden(struct arena *arena, const char *name, size_t *ret_len)
{
#ifdef TESTS_DIR
	const char *path = arena_printf(arena, "%s/golden/%s", TESTS_DIR, name);
#else
	const char *srcdir = getenv("srcdir");
	const char *path = arena_printf(arena, "%s/tests/golden/%s", srcdir ? srcdir : ".", name);
#endif
	char *bytes = arena_alloc(arena, 65537);
	scope_file FILE *file = fopen(path, "re");

	if (!file) {
		fail_msg("%s: %s", path, strerror(errno));
	}
	*ret_len = fread(bytes, 1, 65536, file);
	assert_true(*ret_len > 0 && *ret_len < 65536);
	return bytes;
}

static struct spec *load_golden(struct arena *arena, const char *name)
{
	struct spec *spec = NULL;
	struct err err;
	size_t len;
	char *bytes = read_golden(arena, name, &len);

	if (spec_load(arena, bytes, len, &spec, &err) < 0) {
		fail_msg("%s: %s", name, err.msg);
	}
	return spec;
}

static void minimal(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct spec *spec = load_golden(&arena, "spec-good/minimal.json");

	(void)state;
	assert_string_equal(spec->root->path, "rootfs");
	assert_null(spec->process);
	assert_null(spec->linux_);
	spec = load_golden(&arena, "spec-good/start.json");
	assert_int_equal(spec->process->args.n, 1);
	assert_null(spec->process->capabilities);
	spec = load_golden(&arena, "spec-good/nulls.json");
	assert_null(spec->process->capabilities);
	assert_int_equal(spec->mounts.v[0].uid_mappings.n, 0);
	assert_false(spec->linux_->resources->pids->limit.set);
	assert_null(spec->linux_->seccomp);
}

static void full_process(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct spec *spec = load_golden(&arena, "spec-good/full.json");
	const struct spec_process *p = spec->process;

	(void)state;
	assert_true(p->terminal && p->no_new_privileges);
	assert_true(p->console_size->height.value == 40 && p->console_size->width.value == 132);
	assert_string_equal(p->cwd, "/home/app");
	assert_int_equal(p->env.n, 3);
	assert_string_equal(p->args.v[2], "");
	assert_int_equal(p->user.uid, 1000);
	assert_int_equal(p->user.gid, 100);
	assert_true(p->user.umask.set && p->user.umask.value == 022);
	assert_true(p->user.additional_gids.n == 3 && p->user.additional_gids.v[2] == 4294967294);
	assert_int_equal(p->capabilities->bounding.n, 2);
	assert_int_equal(p->capabilities->effective.n, 2);
	assert_int_equal(p->capabilities->inheritable.n, 2);
	assert_int_equal(p->capabilities->permitted.n, 2);
	assert_string_equal(p->capabilities->ambient.v[1], "CAP_FUTURE");
	assert_int_equal(p->rlimits.v[0].resource, RLIMIT_NOFILE);
	assert_true(p->rlimits.v[0].soft.value == 1024 && p->rlimits.v[0].hard.value == 4096);
	assert_true(p->rlimits.v[2].soft.value == UINT64_MAX);
	assert_string_equal(p->apparmor_profile, "app-profile");
	assert_string_equal(p->selinux_label, "system_u:system_r:app_t:s0");
	assert_true(p->oom_score_adj.set && p->oom_score_adj.value == -500);
	assert_int_equal(p->scheduler->policy, 6);
	assert_true(p->scheduler->nice.value == -5 && p->scheduler->flags == 5);
	assert_true(p->scheduler->runtime.value == 10000000 &&
		    p->scheduler->deadline.value == 20000000);
	assert_true(p->scheduler->period.value == UINT64_MAX);
	assert_true(p->io_priority->class == 2 && p->io_priority->priority.value == 6);
	assert_string_equal(p->exec_cpu_affinity->initial, "0-1");
	assert_string_equal(p->exec_cpu_affinity->final, "0, 2-3");
}

static void full_top(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct spec *spec = load_golden(&arena, "spec-good/full.json");
	const struct spec_hooks *h = spec->hooks;

	(void)state;
	assert_true(spec->root->readonly);
	assert_string_equal(spec->hostname, "harbour");
	assert_string_equal(spec->domainname, "sea.example");
	assert_int_equal(spec->mounts.n, 3);
	assert_string_equal(spec->mounts.v[2].destination, "data/../pool");
	assert_string_equal(spec->mounts.v[2].options.v[1], "ridmap");
	assert_int_equal(spec->mounts.v[2].gid_mappings.v[0].host_id, 100000);
	assert_string_equal(h->prestart.v[0].args.v[1], "prestart");
	assert_string_equal(h->create_runtime.v[0].args.v[1], "createRuntime");
	assert_string_equal(h->create_container.v[0].args.v[1], "createContainer");
	assert_string_equal(h->start_container.v[0].args.v[1], "startContainer");
	assert_string_equal(h->poststart.v[0].args.v[1], "poststart");
	assert_string_equal(h->poststop.v[0].env.v[0], "STAGE=poststop");
	assert_true(h->poststop.v[0].timeout.set && h->poststop.v[0].timeout.value == 30);
	assert_string_equal(spec_annotation(spec, "org.example.owner"), "tests");
	assert_string_equal(spec_annotation(spec, "org.example.empty"), "");
	assert_null(spec_annotation(spec, "org.example"));
}

static void full_linux(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct spec_linux *l = load_golden(&arena, "spec-good/full.json")->linux_;

	(void)state;
	assert_int_equal(l->namespaces.n, 8);
	assert_int_equal(l->namespaces.v[7].type, CLONE_NEWNET);
	assert_string_equal(l->namespaces.v[7].path, "/run/netns/blue");
	assert_int_equal(l->uid_mappings.v[1].size, 65536);
	assert_true(l->gid_mappings.v[1].host_id == 4294901759);
	assert_true(l->time_offsets->boottime->secs.value == -86400);
	assert_true(l->time_offsets->boottime->nanosecs.value == 999999999);
	assert_false(l->time_offsets->monotonic->nanosecs.set);
	assert_int_equal(l->devices.n, 4);
	assert_true(l->devices.v[1].type == 'b' && l->devices.v[1].major.value == 65);
	assert_true(l->devices.v[1].file_mode.value == 060660 && !l->devices.v[1].uid.set);
	assert_int_equal(l->net_devices.n, 3);
	assert_string_equal(l->net_devices.v[0].host_name, "eth7");
	assert_string_equal(l->net_devices.v[0].name, "lan0");
	assert_null(l->net_devices.v[1].name);
	assert_string_equal(l->cgroups_path, "/pool/harbour");
	assert_string_equal(l->intel_rdt->clos_id, "gold");
	assert_int_equal(l->intel_rdt->schemata.n, 2);
	assert_string_equal(l->intel_rdt->l3_cache_schema, "L3:0=ff");
	assert_string_equal(l->intel_rdt->mem_bw_schema, "MB:0=50");
	assert_true(l->intel_rdt->enable_monitoring);
	assert_int_equal(l->memory_policy->mode, 6);
	assert_true(l->memory_policy->flags == 1 << 15);
	assert_string_equal(l->sysctl.v[1].key, "kernel/shm_rmid_forced");
	assert_int_equal(l->rootfs_propagation, SPEC_PROPAGATION_SLAVE);
	assert_string_equal(l->masked_paths.v[0], "/proc/kcore");
	assert_string_equal(l->readonly_paths.v[0], "/proc/sys");
	assert_string_equal(l->mount_label, "system_u:object_r:app_t:s0");
	assert_int_equal(l->personality->domain, 8);
}

static void full_resources(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct spec_resources *r =
		load_golden(&arena, "spec-good/full.json")->linux_->resources;

	(void)state;
	assert_int_equal(r->devices.n, 4);
	assert_true(r->devices.v[0].allow.set && !r->devices.v[0].allow.value &&
		    !r->devices.v[0].type);
	assert_true(r->devices.v[2].minor.value == -1);
	assert_true(r->memory->limit.value == INT64_MAX && r->memory->swap.value == -1);
	assert_true(r->memory->reservation.value == 268435456 && r->memory->kernel.value == -1);
	assert_true(r->memory->swappiness.value == 100 && r->memory->kernel_tcp.value == -1);
	assert_true(r->memory->disable_oom_killer.value && r->memory->check_before_update.value);
	assert_true(r->memory->use_hierarchy.set && !r->memory->use_hierarchy.value);
	assert_true(r->cpu->shares.value == UINT64_MAX && r->cpu->quota.value == -1 &&
		    r->cpu->burst.value == 2000);
	assert_true(r->cpu->period.value == 100000 && r->cpu->idle.value == 1);
	assert_true(r->cpu->realtime_runtime.value == 950000 &&
		    r->cpu->realtime_period.value == 1000000);
	assert_string_equal(r->cpu->cpus, "0-3,7");
	assert_string_equal(r->cpu->mems, "0");
	assert_true(r->pids->limit.set && r->pids->limit.value == -1);
	assert_true(r->block_io->weight.value == 1000 && r->block_io->leaf_weight.value == 10);
	assert_true(r->block_io->weight_device.v[1].leaf_weight.value == 20);
	assert_true(r->block_io->throttle_read_bps.v[0].rate.value == 600);
	assert_true(r->block_io->throttle_write_bps.v[0].rate.value == UINT64_MAX);
	assert_true(r->block_io->throttle_read_iops.v[0].rate.set);
	assert_true(r->block_io->throttle_write_iops.v[0].minor.value == 16);
	assert_string_equal(r->hugepage_limits.v[1].page_size, "64KB");
	assert_true(r->hugepage_limits.v[1].limit.value == UINT64_MAX);
	assert_true(r->network->class_id.value == UINT32_MAX &&
		    r->network->priorities.v[0].priority.value == 500);
	assert_string_equal(r->rdma.v[0].device, "mlx5_1");
	assert_true(r->rdma.v[0].hca_objects.value == UINT32_MAX && !r->rdma.v[1].hca_handles.set);
	assert_string_equal(r->unified.v[1].value, "259:0 rbps=2097152\n");
}

static void full_seccomp(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct spec_seccomp *s = load_golden(&arena, "spec-good/full.json")->linux_->seccomp;

	(void)state;
	assert_int_equal(s->default_action, SPEC_ACT_ERRNO);
	assert_true(s->default_errno_ret.value == 38 && s->flags == (2 | 32));
	assert_int_equal(s->architectures.n, 3);
	assert_string_equal(s->listener_path, "/run/agent.sock");
	assert_string_equal(s->listener_metadata, "k=v");
	assert_int_equal(s->syscalls.n, 3);
	assert_int_equal(s->syscalls.v[0].names.n, 2);
	assert_true(s->syscalls.v[1].errno_ret.value == 65535 && !s->syscalls.v[0].errno_ret.set);
	assert_true(s->syscalls.v[1].args.v[0].index == 5 &&
		    s->syscalls.v[1].args.v[0].op == SPEC_CMP_MASKED_EQ);
	assert_true(s->syscalls.v[1].args.v[0].value.value == UINT64_MAX);
	assert_true(s->syscalls.v[1].args.v[0].value_two.value == (uint64_t)INT64_MAX + 1);
	assert_int_equal(s->syscalls.v[2].action, SPEC_ACT_NOTIFY);
}

static void bad_files(void **state)
{
	static const struct {
		const char *name;
		const char *msg;
	} files[] = {
		{ "spec-bad/not-json.json",
		  "line 1, column 53: expected a member's name in double quotes" },
		{ "spec-bad/hugepage-unit.json", "/linux/resources/hugepageLimits/0/pageSize: "
						 "\"64kB\" is not a size such as \"2MB\"" },
		{ "spec-bad/netdevice-name.json",
		  "/linux/netDevices/eth0/name: expected a string, found a number" },
		{ "spec-bad/rdma-text.json",
		  "/linux/resources/rdma/mlx5_1/hcaHandles: expected an integer, found a string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct spec *spec;
		struct err err;
		size_t len;
		char *bytes = read_golden(&arena, files[i].name, &len);

		assert_int_equal(spec_load(&arena, bytes, len, &spec, &err), -EINVAL);
		assert_string_equal(err.msg, files[i].msg);
	}
}

static void templates(void **state)
{
	(void)state;
	for (int rootless = 0; rootless < 2; rootless++) {
		scope_arena struct arena arena = ARENA_INIT;
		const char *text = spec_template(&arena, rootless, NULL, NULL);
		struct spec *spec;
		struct err err;
		bool user = false;

		assert_int_equal(spec_load(&arena, text, strlen(text), &spec, &err), 0);
		assert_string_equal(spec->oci_version, SPEC_VERSION);
		assert_string_equal(spec->process->args.v[0], "sh");
		assert_true(spec->process->terminal);
		assert_int_equal(spec->process->capabilities->bounding.n, rootless ? 14 : 3);
		assert_int_equal(spec->process->capabilities->ambient.n, 0);
		assert_int_equal(spec->mounts.v[2].options.n, rootless ? 5 : 6);
		for (size_t i = 0; i < spec->linux_->namespaces.n; i++) {
			user |= spec->linux_->namespaces.v[i].type == CLONE_NEWUSER;
		}
		assert_int_equal(user, rootless);
		assert_int_equal(spec->linux_->uid_mappings.n, 0);
		assert_int_equal(spec->linux_->resources == NULL, rootless);
		assert_int_equal(spec->linux_->masked_paths.n, 10);
	}
}

/* Loads a copy of exactly len bytes, so that a sanitizer sees every read behind them. */
static int load_copy(const char *bytes, size_t len)
{
	scope_arena struct arena arena = ARENA_INIT;
	char *copy = malloc(len ? len : 1);
	struct spec *spec = NULL;
	struct err err = { 0 };
	int rc;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	rc = spec_load(&arena, copy, len, &spec, &err);
	free(copy);
	assert_true(rc == 0 ? spec != NULL : err.code == -rc && err.msg[0]);
	assert_null(strchr(err.msg, '\n'));
	return rc;
}

static void truncated(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	size_t len;
	char *bytes = read_golden(&arena, "spec-good/full.json", &len);

	(void)state;
	assert_int_equal(bytes[len - 2], '}');
	for (size_t i = 0; i < len - 1; i += 1 + i / 200) {
		assert_int_equal(load_copy(bytes, i), -EINVAL);
	}
	assert_int_equal(load_copy(bytes, len - 1), 0);
}

/* Any answer will do, as long as there is one. The seed is fixed: a failure comes again. */
static void mutated(void **state)
{
	static const char bytes_used[] = "{}[]\",:\\u0-9eE. tfn\x01\x80\xff";
	scope_arena struct arena arena = ARENA_INIT;
	unsigned seed = 1;
	size_t len;
	char *bytes = read_golden(&arena, "spec-good/full.json", &len);
	char *copy = arena_alloc(&arena, len);

	(void)state;
	for (int round = 0; round < 3000; round++) {
		int changes = 1 + rand_r(&seed) % 4;

		memcpy(copy, bytes, len);
		for (int i = 0; i < changes; i++) {
			copy[(size_t)rand_r(&seed) % len] =
				bytes_used[(size_t)rand_r(&seed) % (sizeof(bytes_used) - 1)];
		}
		load_copy(copy, len);
	}
}

/* A value of each type. null stands for a property that is absent, and is none of them. */
static void write_any(struct json_writer *w, const char *key, enum json_type type)
{
	switch (type) {
	case JSON_BOOL:
		json_bool(w, key, true);
		break;
	case JSON_NUMBER:
		json_int(w, key, 1);
		break;
	case JSON_STRING:
		json_string(w, key, "1");
		break;
	case JSON_ARRAY:
		json_array_begin(w, key);
		json_array_end(w);
		break;
	case JSON_OBJECT:
	case JSON_NULL:
		json_object_begin(w, key);
		json_object_end(w);
		break;
	}
}

/*
 * The document of value, with `wrong` in the place of one value of it. Recursion is as deep as
 * full.json is.
 */
static void write_with(struct json_writer *w, const struct json *value, const struct json *place,
		       enum json_type wrong)
{
	if (value == place) {
		write_any(w, value->key, wrong);
		return;
	}
	switch (value->type) {
	case JSON_NULL:
	case JSON_BOOL:
		json_bool(w, value->key, value->boolean);
		return;
	case JSON_NUMBER:
		json_number(w, value->key, value->text);
		return;
	case JSON_STRING:
		json_string(w, value->key, value->text);
		return;
	case JSON_ARRAY:
		json_array_begin(w, value->key);
		break;
	case JSON_OBJECT:
		json_object_begin(w, value->key);
		break;
	}
	for (const struct json *child = value->first; child; child = child->next) {
		write_with(w, child, place, wrong);
	}
	if (value->type == JSON_ARRAY) {
		json_array_end(w);
	} else {
		json_object_end(w);
	}
}

static const struct json *next_value(const struct json *value)
{
	if (value->first) {
		return value->first;
	}
	while (value && !value->next) {
		value = value->parent;
	}
	return value ? value->next : NULL;
}

/* Every value of a full configuration, as each type that it is not: refused, by its path. */
static void wrong_types(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	const struct json *tree;
	struct err err;
	size_t len, tried = 0;
	char *bytes = read_golden(&arena, "spec-good/full.json", &len);

	(void)state;
	assert_int_equal(json_parse(&arena, bytes, len, &tree, &err), 0);
	for (const struct json *place = tree; place; place = next_value(place)) {
		for (enum json_type wrong = JSON_BOOL; wrong <= JSON_OBJECT; wrong++) {
			scope_arena struct arena round = ARENA_INIT;
			const char *path = json_path(&round, place);
			struct text text;
			struct json_writer w;
			struct spec *spec;

			if (wrong == place->type) {
				continue;
			}
			text_init(&text, &round);
			json_writer_init(&w, &text, true);
			write_with(&w, tree, place, wrong);
			err = (struct err){ 0 };
			assert_int_equal(spec_load(&round, text.s, text.len, &spec, &err), -EINVAL);
			if (strncmp(err.msg, path, strlen(path)) != 0) {
				fail_msg("%s as %s: %s", path, json_type_name(wrong), err.msg);
			}
			tried++;
		}
	}
	assert_true(tried > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minimal),	  cmocka_unit_test(full_process),
		cmocka_unit_test(full_top),	  cmocka_unit_test(full_linux),
		cmocka_unit_test(full_resources), cmocka_unit_test(full_seccomp),
		cmocka_unit_test(bad_files),	  cmocka_unit_test(templates),
		cmocka_unit_test(truncated),	  cmocka_unit_test(mutated),
		cmocka_unit_test(wrong_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
