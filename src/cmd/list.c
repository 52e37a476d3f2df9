/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/list: the containers of this state folder. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/state.h"
#include "state/folder.h"
#include "state/status.h"

static const struct cmd_option options[] = {
	{ "format", 'f', "FORMAT", "table or json (default: table)", CMD_USED },
	{ "quiet", 'q', NULL, "the IDs only", CMD_USED },
	CMD_OPTIONS_END,
};

/* As runc's table: columns at least this wide, and this far apart. */
#define COLUMN_MIN 12
#define COLUMN_GAP 3
#define COLUMNS 6

/*
 * Reads every container; one that goes in the meantime is left out, a damaged one with a warning.
 */
static size_t load_rows(const char *root, const struct strs *ids, struct container *rows)
{
	const struct container_want any = { .status = 0 };
	struct err err;
	size_t n = 0;

	for (size_t i = 0; i < ids->n; i++) {
		int rc = container_find(root, ids->v[i], &any, &rows[n], &err);

		if (rc == 0) {
			n++;
		} else if (rc != -ENOENT) {
			log_warning("%s", err.msg);
		}
	}
	return n;
}

/* A path may hold anything; a terminal acts on some of it. */
static const char *shown(struct arena *arena, const char *text)
{
	struct text out;

	text_init(&out, arena);
	text_add_shown(&out, text, strlen(text));
	return out.s;
}

static void cells_of(struct arena *arena, const struct container *row, const char *cells[COLUMNS])
{
	cells[0] = row->state.id;
	cells[1] = arena_printf(arena, "%d", (int)container_pid(row));
	cells[2] = state_status_name(row->status);
	cells[3] = shown(arena, row->state.bundle);
	cells[4] = row->state.created;
	cells[5] = shown(arena, row->state.owner);
}

static void add_line(struct text *out, const char *cells[COLUMNS], const size_t widths[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS - 1; i++) {
		text_add(out, "%-*s", (int)widths[i], cells[i]);
	}
	text_add(out, "%s\n", cells[COLUMNS - 1]);
}

static void widen(size_t widths[COLUMNS], const char *cells[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t need = strlen(cells[i]) + COLUMN_GAP;

		widths[i] = need > widths[i] ? need : widths[i];
	}
}

static void print_table(struct arena *arena, struct text *out, const struct container *rows,
			size_t n)
{
	const char *head[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	const char *cells[COLUMNS];
	size_t widths[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++) {
		widths[i] = COLUMN_MIN;
	}
	for (size_t i = 0; i < n; i++) {
		cells_of(arena, &rows[i], cells);
		widen(widths, cells);
	}
	add_line(out, head, widths);
	for (size_t i = 0; i < n; i++) {
		cells_of(arena, &rows[i], cells);
		add_line(out, cells, widths);
	}
}

static void print_json(struct text *out, const struct container *rows, size_t n)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < n; i++) {
		cmd_state_json(&w, &rows[i]);
	}
	json_array_end(&w);
	text_add(out, "\n");
}

static int run(struct cmd_context *ctx, int *ret_status, struct err *err)
{
	struct strs ids = { .n = 0 };
	const char *root = NULL;
	bool json = false;
	struct container *rows;
	struct text out;
	size_t n;

	(void)ret_status;
	TRY(cmd_format(ctx, &json, err));
	TRY(cmd_root(ctx, false, &root, err));
	TRY(state_list(ctx->arena, root, &ids, err));
	rows = arena_array(ctx->arena, ids.n, sizeof(*rows));
	text_init(&out, ctx->arena);
	if (cmd_flag(&ctx->args, "quiet")) {
		for (size_t i = 0; i < ids.n; i++) {
			text_add(&out, "%s\n", ids.v[i]);
		}
		return cmd_print(ctx, &out, err);
	}
	n = load_rows(root, &ids, rows);
	if (json) {
		print_json(&out, rows, n);
	} else {
		print_table(ctx->arena, &out, rows, n);
	}
	for (size_t i = 0; i < n; i++) {
		container_done(&rows[i]);
	}
	return cmd_print(ctx, &out, err);
}

const struct cmd cmd_list = {
	.name = "list",
	.summary = "List containers",
	.arguments = "",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
