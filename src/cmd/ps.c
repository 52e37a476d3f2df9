/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/ps: the processes of a container, as pids or as the lines that ps(1) has for them. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cmd/commands.h"
#include "host/ps.h"
#include "state/processes.h"
#include "json/encode.h"

static const struct cmd_option options[] = {
	{ "format", 'f', "FORMAT", "table or json (default: table)", CMD_USED },
	CMD_OPTIONS_END,
};

struct pids {
	pid_t *v;
	size_t n;
};

/* The start of the field of that index in the line, NULL when it has fewer; *ret_len its length. */
static const char *field(const char *line, size_t index, size_t *ret_len)
{
	for (;;) {
		size_t len;

		line += strspn(line, " \t");
		len = strcspn(line, " \t\n");
		if (len == 0) {
			return NULL;
		}
		if (index-- == 0) {
			*ret_len = len;
			return line;
		}
		line += len;
	}
}

static int find_pid_column(const char *header, size_t *ret, struct err *err)
{
	const char *name;
	size_t len;

	for (size_t i = 0; (name = field(header, i, &len)); i++) {
		if (len == 3 && memcmp(name, "PID", 3) == 0) {
			*ret = i;
			return 0;
		}
	}
	return err_set(err, EINVAL,
		       "what ps prints has no PID column; choose other arguments for it");
}

static bool holds(const struct pids *pids, const char *text, size_t len)
{
	char number[24];
	uint32_t pid;

	if (len >= sizeof(number)) {
		return false;
	}
	memcpy(number, text, len);
	number[len] = '\0';
	if (str_u32(number, &pid) < 0) {
		return false;
	}
	for (size_t i = 0; i < pids->n; i++) {
		if ((uint32_t)pids->v[i] == pid) {
			return true;
		}
	}
	return false;
}

/*
 * The header, and the lines whose PID is the container's. Not every ps hides what a program has
 * called itself, and a terminal would act on it.
 */
static int filter(const char *table, const struct pids *pids, struct text *out, struct err *err)
{
	size_t column = 0;

	TRY(find_pid_column(table, &column, err));
	for (bool first = true; *table; first = false) {
		size_t line_len = strcspn(table, "\n");
		size_t len = 0;
		const char *pid = field(table, column, &len);

		if (first || (pid && holds(pids, pid, len))) {
			text_add_shown(out, table, line_len);
			text_add(out, "\n");
		}
		table += line_len + (table[line_len] == '\n');
	}
	return 0;
}

static void add_json(struct text *out, const struct pids *pids)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < pids->n; i++) {
		json_int(&w, NULL, pids->v[i]);
	}
	json_array_end(&w);
	text_add(out, "\n");
}

static int parse(struct cmd_context *ctx, struct err *err)
{
	bool *json = arena_alloc(ctx->arena, sizeof(*json));

	ctx->request = json;
	return cmd_format(ctx, json, err);
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	const struct state *state = &ctx->container->state;
	const bool *json = ctx->request;
	struct pids pids = { .n = 0 };
	struct text out;

	(void)ret_status;
	text_init(&out, ctx->arena);
	if (!*json) {
		struct text table;

		text_init(&table, ctx->arena);
		/*
		 * The pids after ps: a process that came in between is missing, none is taken for
		 * ours wrongly.
		 */
		TRY(host_ps(ctx->arena, ctx->args.v + 1, ctx->args.n - 1, &table, err));
		TRY(state_processes(ctx->arena, state, &pids.v, &pids.n, err));
		TRY(filter(table.s, &pids, &out, err));
		return cmd_print(ctx, &out, err);
	}
	TRY(state_processes(ctx->arena, state, &pids.v, &pids.n, err));
	add_json(&out, &pids);
	return cmd_print(ctx, &out, err);
}

const struct cmd cmd_ps = {
	.name = "ps",
	.summary = "Show the processes of a container",
	.arguments = "CONTAINER [PS OPTION]...",
	.help = "The table is that of `ps -ef`, or of ps with the options given after CONTAINER.\n",
	.options = options,
	.min_args = 1,
	.max_args = UINT_MAX,
	.free_tail = true,
	.target = CMD_TARGET_THERE,
	.parse = parse,
	.run = run,
};
