/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/events: statistics, out-of-memory events and network restarts of a container, one JSON object
 * a line, in the form that runc has given them and containerd reads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "cgroup/follow.h"
#include "cgroup/stats.h"
#include "cmd/commands.h"
#include "host/network.h"
#include "json/encode.h"

static const struct cmd_option options[] = {
	{ "interval", 0, "TIME", "between two statistics: 5s, 500ms, 1m30s (default: 5s)",
	  CMD_USED },
	{ "stats", 0, NULL, "print the statistics once and end", CMD_USED },
	CMD_OPTIONS_END,
};

#define NANOSECONDS 1000 /* in a microsecond */

static void write_line(struct json_writer *w, const char *key,
		       const struct stats_pressure_line *line)
{
	json_object_begin(w, key);
	json_number(w, "avg10", line->avg10 ? line->avg10 : "0");
	json_number(w, "avg60", line->avg60 ? line->avg60 : "0");
	json_number(w, "avg300", line->avg300 ? line->avg300 : "0");
	json_uint(w, "total", line->total);
	json_object_end(w);
}

static void write_pressure(struct json_writer *w, const struct stats_pressure *p)
{
	if (p->present) {
		json_object_begin(w, "psi");
		write_line(w, "some", &p->some);
		write_line(w, "full", &p->full);
		json_object_end(w);
	}
}

static void write_cpu(struct json_writer *w, const struct cgroup_stats *s)
{
	const struct stats_values *stat = &s->cpu.stat;

	json_object_begin(w, "cpu");
	json_object_begin(w, "usage");
	json_uint(w, "total", cgroup_stats_value(stat, "usage_usec") * NANOSECONDS);
	json_uint(w, "kernel", cgroup_stats_value(stat, "system_usec") * NANOSECONDS);
	json_uint(w, "user", cgroup_stats_value(stat, "user_usec") * NANOSECONDS);
	json_object_end(w);
	json_object_begin(w, "throttling");
	json_uint(w, "periods", cgroup_stats_value(stat, "nr_periods"));
	json_uint(w, "throttledPeriods", cgroup_stats_value(stat, "nr_throttled"));
	json_uint(w, "throttledTime", cgroup_stats_value(stat, "throttled_usec") * NANOSECONDS);
	json_object_end(w);
	write_pressure(w, &s->cpu.pressure);
	json_object_end(w);
}

static void write_usage(struct json_writer *w, const char *key, uint64_t limit, uint64_t usage,
			uint64_t max, uint64_t failures)
{
	json_object_begin(w, key);
	json_uint(w, "limit", limit);
	json_uint(w, "usage", usage);
	json_uint(w, "max", max);
	json_uint(w, "failcnt", failures);
	json_object_end(w);
}

/* "swap" is memory and swap together, as clients know it from version 1. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX || a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void write_memory(struct json_writer *w, const struct cgroup_stats *s)
{
	json_object_begin(w, "memory");
	if (s->memory.present) {
		json_uint(w, "cache", cgroup_stats_value(&s->memory.stat, "file"));
		write_usage(w, "usage", s->memory.limit, s->memory.usage, s->memory.max,
			    cgroup_stats_value(&s->memory.events, "max"));
		if (s->memory.has_swap) {
			write_usage(w, "swap", sum(s->memory.limit, s->memory.swap_limit),
				    sum(s->memory.usage, s->memory.swap_usage), s->memory.swap_max,
				    0);
		}
		json_object_begin(w, "raw");
		for (size_t i = 0; i < s->memory.stat.n; i++) {
			json_uint(w, s->memory.stat.v[i].name, s->memory.stat.v[i].value);
		}
		json_object_end(w);
	}
	write_pressure(w, &s->memory.pressure);
	json_object_end(w);
}

static void write_io_list(struct json_writer *w, const char *key, const struct cgroup_stats *s,
			  const char *const (*ops)[2])
{
	json_array_begin(w, key);
	for (size_t i = 0; i < s->io.n; i++) {
		for (size_t o = 0; o < 3; o++) {
			json_object_begin(w, NULL);
			json_uint(w, "major", s->io.v[i].major);
			json_uint(w, "minor", s->io.v[i].minor);
			json_string(w, "op", ops[o][0]);
			json_uint(w, "value", cgroup_stats_value(&s->io.v[i].values, ops[o][1]));
			json_object_end(w);
		}
	}
	json_array_end(w);
}

static void write_io(struct json_writer *w, const struct cgroup_stats *s)
{
	static const char *const bytes[][2] = { { "Read", "rbytes" },
						{ "Write", "wbytes" },
						{ "Discard", "dbytes" } };
	static const char *const count[][2] = { { "Read", "rios" },
						{ "Write", "wios" },
						{ "Discard", "dios" } };

	json_object_begin(w, "blkio");
	write_io_list(w, "ioServiceBytesRecursive", s, bytes);
	write_io_list(w, "ioServicedRecursive", s, count);
	write_pressure(w, &s->io.pressure);
	json_object_end(w);
}

static void write_stats(struct json_writer *w, const struct cgroup_stats *s)
{
	json_object_begin(w, "data");
	write_cpu(w, s);
	write_memory(w, s);
	json_object_begin(w, "pids");
	if (s->pids.present) {
		json_uint(w, "current", s->pids.current);
		/* 0 stands for no limit: clients were written for that. */
		json_uint(w, "limit", s->pids.limit == UINT64_MAX ? 0 : s->pids.limit);
	}
	json_object_end(w);
	write_io(w, s);
	json_object_begin(w, "hugetlb");
	for (size_t i = 0; i < s->hugetlb.n; i++) {
		json_object_begin(w, s->hugetlb.v[i].size);
		json_uint(w, "usage", s->hugetlb.v[i].usage);
		json_uint(w, "failcnt", s->hugetlb.v[i].failures);
		json_object_end(w);
	}
	json_object_end(w);
	json_object_begin(w, "intel_rdt");
	json_object_end(w);
	json_array_begin(w, "network_interfaces");
	json_array_end(w);
	json_object_end(w);
}

