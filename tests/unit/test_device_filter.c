/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From device rules to a program: run here, by an interpreter of the few instructions that it is
 * made of.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "plan/device_filter.h"
#include "spec/load.h"

/* ---- a machine ---- */

/* The kernel refuses a program that has something in a field that its instruction does not use. */
static void assert_unused(const struct bpf_insn *i)
{
	bool jump = BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) != BPF_EXIT;
	bool memory = BPF_CLASS(i->code) == BPF_LDX;
	bool by_register = BPF_CLASS(i->code) == BPF_ALU64 && BPF_SRC(i->code) == BPF_X;
	bool ends = i->code == (BPF_JMP | BPF_EXIT);

	assert_true(jump || memory || i->off == 0);
	assert_true(memory || by_register || i->src_reg == 0);
	assert_true(!(memory || by_register || ends) || i->imm == 0);
	assert_true(!ends || i->dst_reg == 0);
}

/*
 * Any other instruction, a jump back or out of the program, or its end without an exit fails the
 * test.
 */
static uint64_t interpret(const struct bpf_insn *program, size_t n,
			  const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t r[MAX_BPF_REG] = { 0 };

	for (size_t at = 0; at < n; at++) {
		const struct bpf_insn *i = &program[at];
		uint64_t imm = (uint64_t)(int64_t)i->imm;
		uint32_t word;
		bool jump = false;

		assert_unused(i);
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, BPF_REG_1);
			assert_true(i->off >= 0 &&
				    (size_t)i->off + sizeof(word) <= sizeof(*context));
			memcpy(&word, (const char *)context + i->off, sizeof(word));
			r[i->dst_reg] = word;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			r[i->dst_reg] = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			r[i->dst_reg] &= imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			r[i->dst_reg] >>= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			jump = r[i->dst_reg] != imm;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jump = r[i->dst_reg] == imm;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[BPF_REG_0];
		default:
			fail_msg("instruction %zu has the code 0x%02x", at, i->code);
		}
		if (jump) {
			assert_true(i->off >= 0 && at + 1 + (size_t)i->off < n);
			at += (size_t)i->off;
		}
	}
	fail_msg("the program has no end");
	return 0;
}

/* ---- asking ---- */

static void compile(struct arena *arena, const char *rules, struct plan_device_filter *ret)
{
	const char *text = arena_printf(arena, "{\"devices\":[%s]}", rules);
	struct spec_resources *resources;
	struct err err;

	if (spec_load_resources(arena, text, strlen(text), &resources, &err) < 0) {
		fail_msg("%s: %s", text, err.msg);
	}
	plan_device_filter(arena, resources, ret);
}

static bool allows(const struct plan_device_filter *filter, char type, unsigned major,
		   unsigned minor, const char *access)
{
	unsigned asked = 0;

	asked |= strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0;
	asked |= strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0;
	asked |= strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0;
	const struct bpf_cgroup_dev_ctx context = {
		.access_type = asked << 16 |
			       (unsigned)(type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = major,
		.minor = minor,
	};
	uint64_t answer;

	if (filter->program_n == 0) {
		return true;
	}
	answer = interpret(filter->program, filter->program_n, &context);
	assert_true(answer == 0 || answer == 1);
	return answer == 1;
}

/* "c 1:3 rw", with a minus in front of it when the answer is to be no; separated by commas. */
static void check(const char *rules, const char *questions)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_device_filter filter;

	compile(&arena, rules, &filter);
	while (*(questions += strspn(questions, ", "))) {
		const char *one = arena_strndup(&arena, questions, strcspn(questions, ","));
		bool no = *one == '-';
		char type, access[4];
		unsigned major, minor;

		assert_int_equal(sscanf(one + no, "%c %u:%u %3s", &type, &major, &minor, access),
				 4);
		if (allows(&filter, type, major, minor, access) == no) {
			fail_msg("%s: %s was %s", rules, one + no, no ? "allowed" : "refused");
		}
		questions += strlen(one);
	}
}

#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"
#define ALLOW_ALL "{\"allow\":true,\"access\":\"rwm\"}"
#define RULE(allow, type, major, minor, access)                                                    \
	"{\"allow\":" #allow ",\"type\":\"" type "\",\"major\":" #major ",\"minor\":" #minor       \
	",\"access\":\"" access "\"}"

/* ---- tests ---- */

static void nothing_to_hold(void **state)
{
	static const char *const open[] = { "", ALLOW_ALL, "{\"allow\":true}",
					    DENY_ALL "," ALLOW_ALL,
					    RULE(false, "c", 1, 3, "r") "," ALLOW_ALL };

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		scope_arena struct arena arena = ARENA_INIT;
		struct plan_device_filter filter;

		compile(&arena, open[i], &filter);
		assert_int_equal(filter.program_n, 0);
		assert_int_equal(filter.rule_n, 0);
	}
}

static void default_devices(void **state)
{
	const char *all = "c 1:3 rwm, c 1:5 rw, c 1:7 w, c 1:8 r, c 1:9 r, c 5:0 rw, c 5:1 rw, c "
			  "5:2 rw, c 136:0 rw, c 136:1000 rw, c 10:229 m, b 8:0 m";

	(void)state;
	check(DENY_ALL, all);
	check(DENY_ALL "," RULE(false, "c", 1, 3, "rwm") "," RULE(false, "c", 136, -1, "rwm"), all);
	check(DENY_ALL,
	      "-c 1:1 r, -c 1:4 r, -c 5:3 r, -b 1:3 r, -b 8:0 r, -b 8:0 rm, -c 10:229 rw");
}

