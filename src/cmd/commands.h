/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/commands: the command structs that table.c puts in order. */
#pragma once

#include "cmd/cmd.h"

extern const struct cmd cmd_checkpoint;
extern const struct cmd cmd_create;
extern const struct cmd cmd_delete;
extern const struct cmd cmd_events;
extern const struct cmd cmd_exec;
extern const struct cmd cmd_features;
extern const struct cmd cmd_kill;
extern const struct cmd cmd_mounts;
extern const struct cmd cmd_list;
extern const struct cmd cmd_pause;
extern const struct cmd cmd_port;
extern const struct cmd cmd_ps;
extern const struct cmd cmd_restore;
extern const struct cmd cmd_resume;
extern const struct cmd cmd_run;
extern const struct cmd cmd_spec;
extern const struct cmd cmd_start;
extern const struct cmd cmd_state;
extern const struct cmd cmd_update;
extern const struct cmd cmd_wait;
