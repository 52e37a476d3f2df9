/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/opts: one parser for the ways in which crun's and runc's callers write options.
 *
 * runc's parser (Go's) takes long options with one dash, crun's (argp) takes bundled letters and
 * options after arguments: both must work. "-name" is a long option when the table has that name,
 * else letters.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/cmd.h"

struct parser {
	const struct cmd_option *options;
	const char *who;
	const char *see; /* how to get help: "rootlet create --help" */
	char **next;	 /* the argument after the current one */
	struct cmd_args *out;
	struct err *err;
};

static const struct cmd_option *by_name(const struct cmd_option *options, const char *name,
					size_t len)
{
	for (const struct cmd_option *o = options; o->name; o++) {
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0) {
			return o;
		}
	}
	return NULL;
}

static const struct cmd_option *by_letter(const struct cmd_option *options, char letter)
{
	for (const struct cmd_option *o = options; o->name; o++) {
		if (o->letter && o->letter == letter) {
			return o;
		}
	}
	return NULL;
}

static const char *boolean(const char *text)
{
	static const char *const yes[] = { "true", "t", "yes", "y", "1", "on" };
	static const char *const no[] = { "false", "f", "no", "n", "0", "off" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (strcasecmp(text, yes[i]) == 0) {
			return "true";
		}
		if (strcasecmp(text, no[i]) == 0) {
			return "false";
		}
	}
	return NULL;
}

/* Takes an option; value is what was written with it, NULL for nothing. */
static int give(struct parser *p, const struct cmd_option *option, const char *value)
{
	if (!option->arg) {
		const char *flag = value ? boolean(value) : "true";

		if (!flag) {
			return err_set(p->err, EINVAL, "%s--%s=%s: a flag takes true or false",
				       p->who, option->name, value);
		}
		value = flag;
	} else if (!value) {
		if (!*p->next) {
			return err_set(p->err, EINVAL, "%soption --%s requires an argument: %s",
				       p->who, option->name, option->arg);
		}
		value = *p->next++;
	}
	p->out->given[p->out->n_given++] = (struct cmd_given){ .option = option, .value = value };
	return 0;
}

static int unknown(struct parser *p, const char *dashes, const char *text, size_t len)
{
	return err_set(p->err, EINVAL, "%sunknown option %s%.*s; see \"%s\"", p->who, dashes,
		       (int)len, text, p->see);
}

/* "name" or "name=value", the dashes taken off. */
static int parse_long(struct parser *p, const char *dashes, const char *text)
{
	size_t len = strcspn(text, "=");
	const struct cmd_option *option = by_name(p->options, text, len);

	if (!option && len == 4 && memcmp(text, "help", 4) == 0) {
		p->out->help = true;
		return 0;
	}
	if (!option) {
		return unknown(p, dashes, text, len);
	}
	return give(p, option, text[len] ? text + len + 1 : NULL);
}

/* "abc": letters; the first that takes a value takes the rest, or the next argument. */
static int parse_letters(struct parser *p, const char *text)
{
	for (; *text; text++) {
		const struct cmd_option *option = by_letter(p->options, *text);

		if (!option && (*text == 'h' || *text == '?')) {
			p->out->help = true;
			continue;
		}
		if (!option) {
			return unknown(p, "-", text, 1);
		}
		if (text[1] == '=') {
			return give(p, option, text + 2);
		}
		if (option->arg) {
			return give(p, option, text[1] ? text + 1 : NULL);
		}
		TRY(give(p, option, NULL));
	}
	return 0;
}

static int parse_option(struct parser *p, const char *arg)
{
	size_t len;

	if (str_starts(arg, "--")) {
		return parse_long(p, "--", arg + 2);
	}
	len = strcspn(arg + 1, "=");
	if (len > 1 &&
	    (by_name(p->options, arg + 1, len) || (len == 4 && str_starts(arg + 1, "help")))) {
		return parse_long(p, "-", arg + 1);
	}
	return parse_letters(p, arg + 1);
}

