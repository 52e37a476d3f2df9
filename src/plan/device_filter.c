/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/device_filter: rules of devices, put in the order in which they are asked, and as
 * instructions of eBPF.
 *
 * Each access is decided by the last rule that speaks of it, and an open for reading and writing
 * takes both. Looking for one rule that covers the whole request would let a rule against writing
 * be passed by asking for both.
 */
#include "plan/device_filter.h"

#include <assert.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"

#define ALL (PLAN_DEVICE_MKNOD | PLAN_DEVICE_READ | PLAN_DEVICE_WRITE)
#define ANY (-1)
#define ALLOW true

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * config-linux.md, "Default Devices", with the terminals behind /dev/console and /dev/ptmx; and
 * making nodes.
 */
static const struct plan_device_rule defaults[] = {
	{ ALLOW, 'c', ANY, ANY, PLAN_DEVICE_MKNOD },
	{ ALLOW, 'b', ANY, ANY, PLAN_DEVICE_MKNOD },
	{ ALLOW, 'c', 1, 3, ALL },     /* null */
	{ ALLOW, 'c', 1, 5, ALL },     /* zero */
	{ ALLOW, 'c', 1, 7, ALL },     /* full */
	{ ALLOW, 'c', 1, 8, ALL },     /* random */
	{ ALLOW, 'c', 1, 9, ALL },     /* urandom */
	{ ALLOW, 'c', 5, 0, ALL },     /* tty */
	{ ALLOW, 'c', 5, 1, ALL },     /* console */
	{ ALLOW, 'c', 5, 2, ALL },     /* ptmx */
	{ ALLOW, 'c', 136, ANY, ALL }, /* pts/N */
};

/* ---- the rules ---- */

/* "a" is both kinds. Without a word on the access it is all of it, as of type and numbers. */
static struct plan_device_rule take(const struct spec_device_rule *want)
{
	struct plan_device_rule rule = {
		.allow = want->allow.value,
		.type = str_or(want->type, "a")[0],
		.major = ANY,
		.minor = ANY,
	};
	const char *access = str_or(want->access, "rwm");

	if (want->major.set) {
		rule.major = (int)want->major.value;
	}
	if (want->minor.set) {
		rule.minor = (int)want->minor.value;
	}
	if (strchr(access, 'm')) {
		rule.access |= PLAN_DEVICE_MKNOD;
	}
	if (strchr(access, 'r')) {
		rule.access |= PLAN_DEVICE_READ;
	}
	if (strchr(access, 'w')) {
		rule.access |= PLAN_DEVICE_WRITE;
	}
	return rule;
}

/* Nothing in front of such a rule has a say. */
static bool is_about_all(const struct plan_device_rule *rule)
{
	return rule->type == 'a' && rule->major == ANY && rule->minor == ANY && rule->access == ALL;
}

/* ---- the program ---- */

/* Registers: what the kernel hands over (struct bpf_cgroup_dev_ctx), taken apart. */
enum { RESULT = BPF_REG_0, CONTEXT = BPF_REG_1, TYPE, ASKED, MAJOR, MINOR, SCRATCH };

struct program {
	struct bpf_insn *v;
	size_t n;
};

static void put(struct program *p, uint8_t code, uint8_t to, uint8_t from, int16_t offset,
		int32_t number)
{
	p->v[p->n++] = (struct bpf_insn){
		.code = code, .dst_reg = to & 15, .src_reg = from & 15, .off = offset, .imm = number
	};
}

static void load(struct program *p, uint8_t to, size_t offset)
{
	put(p, BPF_LDX | BPF_MEM | BPF_W, to, CONTEXT, (int16_t)offset, 0);
}

static void answer(struct program *p, bool allow)
{
	put(p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, allow);
	put(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

#define BEGIN_LEN 6
#define ANSWER_LEN 2
#define RULE_LEN_MAX (3 + 3 + ANSWER_LEN)

/* "access_type" is the access in its upper half and the type in its lower. */
static void begin(struct program *p)
{
	load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	put(p, BPF_ALU64 | BPF_MOV | BPF_X, ASKED, TYPE, 0, 0);
	put(p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	put(p, BPF_ALU64 | BPF_RSH | BPF_K, ASKED, 0, 0, 16);
	load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/*
 * ASKED holds what no rule has spoken of yet. A rule that allows takes its part away, and when
 * nothing is left the answer is yes; one that forbids any of it is a no. Jumps are to the next
 * rule, so that any number of them is in reach.
 */
static void put_rule(struct program *p, const struct plan_device_rule *rule)
{
	size_t jumps[4], jump_n = 0;

	if (rule->type != 'a') {
		jumps[jump_n++] = p->n;
		put(p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0,
		    rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (rule->major != ANY) {
		jumps[jump_n++] = p->n;
		put(p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, 0, rule->major);
	}
	if (rule->minor != ANY) {
		jumps[jump_n++] = p->n;
		put(p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, 0, rule->minor);
	}
	if (rule->allow) {
		put(p, BPF_ALU64 | BPF_AND | BPF_K, ASKED, 0, 0, ~(int32_t)rule->access);
		jumps[jump_n++] = p->n;
		put(p, BPF_JMP | BPF_JNE | BPF_K, ASKED, 0, 0, 0);
	} else {
		put(p, BPF_ALU64 | BPF_MOV | BPF_X, SCRATCH, ASKED, 0, 0);
		put(p, BPF_ALU64 | BPF_AND | BPF_K, SCRATCH, 0, 0, (int32_t)rule->access);
		jumps[jump_n++] = p->n;
		put(p, BPF_JMP | BPF_JEQ | BPF_K, SCRATCH, 0, 0, 0);
	}
	answer(p, rule->allow);
	/* Counted from the instruction behind the jump. */
	for (size_t i = 0; i < jump_n; i++) {
		p->v[jumps[i]].off = (int16_t)(p->n - jumps[i] - 1);
	}
}

void plan_device_filter(struct arena *arena, const struct spec_resources *resources,
			struct plan_device_filter *ret)
{
	const size_t n = resources->devices.n;
	struct plan_device_rule *rules = arena_array(arena, COUNT(defaults) + n, sizeof(*rules));
	struct program p = { .n = 0 };
	size_t rule_n = COUNT(defaults);
	bool rest = false;

	*ret = (struct plan_device_filter){ .rule_n = 0 };
	memcpy(rules, defaults, sizeof(defaults));
	for (size_t i = n; i-- > 0;) {
		const struct plan_device_rule rule = take(&resources->devices.v[i]);

		if (is_about_all(&rule)) {
			rest = rule.allow;
			break;
		}
		rules[rule_n++] = rule;
	}
	if (n == 0 || (rest && rule_n == COUNT(defaults))) {
		return;
	}
	p.v = arena_array(arena, BEGIN_LEN + rule_n * RULE_LEN_MAX + ANSWER_LEN, sizeof(*p.v));
	begin(&p);
	for (size_t i = 0; i < rule_n; i++) {
		put_rule(&p, &rules[i]);
	}
	answer(&p, rest);
	assert(p.n <= BEGIN_LEN + rule_n * RULE_LEN_MAX + ANSWER_LEN);
	*ret = (struct plan_device_filter){
		.rules = rules, .rule_n = rule_n, .rest = rest, .program = p.v, .program_n = p.n
	};
}
