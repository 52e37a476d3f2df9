/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/library: libsystemd, opened with dlopen(3) where a manager is asked for a scope and not
 * before: linked, it would cost every start 0.7 ms. Private to src/systemd.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "base/err.h"

/* What is used of it. */
#define SYSTEMD_FUNCTIONS(F)                                                                       \
	F(sd_bus_add_match_async)                                                                  \
	F(sd_bus_call_async)                                                                       \
	F(sd_bus_close)                                                                            \
	F(sd_bus_get_events)                                                                       \
	F(sd_bus_get_fd)                                                                           \
	F(sd_bus_get_timeout)                                                                      \
	F(sd_bus_is_open)                                                                          \
	F(sd_bus_is_ready)                                                                         \
	F(sd_bus_message_append)                                                                   \
	F(sd_bus_message_append_array)                                                             \
	F(sd_bus_message_append_basic)                                                             \
	F(sd_bus_message_close_container)                                                          \
	F(sd_bus_message_enter_container)                                                          \
	F(sd_bus_message_get_error)                                                                \
	F(sd_bus_message_new_method_call)                                                          \
	F(sd_bus_message_open_container)                                                           \
	F(sd_bus_message_read)                                                                     \
	F(sd_bus_message_ref)                                                                      \
	F(sd_bus_message_unref)                                                                    \
	F(sd_bus_new)                                                                              \
	F(sd_bus_path_encode)                                                                      \
	F(sd_bus_process)                                                                          \
	F(sd_bus_set_bus_client)                                                                   \
	F(sd_bus_set_fd)                                                                           \
	F(sd_bus_start)                                                                            \
	F(sd_bus_unref)

struct systemd_functions {
#define SYSTEMD_MEMBER(name) __typeof__(name) *name;
	SYSTEMD_FUNCTIONS(SYSTEMD_MEMBER)
#undef SYSTEMD_MEMBER
};

/* Fills all of them. Errors: ENOENT, when the library is missing or too old. Never unloaded. */
int systemd_library_load(struct systemd_functions *ret, struct err *err);
