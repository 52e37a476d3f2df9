/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual: writes a manual page: its text is PAGE.in, and where that has a line "@GLOBAL OPTIONS@",
 * "@COMMANDS@" or "@ANNOTATIONS@", what the tables say that rootlet itself parses by.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "docs/config_support.h"
#include "plan/annotations.h"

/*
 * groff_man(7): a hyphen that is to be typed as it stands is "\-", and a line must not begin like a
 * request. One sentence ends where the line does not, so runs of text stay on one line, but for the
 * breaks of the source.
 */
static void add_text(struct text *out, const char *s)
{
	bool line_begins = true;

	for (; *s; s++) {
		if (line_begins && (*s == '.' || *s == '\'')) {
			text_add(out, "\\&");
		}
		line_begins = *s == '\n';
		if (*s == '-') {
			text_add(out, "\\-");
		} else if (*s == '\\') {
			text_add(out, "\\e");
		} else {
			text_addn(out, s, 1);
		}
	}
}

/* A flag's names, or those and the value's: "\fB\-b\fR, \fB\-\-bundle\fR \fIDIR\fR". */
static void add_option(struct text *out, const struct cmd_option *option)
{
	text_add(out, ".TP\n");
	if (option->letter) {
		text_add(out, "\\fB\\-%c\\fR, ", option->letter);
	}
	text_add(out, "\\fB\\-\\-");
	add_text(out, option->name);
	text_add(out, "\\fR");
	if (option->arg) {
		text_add(out, " \\fI");
		add_text(out, option->arg);
		text_add(out, "\\fR");
	}
	text_add(out, "\n");
	add_text(out, option->help);
	text_add(out, "%s\n", option->use == CMD_IGNORED ? " (accepted, ignored)" : "");
}

static void add_options(struct text *out, const struct cmd_option *options)
{
	for (const struct cmd_option *o = options; o->name; o++) {
		if (o->help) {
			add_option(out, o);
		}
	}
}

static void add_commands(struct text *out)
{
	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *cmd = cmd_table[i];

		text_add(out, ".SS %s", cmd->name);
		if (*cmd->arguments) {
			text_add(out, " ");
			add_text(out, cmd->arguments);
		}
		text_add(out, "\n");
		add_text(out, cmd->summary);
		text_add(out, ".\n");
		if (cmd->help) {
			text_add(out, ".PP\n");
			add_text(out, cmd->help);
		}
		add_options(out, cmd->options);
	}
}

static void add_verdict(struct text *out, const struct verdict *v)
{
	static const char *const words[] = {
		[VERDICT_DONE] = "",
		[VERDICT_ADAPTED] = "adapted: ",
		[VERDICT_REFUSED] = "refused: ",
	};

	text_add(out, "%s", words[v->kind]);
	add_text(out, v->text ? v->text : "done");
}

static const struct verdict_row *row_of(const char *name)
{
	for (const struct verdict_row *r = verdict_annotations; r->key; r++) {
		if (str_eq(r->key, name)) {
			return r;
		}
	}
	return NULL;
}

static void add_verdict_for(struct text *out, const char *whom, const struct verdict *v)
{
	if (v->kind != VERDICT_DONE || v->text) {
		text_add(out, "%s", whom);
		add_verdict(out, v);
		text_add(out, ".\n");
	}
}

static bool same(const struct verdict *a, const struct verdict *b)
{
	return a->kind == b->kind &&
	       (a->text == b->text || (a->text && b->text && str_eq(a->text, b->text)));
}

static void add_verdicts(struct text *out, const struct verdict_row *row)
{
	if (same(&row->user, &row->root)) {
		add_verdict_for(out, "", &row->user);
		return;
	}
	add_verdict_for(out, "For an ordinary user: ", &row->user);
	add_verdict_for(out, "For root: ", &row->root);
}

static void add_annotations(struct text *out)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		const struct plan_annotation_row *a = &plan_annotations[i];
		const struct verdict_row *row = row_of(a->name);

		text_add(out, ".TP\n\\fB");
		add_text(out, a->name);
		text_add(out, "%s\\fR (", a->name[strlen(a->name) - 1] == '.' ? "*" : "");
		add_text(out, a->value);
		text_add(out, ")\n");
		add_text(out, a->meaning);
		text_add(out, ".\n");
		if (row) {
			add_verdicts(out, row);
		}
	}
}

int main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	FILE *in = argc == 2 ? fopen(argv[1], "re") : NULL;
	struct text out;
	char line[1024];

	if (!in) {
		perror(argc == 2 ? argv[1] : "usage: manual PAGE.in");
		return 1;
	}
	text_init(&out, &arena);
	while (fgets(line, sizeof(line), in)) {
		if (str_eq(line, "@GLOBAL OPTIONS@\n")) {
			add_options(&out, cmd_global_options);
		} else if (str_eq(line, "@COMMANDS@\n")) {
			add_commands(&out);
		} else if (str_eq(line, "@ANNOTATIONS@\n")) {
			add_annotations(&out);
		} else {
			text_addn(&out, line, strlen(line));
		}
	}
	fclose(in);
	fwrite(out.s, 1, out.len, stdout);
	arena_done(&arena);
	return fflush(stdout) == 0 ? 0 : 1;
}