static void allowed_ones(void **state)
{
	const char *rules =
		DENY_ALL "," RULE(true, "c", 10, 229, "rw") "," RULE(true, "b", 8, 0, "r") "," RULE(
			true, "c", 20, -1, "w") "," RULE(true, "b", -1, 7, "r");

	(void)state;
	check(rules, "c 10:229 r, c 10:229 w, c 10:229 rw, c 10:229 rwm, -b 10:229 r, -c 10:228 r");
	check(rules, "b 8:0 r, b 8:0 rm, -b 8:0 w, -b 8:0 rw, -b 8:1 r");
	check(rules, "c 20:0 w, c 20:255 w, -c 20:0 r, -c 20:0 rw, -c 21:0 w");
	check(rules, "b 9:7 r, b 4095:7 r, -b 9:7 w, -b 9:8 r, -c 9:7 r");
	/* Both kinds of one number, and the whole of one kind. */
	check(DENY_ALL ",{\"allow\":true,\"type\":\"a\",\"major\":9}",
	      "c 9:1 rw, b 9:2 rw, -c 8:1 r");
	check(DENY_ALL ",{\"allow\":true,\"type\":\"b\"}", "b 8:1 rw, b 252:0 r, -c 8:1 r");
	/* The largest numbers that there are. */
	check(DENY_ALL "," RULE(true, "c", 4095, 1048575, "r"),
	      "c 4095:1048575 r, -c 4095:1048574 r");
}

/* An open for both needs both, from whichever rules. */
static void accesses_add_up(void **state)
{
	(void)state;
	check(DENY_ALL "," RULE(true, "c", 10, 1, "r") "," RULE(true, "c", 10, 1, "w"),
	      "c 10:1 r, c 10:1 w, c 10:1 rw");
	check(DENY_ALL "," RULE(true, "c", 10, 1, "rw") "," RULE(false, "c", 10, 1, "w"),
	      "c 10:1 r, -c 10:1 w, -c 10:1 rw");
	check(ALLOW_ALL "," RULE(false, "b", 8, -1, "w"),
	      "b 8:0 r, -b 8:0 w, -b 8:0 rw, b 9:0 rw, c 8:0 rw, b 8:0 m");
	check(DENY_ALL "," RULE(true, "c", 10, -1, "rw") "," RULE(false, "c", 10, 1, "r"),
	      "c 10:2 rw, -c 10:1 r, c 10:1 w, -c 10:1 rw");
}

static void the_last_one_counts(void **state)
{
	(void)state;
	check(DENY_ALL "," RULE(true, "c", 10, 1, "rw") "," RULE(false, "c", 10, 1, "rw"),
	      "-c 10:1 r");
	check(RULE(false, "c", 10, 1, "rw") "," RULE(true, "c", 10, 1, "rw"),
	      "c 10:1 rw, -c 10:2 r");
	check(RULE(true, "c", 10, 1, "rw") "," DENY_ALL, "-c 10:1 r");
	check(DENY_ALL "," RULE(false, "c", 10, 1, "rw") "," ALLOW_ALL
							 "," RULE(false, "c", 10, 2, "rw"),
	      "c 10:1 rw, -c 10:2 r, b 1:1 rw");
	/* A rule about everything but not for every access is one like others. */
	check(DENY_ALL "," RULE(true, "c", 10, 1, "rw") ",{\"allow\":false,\"access\":\"w\"}",
	      "c 10:1 r, -c 10:1 w");
	check(DENY_ALL ",{\"allow\":true,\"type\":\"a\",\"access\":\"r\"}",
	      "b 8:0 r, c 9:9 r, -b 8:0 rw");
}

/* What no rule speaks of is forbidden. */
static void the_rest(void **state)
{
	(void)state;
	check(RULE(true, "c", 10, 1, "rw"), "c 10:1 rw, -c 10:2 r, -b 8:0 r");
	check(RULE(false, "c", 10, 1, "rw"), "-c 10:1 rw, -c 10:2 r");
	check("{\"allow\":true,\"access\":\"\"}", "-c 10:2 r, c 1:3 rw");
}

/* As many as a switch with 16-bit jumps could have trouble with. */
static void many_rules(void **state)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct plan_device_filter filter;
	struct text rules;

	(void)state;
	text_init(&rules, &arena);
	text_add(&rules, DENY_ALL);
	for (int i = 0; i < 10000; i++) {
		text_add(&rules,
			 ",{\"allow\":%s,\"type\":\"c\",\"major\":%d,\"minor\":%d,\"access\":"
			 "\"rw\"}",
			 i % 2 ? "true" : "false", 200 + i / 1000, i % 1000);
	}
	compile(&arena, rules.s, &filter);
	for (unsigned i = 0; i < 10000; i += 997) {
		assert_int_equal(allows(&filter, 'c', 200 + i / 1000, i % 1000, "rw"), i % 2);
	}
	assert_false(allows(&filter, 'c', 199, 0, "r"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_hold),     cmocka_unit_test(default_devices),
		cmocka_unit_test(allowed_ones),	       cmocka_unit_test(accesses_add_up),
		cmocka_unit_test(the_last_one_counts), cmocka_unit_test(the_rest),
		cmocka_unit_test(many_rules),
	};

	return cmocka_run_group_tests_name("device_filter", tests, NULL, NULL);
}
