/* SPDX-License-Identifier: Apache-2.0 */
/* sys/signals: what a program of someone else's must not inherit. */
#include "sys/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/await.h"

/* The kernel's own number of signals; its sigset_t has as many bits. */
#define SIGNALS 64

/*
 * Large enough for the kernel's struct sigaction of any machine; all zero is SIG_DFL without flags.
 */
static const unsigned long defaults[16];

static void reset(bool all)
{
	sigset_t none;

	for (int sig = 1; sig <= SIGNALS; sig++) {
		if (all || !sys_signal_ends(sig) || sys_signal_asks(sig)) {
			syscall(SYS_rt_sigaction, sig, defaults, NULL, SIGNALS / 8);
		}
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void sys_signals_reset(void)
{
	reset(true);
}

void sys_signals_reset_work(void)
{
	reset(false);
}

void sys_signals_hear(void)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		if (sys_signal_ends(sig)) {
			syscall(SYS_rt_sigaction, sig, defaults, NULL, SIGNALS / 8);
		}
	}
}

static void exit_by(int sig)
{
	_exit(128 + sig);
}

void sys_signals_exit(void)
{
	/* What ends runc's process that waits; the others do nothing to it. */
	static const int fatal[] = { SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGILL,	   SIGTRAP,
				     SIGABRT, SIGBUS, SIGFPE,  SIGSEGV, SIGSTKFLT, SIGSYS };
	struct sigaction action = { .sa_handler = exit_by };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		sigaction(fatal[i], &action, NULL);
	}
}
