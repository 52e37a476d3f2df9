/* SPDX-License-Identifier: Apache-2.0 */
/* cmd/commands: every command once, in the order in which --help lists them. */
#pragma once

#include "cmd/cmd.h"

/* C(NAME) stands for struct cmd_NAME of src/cmd/NAME.c. */
/* clang-format off */
#define CMD_COMMANDS(C) \
	C(spec) \
	C(run) \
	C(create) \
	C(start) \
	C(exec) \
	C(state) \
	C(wait) \
	C(kill) \
	C(delete) \
	C(list) \
	C(ps) \
	C(port) \
	C(pause) \
	C(resume) \
	C(update) \
	C(events) \
	C(mounts) \
	C(checkpoint) \
	C(restore) \
	C(features)
/* clang-format on */

#define CMD_DECLARE(name) extern const struct cmd cmd_##name;
CMD_COMMANDS(CMD_DECLARE)