int cmd_parse(struct arena *arena, const struct cmd_option *options, enum cmd_order order,
	      const char *who, char **argv, struct cmd_args *ret, struct err *err)
{
	struct cmd_args out = { .options = options };
	struct parser p = {
		.options = options,
		.who = who,
		.see = "rootlet --help",
		.next = argv,
		.out = &out,
		.err = err,
	};
	size_t letters = 0, count = 0;
	bool literal = false;

	for (char **arg = argv; *arg; arg++) {
		letters += strlen(*arg);
		count++;
	}
	/* No argument holds more options than it has characters. */
	out.given = arena_array(arena, letters + 1, sizeof(*out.given));
	out.v = arena_array(arena, count + 1, sizeof(*out.v));
	if (*who) {
		p.see = arena_printf(arena, "rootlet %.*s --help", (int)strcspn(who, ":"), who);
	}
	while (*p.next) {
		char *arg = *p.next++;

		if (!literal && str_eq(arg, "--")) {
			literal = true;
		} else if (!literal && arg[0] == '-' && arg[1]) {
			TRY(parse_option(&p, arg));
		} else {
			out.v[out.n++] = arg;
			literal = literal || order == CMD_IN_ORDER;
		}
	}
	*ret = out;
	return 0;
}

static int check_count(const struct cmd *cmd, const struct cmd_args *args, struct err *err)
{
	unsigned wanted = cmd->max_args;
	const char *how = "at most";

	if (args->n >= cmd->min_args && args->n <= cmd->max_args) {
		return 0;
	}
	if (cmd->max_args == 0) {
		return err_set(err, EINVAL, "\"%s\" takes no arguments: `%s`", cmd->name,
			       args->v[0]);
	}
	if (args->n < cmd->min_args) {
		wanted = cmd->min_args;
		how = "at least";
	}
	if (cmd->min_args == cmd->max_args) {
		how = "exactly";
	}
	return err_set(err, EINVAL,
		       "\"%s\" requires %s %u argument%s: %s; see \"rootlet %s --help\"", cmd->name,
		       how, wanted, wanted == 1 ? "" : "s", cmd->arguments, cmd->name);
}

int cmd_parse_command(struct arena *arena, const struct cmd *cmd, char **argv, struct cmd_args *ret,
		      struct err *err)
{
	enum cmd_order order = cmd->free_tail ? CMD_IN_ORDER : CMD_PERMUTE;

	TRY(cmd_parse(arena, cmd->options, order, arena_printf(arena, "%s: ", cmd->name), argv, ret,
		      err));
	return ret->help ? 0 : check_count(cmd, ret, err);
}

static const char *last_given(const struct cmd_args *args, const char *name)
{
	if (!by_name(args->options, name, strlen(name))) {
		abort(); /* a name that the command's own table lacks: a mistake in the command */
	}
	for (size_t i = args->n_given; i > 0; i--) {
		if (str_eq(args->given[i - 1].option->name, name)) {
			return args->given[i - 1].value;
		}
	}
	return NULL;
}

const char *cmd_value(const struct cmd_args *args, const char *name)
{
	const char *value = last_given(args, name);

	return value && *value ? value : NULL;
}

const char *cmd_value_or(const struct cmd_args *args, const char *name, const char *otherwise)
{
	const char *value = cmd_value(args, name);

	return value ? value : otherwise;
}

struct strs cmd_values(struct arena *arena, const struct cmd_args *args, const char *name)
{
	struct strs list = { .n = 0 };

	if (!last_given(args, name)) {
		return list;
	}
	list.v = arena_array(arena, args->n_given + 1, sizeof(*list.v));
	for (size_t i = 0; i < args->n_given; i++) {
		if (str_eq(args->given[i].option->name, name)) {
			list.v[list.n++] = args->given[i].value;
		}
	}
	return list;
}

bool cmd_given(const struct cmd_args *args, const char *name)
{
	return last_given(args, name) != NULL;
}

bool cmd_flag_or(const struct cmd_args *args, const char *name, bool otherwise)
{
	const char *value = last_given(args, name);

	return value ? str_eq(value, "true") : otherwise;
}

bool cmd_flag(const struct cmd_args *args, const char *name)
{
	return cmd_flag_or(args, name, false);
}

int cmd_number(const struct cmd_args *args, const char *name, int max, int *ret, struct err *err)
{
	const char *value = cmd_value(args, name);
	uint64_t number;

	if (!value) {
		return 0;
	}
	if (str_u64(value, (uint64_t)max, &number) < 0) {
		return err_set(err, EINVAL, "--%s: `%s` is not a number from 0 to %d", name, value,
			       max);
	}
	*ret = (int)number;
	return 0;
}
