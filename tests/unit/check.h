/* SPDX-License-Identifier: Apache-2.0 */
/* One configuration for each rule of spec, with the message that it must bring. */
#pragma once

#include <errno.h>
#include <string.h>

#include "spec/load.h"
#include "spec/spec.h"

struct rule {
	const char *config;
	const char *msg; /* NULL: must load */
};

/* A configuration that is sound but for what is given. */
#define TOP(members) "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}, " members "}"
#define VERSION(v) "{\"ociVersion\": \"" v "\", \"root\": {\"path\": \"r\"}}"
#define PROCESS(members) TOP("\"process\": {\"cwd\": \"/\", \"args\": [\"sh\"], " members "}")
#define LINUX(members) TOP("\"linux\": {" members "}")
#define RESOURCES(members) LINUX("\"resources\": {" members "}")
#define SECCOMP(members) LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", " members "}")
#define SYSCALL(members) SECCOMP("\"syscalls\": [{" members "}]")
#define MPOL(mode, members) LINUX("\"memoryPolicy\": {\"mode\": \"" mode "\"" members "}")
#define RANGE(container, host, size)                                                               \
	"{\"containerID\": " container ", \"hostID\": " host ", \"size\": " size "}"
#define ONE_TO_ONE "[" RANGE("0", "1000", "1") "]"
#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void check(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct spec *spec = NULL;
		struct err err = { 0 };
		int rc = spec_load(&arena, rules[i].config, strlen(rules[i].config), &spec, &err);

		assert_string_equal(err.msg, rules[i].msg ? rules[i].msg : "");
		assert_int_equal(rc, rules[i].msg ? -EINVAL : 0);
		assert_true(!spec == !!rules[i].msg);
	}
}

#define CHECK(rules) check(rules, sizeof(rules) / sizeof((rules)[0]))
