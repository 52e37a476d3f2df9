/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/filter: from linux.seccomp to the program that the kernel runs at each system call.
 *
 * The host side compiles the program while the id helpers run, and passes it to the guest as a
 * sealed file in memory. When it is loaded is told in guest/filter.c.
 */
#include "plan/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "plan/annotations.h"
#include "plan/builder.h"

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx) {
		seccomp_release(*ctx);
	}
}

static uint32_t action_of(int action, const struct opt_u64 *errno_ret)
{
	uint32_t value = errno_ret->set ? (uint32_t)errno_ret->value : EPERM;

	switch ((enum spec_seccomp_action)action) {
	case SPEC_ACT_KILL:
	case SPEC_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case SPEC_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SPEC_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case SPEC_ACT_ERRNO:
		return SCMP_ACT_ERRNO(value);
	case SPEC_ACT_TRACE:
		return SCMP_ACT_TRACE(value);
	case SPEC_ACT_LOG:
		return SCMP_ACT_LOG;
	case SPEC_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case SPEC_ACT_ALLOW:
		break;
	}
	return SCMP_ACT_ALLOW;
}

static enum scmp_compare operator_of(int op)
{
	switch ((enum spec_seccomp_op)op) {
	case SPEC_CMP_NE:
		return SCMP_CMP_NE;
	case SPEC_CMP_LT:
		return SCMP_CMP_LT;
	case SPEC_CMP_LE:
		return SCMP_CMP_LE;
	case SPEC_CMP_GE:
		return SCMP_CMP_GE;
	case SPEC_CMP_GT:
		return SCMP_CMP_GT;
	case SPEC_CMP_MASKED_EQ:
		return SCMP_CMP_MASKED_EQ;
	case SPEC_CMP_EQ:
		break;
	}
	return SCMP_CMP_EQ;
}

/* libseccomp names architectures in small letters and without the prefix: "x86_64", "mips64n32". */
static uint32_t token_of(const char *name)
{
	char small[32] = "";
	size_t i;

	name += strlen("SCMP_ARCH_");
	for (i = 0; i < sizeof(small) - 1 && name[i]; i++) {
		small[i] = name[i];
		if (name[i] >= 'A' && name[i] <= 'Z') {
			small[i] = (char)(name[i] - 'A' + 'a');
		}
	}
	return seccomp_arch_resolve_name(small);
}

static int add_architectures(scmp_filter_ctx ctx, const struct spec_seccomp *seccomp,
			     struct err *err)
{
	for (size_t i = 0; i < seccomp->architectures.n; i++) {
		const char *name = seccomp->architectures.v[i];
		uint32_t token = token_of(name);
		int rc;

		if (token == 0) {
			/* Younger than the library: no program of that kind runs here either. */
			continue;
		}
		rc = seccomp_arch_add(ctx, token);
		/*
		 * -EDOM: of the other byte order, so it is no machine whose programs could run
		 * here.
		 */
		if (rc < 0 && rc != -EEXIST && rc != -EDOM) {
			return err_errno(err, -rc, "/linux/seccomp/architectures/%zu: %s", i, name);
		}
	}
	return 0;
}

/*
 * Two conditions on one argument can't stand in one rule of libseccomp's; as rules of their own
 * they mean "or", as in runc.
 */
static bool repeats_an_index(const struct spec_seccomp_syscall *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->args.n; i++) {
		unsigned bit = 1u << rule->args.v[i].index;

		if (seen & bit) {
			return true;
		}
		seen |= bit;
	}
	return false;
}

static struct scmp_arg_cmp condition(const struct spec_seccomp_arg *arg)
{
	return (struct scmp_arg_cmp){
		.arg = arg->index,
		.op = operator_of(arg->op),
		.datum_a = arg->value.value,
		.datum_b = arg->value_two.value,
	};
}

static int add_call(scmp_filter_ctx ctx, const struct spec_seccomp_syscall *rule, uint32_t action,
		    int number)
{
	struct scmp_arg_cmp all[6];
	int rc = 0;

	if (repeats_an_index(rule)) {
		for (size_t i = 0; rc == 0 && i < rule->args.n; i++) {
			struct scmp_arg_cmp one = condition(&rule->args.v[i]);

			rc = seccomp_rule_add_array(ctx, action, number, 1, &one);
		}
		return rc;
	}
	for (size_t i = 0; i < rule->args.n; i++) {
		all[i] = condition(&rule->args.v[i]);
	}
	return seccomp_rule_add_array(ctx, action, number, (unsigned)rule->args.n, all);
}

