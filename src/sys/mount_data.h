/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mount_data: filesystems whose options are too long for fsconfig(2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The longest value that fsconfig(2) takes: strndup_user(…, 256) in fs/fsopen.c. */
#define SYS_MOUNT_VALUE_MAX 255

/* Has the source or an option a longer one? */
bool sys_mount_too_long(const char *source, const char **options, size_t n);

/* As sys_mount_fs, by mount(2); all options together have at most 4,095 bytes. */
int sys_mount_data(const char *fstype, const char *source, const char **options, size_t n,
		   bool readonly, uint64_t attr, struct err *err);
