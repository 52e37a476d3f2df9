/* SPDX-License-Identifier: Apache-2.0 */
/* sys/process_tree: the end of a process and of all that it has started. */
#pragma once

#include <sys/types.h>

/*
 * SIGKILL for the process behind a pidfd and for its children, and theirs, as /proc shows them.
 * What has left for another parent is not found. pid: its number, which the caller knows to be its;
 * a child of ours has it until it is waited for.
 */
void sys_kill_tree(int pidfd, pid_t pid);