static int add_rule(scmp_filter_ctx ctx, const struct spec_seccomp *seccomp, size_t index,
		    bool strict, struct err *err)
{
	const struct spec_seccomp_syscall *rule = &seccomp->syscalls.v[index];
	uint32_t action = action_of(rule->action, &rule->errno_ret);

	/* libseccomp refuses a rule that says what happens anyway. */
	if (action == action_of(seccomp->default_action, &seccomp->default_errno_ret)) {
		return 0;
	}
	for (size_t i = 0; i < rule->names.n; i++) {
		int number = seccomp_syscall_resolve_name(rule->names.v[i]);
		int rc;

		if (number == __NR_SCMP_ERROR) {
			/*
			 * Profiles name calls of every architecture and kernel: what is unknown
			 * here can't be called here.
			 */
			if (strict) {
				return err_set(err, EINVAL,
					       "/linux/seccomp/syscalls/%zu/names/%zu: no system "
					       "call \"%s\" is known",
					       index, i, rule->names.v[i]);
			}
			continue;
		}
		rc = add_call(ctx, rule, action, number);
		if (rc < 0 && rc != -EEXIST) {
			return err_errno(err, -rc,
					 "/linux/seccomp/syscalls/%zu: adding the rule for %s",
					 index, rule->names.v[i]);
		}
	}
	return 0;
}

/*
 * runc and crun take a listener's address from here too, so that an engine need not rewrite a
 * profile.
 */
static const char *listener_of(struct builder *b)
{
	const struct spec_seccomp *seccomp = b->lin->seccomp;
	const char *path = plan_annotation(b->spec, PLAN_ANNOTATION_SECCOMP_RECEIVER);

	if (path && *path) {
		return path;
	}
	if (seccomp && seccomp->listener_path) {
		return seccomp->listener_path;
	}
	return str_filled(b->facts->seccomp_receiver);
}

/* Does any "return" of the program ask for a listener? */
static bool program_notifies(const struct sock_filter *code, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (code[i].code == (BPF_RET | BPF_K) &&
		    (code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF) {
			return true;
		}
	}
	return false;
}

/*
 * crun's way around libseccomp: the rules of linux.seccomp are ignored, the program is for the
 * kernel to check.
 */
static int take_program(struct builder *b, const char *text, struct err *err)
{
	struct plan_filter *filter = &b->plan->filter;
	const char *where = plan_annotation_path(PLAN_ANNOTATION_SECCOMP_BPF);
	const struct sock_filter *code;
	int rc = base64_decode(b->arena, text, BPF_MAXINSNS * sizeof(*code), &filter->program,
			       &filter->program_size);

	if (rc == -E2BIG) {
		return err_set(err, E2BIG, "%s: the filter has more than %d instructions", where,
			       BPF_MAXINSNS);
	}
	if (rc < 0) {
		return err_set(err, EINVAL, "%s: not base64 as RFC 4648 has it", where);
	}
	if (filter->program_size == 0 || filter->program_size % sizeof(*code)) {
		return err_set(err, EINVAL,
			       "%s: %zu bytes are no whole number of %zu-byte instructions", where,
			       filter->program_size, sizeof(*code));
	}
	code = filter->program;
	filter->notify = program_notifies(code, filter->program_size / sizeof(*code));
	return 0;
}

int plan_filter(struct builder *b, struct err *err)
{
	const struct spec_seccomp *want = b->lin->seccomp;
	const char *program = plan_annotation(b->spec, PLAN_ANNOTATION_SECCOMP_BPF);
	struct plan_filter *filter = &b->plan->filter;

	if ((!want && !program) || !b->spec->process) {
		return 0;
	}
	filter->present = true;
	if (want) {
		filter->flags = (unsigned)want->flags;
	}
	filter->strict = b->plan->annotations[PLAN_ANNOTATION_SECCOMP_STRICT].flag;
	if (program) {
		TRY(take_program(b, program, err));
	} else {
		filter->notify = plan_filter_notifies(want);
	}
	if (!filter->notify) {
		return 0;
	}
	filter->listener_path = listener_of(b);
	if (want) {
		filter->listener_metadata = want->listener_metadata;
	}
	if (!filter->listener_path) {
		return err_set(err, EINVAL,
			       "/linux/seccomp/listenerPath: required, because a rule says "
			       "SCMP_ACT_NOTIFY");
	}
	return 0;
}

bool plan_filter_notifies(const struct spec_seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		if (seccomp->syscalls.v[i].action == SPEC_ACT_NOTIFY) {
			return true;
		}
	}
	return false;
}

int plan_filter_compile(const struct spec_seccomp *seccomp, bool strict, int output,
			struct err *err)
{
	__attribute__((cleanup(release))) scmp_filter_ctx ctx =
		seccomp_init(action_of(seccomp->default_action, &seccomp->default_errno_ret));
	int rc;

	if (!ctx) {
		return err_set(err, EINVAL,
			       "/linux/seccomp/defaultAction: libseccomp does not accept it");
	}
	/*
	 * A binary tree instead of a list: faster at each call, with the hundreds of rules that
	 * profiles have.
	 */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	TRY(add_architectures(ctx, seccomp, err));
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		TRY(add_rule(ctx, seccomp, i, strict, err));
	}
	rc = seccomp_export_bpf(ctx, output);
	return rc < 0 ? err_errno(err, -rc, "/linux/seccomp: compiling the filter") : 0;
}
