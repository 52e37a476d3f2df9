/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd: one const struct for each command, in its own file. Parsing, --help and the manual page are
 * all made of the same tables, and what a command needs of its container is found before it runs. A
 * new command is its file and one line in commands.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/table.h"
#include "container/container.h"

enum cmd_option_use {
	CMD_USED,
	CMD_IGNORED, /* known to crun or runc, accepted, without a meaning here */
};

struct cmd_option {
	const char *name; /* long, without dashes */
	char letter;	  /* short, 0: none */
	/* the value's name in the help; NULL: a flag, which takes =true and =false */
	const char *arg;
	const char *help; /* NULL: another letter of the same name, not shown */
	enum cmd_option_use use;
};

/* Tables end with an option whose name is NULL. */
#define CMD_OPTIONS_END                                                                            \
	{                                                                                          \
		.name = NULL                                                                       \
	}

struct cmd_context;

/*
 * The container that a command is for. It is named by one of the arguments and found before the
 * command runs, which has it in ctx->container.
 */
enum cmd_target {
	CMD_TARGET_NONE,
	/* that is there, and as the command's `want` has it */
	CMD_TARGET_THERE,
	/* that is to be made: its name, which was checked, and the folder of all state, made */
	CMD_TARGET_NEW,
	/* of which something may be left: its name alone */
	CMD_TARGET_REMAINS,
};

struct cmd {
	const char *name;
	const char *summary;   /* one line, for the list of commands */
	const char *arguments; /* "CONTAINER [SIGNAL]", "" when there are none */
	const char *help;      /* further paragraphs, ending with a newline; NULL: none */
	const struct cmd_option *options;
	unsigned min_args;
	unsigned max_args; /* UINT_MAX: any number */
	/* starts foreign programs: rootlet's own file must be out of their reach */
	bool runs_program;
	bool free_tail; /* what follows the first argument is not for us to parse (exec, ps) */
	int failure;	/* exit status of a failure; 0: 1 */

	enum cmd_target target;
	unsigned target_at;	    /* which argument names it, from 0 */
	struct container_want want; /* CMD_TARGET_THERE: what it has to be like */

	/*
	 * What can be told of the arguments alone, before the container is looked for: into
	 * ctx->request. NULL: nothing.
	 */
	int (*parse)(struct cmd_context *ctx, struct err *err);

	/*
	 * 0 with *ret_status the exit status (0 at the call), or -errno with err. With the option
	 * "regex", where a command has it, this is called for every container whose ID matches.
	 */
	int (*run)(struct cmd_context *ctx, int *ret_status, struct err *err);
};

/* One option as it was given, in the order of the command line. */
struct cmd_given {
	const struct cmd_option *option;
	const char *value; /* flags: "true" or "false" */
};

struct cmd_args {
	const struct cmd_option *options; /* the table that was parsed by */
	struct cmd_given *given;
	size_t n_given;
	char **v; /* what is no option, NULL-terminated */
	size_t n;
	bool help; /* --help, -h, -? */
};

struct cmd_context {
	struct arena *arena;
	const struct cmd *cmd;
	struct cmd_args globals;
	struct cmd_args args;
	/* it was closed when we were started, and is /dev/null now */
	bool no_stdout;
	void *request;		     /* of the command's parse */
	struct container *container; /* the command's target; NULL: none */
};

/* All commands in the order of commands.h, NULL-terminated, and the global options. */
extern const struct cmd *const cmd_table[];
extern const struct cmd_option cmd_global_options[];
const struct cmd *cmd_find(const char *name);

enum cmd_order {
	CMD_PERMUTE,  /* options may follow arguments */
	CMD_IN_ORDER, /* the first argument ends the options */
};

/*
 * Parses argv (without the program's or the command's name) by a table: --x=v, --x v, the same with
 * one dash, -dt, -bDIR, -b DIR, -- for the end. Errors: EINVAL, one line that says what to do,
 * `who` ("create: ", "") in front of it.
 */
int cmd_parse(struct arena *arena, const struct cmd_option *options, enum cmd_order order,
	      const char *who, char **argv, struct cmd_args *ret, struct err *err);

/* cmd_parse for a command, and the number of its arguments. */
int cmd_parse_command(struct arena *arena, const struct cmd *cmd, char **argv, struct cmd_args *ret,
		      struct err *err);

/* The last value given, NULL when there is none or it is empty. The name must be in the table. */
const char *cmd_value(const struct cmd_args *args, const char *name);

/* The same, `otherwise` in place of NULL. */
const char *cmd_value_or(const struct cmd_args *args, const char *name, const char *otherwise);

/* Every value given, in order. */
struct strs cmd_values(struct arena *arena, const struct cmd_args *args, const char *name);

