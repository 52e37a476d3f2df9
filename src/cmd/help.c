/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/help: --help, made of the same tables that parse. */
#include <stdio.h>

#include "cmd/cmd.h"

/* Where the second column begins; a longer first column pushes it to the next line. */
#define COLUMN 28

static void add_option(struct text *out, const struct cmd_option *option)
{
	char left[128];
	char letter[8] = "    ";
	int len;

	if (option->letter) {
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	}
	if (option->arg) {
		len = snprintf(left, sizeof(left), "  %s--%s %s", letter, option->name,
			       option->arg);
	} else {
		len = snprintf(left, sizeof(left), "  %s--%s", letter, option->name);
	}
	if (len >= COLUMN) {
		text_add(out, "%s\n%*s", left, COLUMN, "");
	} else {
		text_add(out, "%-*s", COLUMN, left);
	}
	text_add(out, "%s%s\n", option->help,
		 option->use == CMD_IGNORED ? " (accepted, ignored)" : "");
}

static void add_options(struct text *out, const struct cmd_option *options)
{
	static const struct cmd_option help = { "help", 'h', NULL, "print this text", CMD_USED };

	for (const struct cmd_option *o = options; o->name; o++) {
		if (o->help) {
			add_option(out, o);
		}
	}
	add_option(out, &help);
}

static void help_command(struct text *out, const struct cmd *cmd)
{
	text_add(out, "Usage: rootlet [GLOBAL OPTION]... %s [OPTION]...%s%s\n\n%s.\n", cmd->name,
		 *cmd->arguments ? " " : "", cmd->arguments, cmd->summary);
	if (cmd->help) {
		text_add(out, "\n%s", cmd->help);
	}
	text_add(out, "\nOptions:\n");
	add_options(out, cmd->options);
	text_add(out, "\nGlobal options: see \"rootlet --help\".\n");
}

void cmd_help(struct text *out, const struct cmd *cmd)
{
	if (cmd) {
		help_command(out, cmd);
		return;
	}
	text_add(out, "Usage: rootlet [GLOBAL OPTION]... COMMAND [OPTION]... [ARGUMENT]...\n\n"
		      "Runs OCI containers without root. It takes the place of runc and crun.\n\n"
		      "Commands:\n");
	for (size_t i = 0; cmd_table[i]; i++) {
		text_add(out, "  %-10s %s\n", cmd_table[i]->name, cmd_table[i]->summary);
	}
	text_add(out, "\nGlobal options, before the command:\n");
	add_options(out, cmd_global_options);
	text_add(out, "\nEach command's own options: rootlet COMMAND --help\n\n"
		      "A first container, in a folder that has a root filesystem in rootfs/:\n"
		      "  rootlet spec\n"
		      "  rootlet run mycontainer\n");
}
