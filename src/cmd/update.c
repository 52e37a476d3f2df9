/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/update: new limits for a running container, from a file or from options.
 *
 * The options are runc's and crun's: amounts of memory take suffixes (512m, 1.5g) as runc has them,
 * plain numbers as both have them, and -1 for "no limit".
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/commands.h"
#include "host/update.h"
#include "spec/spec.h"

static const struct cmd_option options[] = {
	{ "resources", 'r', "FILE",
	  "limits as JSON, as /linux/resources of config.json has them; - for standard input",
	  CMD_USED },
	{ "memory", 0, "BYTES", "memory limit (512m, 1.5g; -1: none)", CMD_USED },
	{ "memory-reservation", 0, "BYTES", "memory that is taken away last", CMD_USED },
	{ "memory-swap", 0, "BYTES", "memory and swap together (-1: no limit on swap)", CMD_USED },
	{ "pids-limit", 0, "N", "how many processes and threads (-1: no limit)", CMD_USED },
	{ "cpu-quota", 0, "USEC", "CPU time in each period (-1: no limit)", CMD_USED },
	{ "cpu-period", 0, "USEC", "length of a period", CMD_USED },
	{ "cpu-burst", 0, "USEC", "unused time that may be saved up", CMD_USED },
	{ "cpu-share", 0, "N", "share of the CPU beside others (2 to 262144, default 1024)",
	  CMD_USED },
	{ "cpu-idle", 0, "0|1", "1: only when nobody else wants the CPU", CMD_USED },
	{ "cpuset-cpus", 0, "LIST", "CPUs to run on (0-3,7)", CMD_USED },
	{ "cpuset-mems", 0, "LIST", "memory nodes to use", CMD_USED },
	{ "blkio-weight", 0, "N", "share of I/O beside others (10 to 1000)", CMD_USED },
	{ "cpu-rt-period", 0, "USEC", "not in cgroup v2", CMD_USED },
	{ "cpu-rt-runtime", 0, "USEC", "not in cgroup v2", CMD_USED },
	{ "kernel-memory", 0, "BYTES", "not in cgroup v2", CMD_USED },
	{ "kernel-memory-tcp", 0, "BYTES", "not in cgroup v2", CMD_USED },
	{ "l3-cache-schema", 0, "SCHEMA", "L3 cache of the container's resctrl group", CMD_USED },
	{ "mem-bw-schema", 0, "SCHEMA", "memory bandwidth of the container's resctrl group",
	  CMD_USED },
	CMD_OPTIONS_END,
};

/*
 * The exponent of 1024 for "", b, k, m, g, t, p, kb, kib …, in either case; -1 for anything else.
 */
static int unit(const char *text)
{
	static const char letters[] = "bkmgtp";
	int first = *text | 0x20;
	const char *at = *text ? strchr(letters, first) : letters;

	if (!at) {
		return -1;
	}
	if (*text && text[1]) {
		const char *rest = text + 1;

		rest += (*rest | 0x20) == 'i' ? 1 : 0;
		if (at == letters || (*rest | 0x20) != 'b' || rest[1]) {
			return -1;
		}
	}
	return (int)(at - letters);
}

/* "-1", "1048576", "512m", "1.5GiB". */
static int read_bytes(struct arena *arena, const char *name, const char *text, struct opt_i64 *ret,
		      struct err *err)
{
	size_t whole = strspn(text, "0123456789");
	size_t digits = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	int exponent = unit(text + whole + (digits ? digits + 1 : 0));
	uint64_t number = 0, scale = 1, part = 0;

	if (str_i64(text, -1, INT64_MAX, &ret->value) == 0) {
		ret->set = true;
		return 0;
	}
	if (whole == 0 || exponent < 0 || (digits == 0 && text[whole] == '.') || digits > 6 ||
	    str_u64(arena_strndup(arena, text, whole), INT64_MAX, &number) < 0) {
		return err_set(err, EINVAL,
			       "--%s: `%s` is not an amount of memory (1048576, 512m, 1.5g or -1)",
			       name, text);
	}
	for (int i = 0; i < exponent; i++) {
		scale *= 1024;
	}
	if (number > (uint64_t)INT64_MAX / scale - 1) {
		return err_set(err, EINVAL, "--%s: `%s` is more than can be counted", name, text);
	}
	for (size_t i = digits; i > 0; i--) {
		/* From the last digit on: 0.25 is (2 + 5/10)/10. */
		part = (part + (uint64_t)(text[whole + i] - '0') * scale) / 10;
	}
	*ret = (struct opt_i64){ .set = true, .value = (int64_t)(number * scale + part) };
	return 0;
}