/* Whether the option was given at all. */
bool cmd_given(const struct cmd_args *args, const char *name);

/* Whether a flag is on; cmd_flag_or: `otherwise` when it wasn't given. */
bool cmd_flag(const struct cmd_args *args, const char *name);
bool cmd_flag_or(const struct cmd_args *args, const char *name, bool otherwise);

/* The value as a number from 0 to max; *ret is left alone when the option wasn't given. */
int cmd_number(const struct cmd_args *args, const char *name, int max, int *ret, struct err *err);

/* The text of --help for a command, or for the program when cmd is NULL. */
void cmd_help(struct text *out, const struct cmd *cmd);

/*
 * Writes to stdout, whole or with an error: a full disk, a closed pipe or no stdout at all does not
 * pass as success.
 */
int cmd_print(const struct cmd_context *ctx, const struct text *out, struct err *err);

/* Where state lives, from --root and the environment. */
int cmd_root(struct cmd_context *ctx, bool create, const char **ret, struct err *err);

/*
 * Runs the command on its target (target.c); with --regex on every container whose ID matches: the
 * first error is returned after all were tried, further ones are warnings.
 */
int cmd_run_on_target(struct cmd_context *ctx, int *ret_status, struct err *err);

/* "table" or "json" by --format: *ret_json. */
int cmd_format(const struct cmd_context *ctx, bool *ret_json, struct err *err);

/* How many descriptors --preserve-fds takes at most. */
#define CMD_PRESERVE_FDS_MAX 65536

/* Options of checkpoint and restore that mean the same for both (criu_options.c). */
struct criu_options;
/* clang-format off */
#define CMD_CRIU_OPTIONS \
	{ "image-path", 0, "DIR", "folder of the image files (default: checkpoint)", CMD_USED }, \
	{ "work-path", 0, "DIR", \
	  "folder of CRIU's logs (default: that of the images)", CMD_USED }, \
	{ "tcp-established", 0, NULL, "with open TCP connections", CMD_USED }, \
	{ "ext-unix-sk", 0, NULL, "with UNIX sockets to processes outside", CMD_USED }, \
	{ "shell-job", 0, NULL, "a process of a shell's session", CMD_USED }, \
	{ "file-locks", 0, NULL, "with locks of files", CMD_USED }, \
	{ "manage-cgroups-mode", 0, "MODE", \
	  "soft, full, strict or ignore (default: ignore)", CMD_USED }, \
	{ "network-lock", 0, "METHOD", "iptables, nftables or skip", CMD_USED }, \
	{ "empty-ns", 0, "network", "an empty namespace in place of what it holds", CMD_USED }, \
	{ "auto-dedup", 0, NULL, "remove memory that a later image has too", CMD_USED }, \
	{ "lazy-pages", 0, NULL, "move memory when it is needed", CMD_USED }
/* clang-format on */
int cmd_criu_options(struct cmd_context *ctx, struct criu_options *ret, struct err *err);

/* Options of create and run that mean the same for both (launch_options.c). */
struct launch_options;
/* clang-format off */
#define CMD_CREATE_OPTIONS \
	{ "bundle", 'b', "DIR", \
	  "the bundle: the folder with config.json (default: .)", CMD_USED }, \
	{ "config", 'f', "FILE", "read FILE in place of the bundle's config.json", CMD_USED }, \
	{ "console-socket", 0, "PATH", \
	  "UNIX socket that is sent the terminal's descriptor", CMD_USED }, \
	{ "pid-file", 0, "FILE", "write the container's pid there", CMD_USED }, \
	{ "no-pivot", 0, NULL, \
	  "move the root in place of pivot_root (rootfs on a ramdisk)", CMD_USED }, \
	{ "no-new-keyring", 0, NULL, "keep the caller's session keyring", CMD_USED }, \
	{ "preserve-fds", 0, "N", "pass descriptors 3 to 2+N on to the container", CMD_USED }, \
	{ "pidfd-socket", 0, "PATH", \
	  "UNIX socket that is sent a pidfd of the container", CMD_USED }, \
	{ "net", 0, "MODE", \
	  "slirp4netns[:OPTION=VALUE,...], host, none, ns:PATH or container:ID", CMD_USED }, \
	{ "publish", 'p', "PORT", \
	  "[HOST:]PORT[-PORT]:PORT[-PORT][/udp] (can be repeated)", CMD_USED }, \
	{ "no-subreaper", 0, NULL, \
	  "do not take over what a container without a pid namespace leaves", CMD_USED }
/* clang-format on */
extern const struct name cmd_cgroup_managers[]; /* to enum plan_cgroup_choice */
int cmd_launch_options(struct cmd_context *ctx, bool quiet, struct launch_options *ret,
		       struct err *err);
