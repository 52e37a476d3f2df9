/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/keyring: the container's session keyring, keyrings(7). Without one of its own the container
 * would share, and could read, the caller's keys.
 *
 * A keyring is joined by its name, by whoever may search in it: so also one that somebody else has
 * made before. The name therefore ends with a random number (host/launch.c), which the state keeps
 * for exec.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/step.h"

/*
 * linux/keyctl.h does not have the bits of keyctl(2), KEYCTL_SETPERM: all for the possessor; view,
 * read, search and link for the owner.
 */
#define KEYRING_PERMISSIONS 0x3f1b0000

/* ---- no keys at all ---- */

/*
 * Of this architecture's two kinds of programs, the first of three calls whose numbers follow one
 * another: add_key, request_key, keyctl. MASK takes away the bit of x32.
 */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define COMPAT AUDIT_ARCH_I386
#define COMPAT_ADD_KEY 286
#define MASK 0xbfffffffu
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define COMPAT AUDIT_ARCH_ARM
#define COMPAT_ADD_KEY 309
#define MASK 0xffffffffu
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define JUMP(how, value, yes, no) BPF_JUMP(BPF_JMP | (how) | BPF_K, value, yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

/*
 * The three calls say ENOSYS from here on, to this process and all that it becomes; of a kind of
 * program that is not known, each call. Returns 0 or -errno: -EACCES: neither CAP_SYS_ADMIN here
 * nor no_new_privs, seccomp(2).
 */
static int deny_keys(void)
{
#ifdef NATIVE
	struct sock_filter code[] = {
		/* 0 */ LOAD(arch),
		/* 1 */ JUMP(BPF_JEQ, NATIVE, 0, 5),
		/* 2 */ LOAD(nr),
		/* 3 */ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, MASK),
		/* 4 */ JUMP(BPF_JGE, SYS_add_key, 0, 7),
		/* 5 */ JUMP(BPF_JGT, SYS_add_key + 2, 6, 0),
		/* 6 */ RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		/* 7 */ JUMP(BPF_JEQ, COMPAT, 0, 3),
		/* 8 */ LOAD(nr),
		/* 9 */ JUMP(BPF_JGE, COMPAT_ADD_KEY, 0, 2),
		/* 10 */ JUMP(BPF_JGT, COMPAT_ADD_KEY + 2, 1, 0),
		/* 11 */ RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		/* 12 */ RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	_Static_assert(SYS_request_key == SYS_add_key + 1 && SYS_keyctl == SYS_add_key + 2,
		       "three calls in a row");
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
#else
	return -ENOTSUP;
#endif
}

/* EDQUOT: the user's quota of keys, in which keyrings without a name count too. */
static int go_without(struct guest *g, int why, struct err *err)
{
	const char *hint = why == EDQUOT ? "raise the sysctl kernel.keys.maxkeys" :
					   "--no-new-keyring shares the caller's";
	int rc = deny_keys();

	if (rc < 0) {
		err_errno(err, why, "making a session keyring");
		return err_hint(err, "%s", hint);
	}
	guest_log(g, "the container has no keys: making its session keyring: %s (%s)",
		  strerror(why), hint);
	return 0;
}

int guest_keyring(struct guest *g, struct err *err)
{
	long id;

	if (!g->plan->new_keyring) {
		return 0;
	}
	id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, g->plan->keyring);
	if (id < 0 && errno == ENOSYS) {
		return 0; /* nobody has keys: not this kernel, or an outer filter says so */
	}
	if (id < 0 && errno == EPERM) {
		/* Of an outer seccomp profile, which holds for the container as well. */
		guest_log(g, "no session keyring for the container: %s", strerror(errno));
		return 0;
	}
	if (id < 0) {
		return go_without(g, errno, err);
	}
	if (!g->plan->enter.present &&
	    syscall(SYS_keyctl, KEYCTL_SETPERM, id, KEYRING_PERMISSIONS) < 0) {
		return err_errno(err, errno, "letting exec join the session keyring");
	}
	return 0;
}
