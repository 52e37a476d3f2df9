/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reaper: runs a command and waits for every process of its that has lost its parent. Where pid 1
 * does not do that, as in many containers, each detached container of a test leaves a zombie. Its
 * session keyring counts until the user may have no more keys, and then no container starts.
 *
 *   reaper COMMAND...    exits as the command does
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t command;

static void pass_on(int signal)
{
	kill(command, signal);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	sigset_t both, before;
	int status = 0;
	pid_t pid;

	if (argc < 2) {
		fputs("usage: reaper COMMAND...\n", stderr);
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		perror("reaper: prctl");
		return 2;
	}
	/* They wait until it is known whom to pass them on to. */
	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGHUP);
	sigprocmask(SIG_BLOCK, &both, &before);
	command = fork();
	if (command < 0) {
		perror("reaper: fork");
		return 2;
	}
	if (command == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A terminal sends this one to the command too. */
	signal(SIGINT, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);

	do {
		int ended;

		pid = wait(&ended);
		if (pid == command) {
			status = ended;
		}
	} while (pid > 0 && pid != command);
	while (waitpid(-1, NULL, WNOHANG) > 0) {
	}
	if (WIFSIGNALED(status)) {
		return 128 + WTERMSIG(status);
	}
	return WEXITSTATUS(status);
}
