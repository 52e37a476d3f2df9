/* SPDX-License-Identifier: Apache-2.0 */
/* host/signals: a signal's number from the ways in which clients write it. */
#include "host/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/str.h"
#include "base/table.h"

/* signal(7), without the prefix; synonyms after the usual name. */
static const struct name signal_names[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "CHLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	{ "IOT", SIGIOT },
	{ "POLL", SIGPOLL },
	{ "CLD", SIGCHLD },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
	NAMES_END,
};

/* "RTMIN", "RTMIN+N", "RTMAX", "RTMAX-N", in capitals. */
static bool realtime(const char *name, int *ret)
{
	bool from_min = str_starts(name, "RTMIN");
	uint64_t offset = 0;
	const char *rest;

	if (!from_min && !str_starts(name, "RTMAX")) {
		return false;
	}
	rest = name + strlen("RTMIN");
	if (*rest) {
		if (*rest != (from_min ? '+' : '-') ||
		    str_u64(rest + 1, (uint64_t)(SIGRTMAX - SIGRTMIN), &offset) < 0) {
			return false;
		}
	}
	*ret = from_min ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
	return true;
}

static int unknown(const char *text, struct err *err)
{
	return err_set(
		err, EINVAL,
		"unknown signal \"%s\": a name such as TERM or SIGTERM, or a number from 0 to %d",
		text, SIGRTMAX);
}

int host_signal_parse(const char *text, int *ret, struct err *err)
{
	char name[16] = "";
	uint64_t number;
	const struct name *found;
	size_t n = 0;

	/* 0 sends nothing and only asks whether the container is there, kill(2). */
	if (str_u64(text, (uint64_t)SIGRTMAX, &number) == 0) {
		*ret = (int)number;
		return 0;
	}
	if (strlen(text) >= sizeof(name)) {
		return unknown(text, err);
	}
	for (; text[n]; n++) {
		name[n] = text[n];
		if (text[n] >= 'a' && text[n] <= 'z') {
			name[n] = (char)(text[n] - 'a' + 'A');
		}
	}
	const char *bare = str_starts(name, "SIG") ? name + 3 : name;

	found = names_find(signal_names, bare);
	if (found) {
		*ret = (int)found->value;
		return 0;
	}
	if (realtime(bare, ret)) {
		return 0;
	}
	return unknown(text, err);
}