struct follower {
	const struct cmd_context *ctx;
	const struct container *container;
};

/* stats NULL: an event without data. */
static int print_event(const struct follower *f, const char *type, const struct cgroup_stats *stats,
		       struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct json_writer w;
	struct text out;

	text_init(&out, &arena);
	json_writer_init(&w, &out, true);
	json_object_begin(&w, NULL);
	json_string(&w, "type", type);
	json_string(&w, "id", f->container->id);
	if (stats) {
		write_stats(&w, stats);
	}
	json_object_end(&w);
	text_add(&out, "\n");
	return cmd_print(f->ctx, &out, err);
}

static int tick(void *data, struct err *err)
{
	const struct follower *f = data;
	scope_arena struct arena arena = ARENA_INIT;
	struct cgroup_stats stats;
	int rc = cgroup_stats(&arena, &f->container->state.cgroup, &stats, err);

	/* It has just ended, which whoever follows it learns as well. */
	if (rc == -ENOENT) {
		return 0;
	}
	return rc < 0 ? rc : print_event(f, "stats", &stats, err);
}

static int oom(void *data, struct err *err)
{
	return print_event(data, "oom", NULL, err);
}

/* {"type":"network","id":ID,"data":{"event":"slirp4netns restarted"}} */
static int network(void *data, int control, struct err *err)
{
	const struct follower *f = data;
	scope_arena struct arena arena = ARENA_INIT;
	char event[NET_EVENT_MAX];
	struct json_writer w;
	struct text out;
	ssize_t n = net_control_event(control, event, sizeof(event));

	if (n <= 0) {
		return n == -EAGAIN ? 0 : 1;
	}
	text_init(&out, &arena);
	json_writer_init(&w, &out, true);
	json_object_begin(&w, NULL);
	json_string(&w, "type", "network");
	json_string(&w, "id", f->container->id);
	json_object_begin(&w, "data");
	json_string(&w, "event", event);
	json_object_end(&w);
	json_object_end(&w);
	text_add(&out, "\n");
	return cmd_print(f->ctx, &out, err);
}

/* Go's durations, as runc takes them: "1m30s", "500ms"; a plain number is in seconds. */
static int read_interval(const char *text, int64_t *ret_ms, struct err *err)
{
	static const struct name units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, NAMES_END,
	};
	int64_t sum_ms = 0;
	const char *p = text;

	while (*p) {
		char *end;
		double number = strtod(p, &end);
		char name[4] = "s";
		size_t len = strspn(end, "msh");
		const struct name *unit;

		if (end == p || strspn(p, "0123456789.") != (size_t)(end - p) ||
		    len >= sizeof(name)) {
			break;
		}
		if (len > 0) {
			memcpy(name, end, len);
			name[len] = '\0';
		}
		unit = names_find(units, name);
		if (!unit || (len == 0 && (*end || p != text)) || number > 1e9) {
			break;
		}
		sum_ms += (int64_t)(number * (double)unit->value);
		p = end + len;
	}
	if (*p || sum_ms <= 0) {
		return err_set(err, EINVAL,
			       "--interval: `%s` is not a time such as 5s, 500ms or 1m30s", text);
	}
	*ret_ms = sum_ms;
	return 0;
}

static int parse(struct cmd_context *ctx, struct err *err)
{
	const char *text = cmd_value(&ctx->args, "interval");
	int64_t *interval_ms = arena_alloc(ctx->arena, sizeof(*interval_ms));

	*interval_ms = 5000;
	ctx->request = interval_ms;
	return text ? read_interval(text, interval_ms, err) : 0;
}

/* --stats */
static int print_once(const struct follower *f, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct cgroup_stats stats;

	if (cgroup_stats(&arena, &f->container->state.cgroup, &stats, err) < 0) {
		(void)err_wrap(err, "events of container `%s`", f->container->id);
		return container_explain(f->container, err);
	}
	return print_event(f, "stats", &stats, err);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const struct container *c = ctx->container;
	const int64_t *interval_ms = ctx->request;
	struct follower f = { .ctx = ctx, .container = c };
	struct cgroup_watch watch = { .tick = tick,
				      .oom = oom,
				      .told = network,
				      .data = &f,
				      .interval_ms = *interval_ms,
				      .pidfd = c->init,
				      .also = -1 };
	scope_fd int control = -1;
	struct err ignored;

	(void)ret_status;
	if (cmd_flag(&ctx->args, "stats")) {
		return print_once(&f, err);
	}
	/*
	 * Without a network of ours, or with one that has just ended, there is nothing to hear of
	 * it.
	 */
	if (host_network_follow(c, &control, &ignored) == 0) {
		watch.also = control;
	}
	if (cgroup_follow(&c->state.cgroup, &watch, err) < 0) {
		return err_wrap(err, "events of container `%s`", c->id);
	}
	return 0;
}

const struct cmd cmd_events = {
	.name = "events",
	.summary = "Print statistics and out-of-memory events of a container",
	.arguments = "CONTAINER",
	.help = "One JSON object a line, until the container ends. The types are stats, oom, and "
		"network where rootlet's own network\n"
		"of the container had to be restarted.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.target = CMD_TARGET_THERE,
	.want = { .status = CONTAINER_ALIVE, .held = true },
	.parse = parse,
	.run = run,
};
