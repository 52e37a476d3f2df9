/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/table: the commands by name, and the global options. */
#include "cmd/commands.h"

#define ENTRY(name) &cmd_##name,

const struct cmd *const cmd_table[] = { CMD_COMMANDS(ENTRY) NULL };

const struct cmd_option cmd_global_options[] = {
	{ "root", 0, "DIR", "where state is kept (default: $XDG_RUNTIME_DIR/rootlet)", CMD_USED },
	{ "log", 0, "TARGET",
	  "[file:]PATH, journald:IDENT or syslog:IDENT (default: standard error)", CMD_USED },
	{ "log-format", 0, "FORMAT", "text or json (default: text)", CMD_USED },
	{ "log-level", 0, "LEVEL", "error, warning or debug (default: warning)", CMD_USED },
	{ "debug", 0, NULL, "the same as --log-level debug", CMD_USED },
	{ "cgroup-manager", 0, "MANAGER", "auto, systemd, cgroupfs or disabled (default: auto)",
	  CMD_USED },
	{ "systemd-cgroup", 0, NULL, "the same as --cgroup-manager systemd", CMD_USED },
	{ "limits", 0, "HOW",
	  "strict: a limit that can't be had is an error (default); best-effort: a warning",
	  CMD_USED },
	{ "rootless", 0, "VALUE", "for runc's sake: rootlet sees for itself", CMD_IGNORED },
	{ "criu", 0, "PATH", "for runc's sake", CMD_IGNORED },
	{ "version", 'v', NULL, "print the version", CMD_USED },
	{ "version", 'V', NULL, NULL, CMD_USED },
	CMD_OPTIONS_END,
};

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; cmd_table[i]; i++) {
		if (str_eq(cmd_table[i]->name, name)) {
			return cmd_table[i];
		}
	}
	return NULL;
}