static int bytes(struct cmd_context *ctx, const char *name, struct opt_i64 *ret, struct err *err)
{
	const char *text = cmd_value(&ctx->args, name);

	return text ? read_bytes(ctx->arena, name, text, ret, err) : 0;
}

static int integer(struct cmd_context *ctx, const char *name, int64_t min, int64_t max,
		   struct opt_i64 *ret, struct err *err)
{
	const char *text = cmd_value(&ctx->args, name);

	if (!text) {
		return 0;
	}
	if (str_i64(text, min, max, &ret->value) < 0) {
		if (max == INT64_MAX) {
			return err_set(err, EINVAL,
				       "--%s: `%s` is not a number from %" PRId64 " on", name, text,
				       min);
		}
		return err_set(err, EINVAL,
			       "--%s: `%s` is not a number from %" PRId64 " to %" PRId64, name,
			       text, min, max);
	}
	ret->set = true;
	return 0;
}

static int natural(struct cmd_context *ctx, const char *name, uint64_t max, struct opt_u64 *ret,
		   struct err *err)
{
	struct opt_i64 number = { .set = false };

	TRY(integer(ctx, name, 0, max > INT64_MAX ? INT64_MAX : (int64_t)max, &number, err));
	if (number.set) {
		*ret = (struct opt_u64){ .set = true, .value = (uint64_t)number.value };
	}
	return 0;
}

static int take_memory(struct cmd_context *ctx, struct spec_memory *m, struct err *err)
{
	TRY(bytes(ctx, "memory", &m->limit, err));
	TRY(bytes(ctx, "memory-reservation", &m->reservation, err));
	TRY(bytes(ctx, "memory-swap", &m->swap, err));
	TRY(bytes(ctx, "kernel-memory", &m->kernel, err));
	return bytes(ctx, "kernel-memory-tcp", &m->kernel_tcp, err);
}

static int take_cpu(struct cmd_context *ctx, struct spec_cpu *cpu, struct err *err)
{
	TRY(natural(ctx, "cpu-share", UINT64_MAX, &cpu->shares, err));
	TRY(integer(ctx, "cpu-quota", -1, INT64_MAX, &cpu->quota, err));
	TRY(natural(ctx, "cpu-period", UINT64_MAX, &cpu->period, err));
	TRY(natural(ctx, "cpu-burst", UINT64_MAX, &cpu->burst, err));
	TRY(integer(ctx, "cpu-idle", 0, 1, &cpu->idle, err));
	TRY(integer(ctx, "cpu-rt-runtime", -1, INT64_MAX, &cpu->realtime_runtime, err));
	TRY(natural(ctx, "cpu-rt-period", UINT64_MAX, &cpu->realtime_period, err));
	cpu->cpus = cmd_value_or(&ctx->args, "cpuset-cpus", cpu->cpus);
	cpu->mems = cmd_value_or(&ctx->args, "cpuset-mems", cpu->mems);
	return 0;
}

/* Every struct that an option may fill in. */
static void complete(struct arena *arena, struct spec_resources *r)
{
	if (!r->memory) {
		r->memory = arena_alloc(arena, sizeof(*r->memory));
	}
	if (!r->cpu) {
		r->cpu = arena_alloc(arena, sizeof(*r->cpu));
	}
	if (!r->pids) {
		r->pids = arena_alloc(arena, sizeof(*r->pids));
	}
	if (!r->block_io) {
		r->block_io = arena_alloc(arena, sizeof(*r->block_io));
	}
}

/* The file's, and over them the options. */
static int parse(struct cmd_context *ctx, struct err *err)
{
	const char *file = cmd_value(&ctx->args, "resources");
	struct update *u = arena_alloc(ctx->arena, sizeof(*u));
	struct spec_resources *r = &u->resources;

	ctx->request = u;
	if (file) {
		TRY(host_update_read(ctx->arena, file, r, err));
	}
	complete(ctx->arena, r);
	TRY(take_memory(ctx, r->memory, err));
	TRY(take_cpu(ctx, r->cpu, err));
	TRY(integer(ctx, "pids-limit", -1, INT64_MAX, &r->pids->limit, err));
	TRY(natural(ctx, "blkio-weight", 1000, &r->block_io->weight, err));
	u->l3_cache_schema = cmd_value(&ctx->args, "l3-cache-schema");
	u->mem_bw_schema = cmd_value(&ctx->args, "mem-bw-schema");
	return 0;
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	(void)ret_status;
	return host_update(ctx->container, ctx->request, err);
}

const struct cmd cmd_update = {
	.name = "update",
	.summary = "Change the limits of a running container",
	.arguments = "CONTAINER",
	.help = "What is not given stays as it is. Each new limit is read back from the kernel.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_THERE,
	.want = { .status = CONTAINER_ALIVE, .cannot = "cannot update container" },
	.parse = parse,
	.run = run,
};
