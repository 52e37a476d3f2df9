/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest/last: exec's process in the container's pid namespace, made last of all.
 *
 * Who is in a pid namespace is seen there from birth, with all that a fork has: descriptors, root,
 * working directory, memory. In a container without a user namespace of its own no flag guards it
 * from CAP_SYS_PTRACE. So the set-up is done by a process outside, which then closes what it has
 * and forks. The child is what its program may be: its namespaces, credentials, limits and, where
 * it could be traced, its filter are there already.
 *
 * Its memory is new too. All but the mapped files of the program, and the pages of this thread's
 * own data, is kept from it (MADV_DONTFORK): no environment, configuration or path of the host's.
 * It runs on a stack of its own, with system calls alone.
 *
 * CLONE_VFORK tells the parent when execve has worked or the child has ended, without a descriptor
 * between them. The parent has closed the wire by then. What it has to say it leaves in memory
 * that it shares with the host side.
 */
#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "guest/guest.h"
#include "guest/step.h"
#include "sys/fd.h"
#include "wire/wire.h"

#define STACK 16384
#define PAGE 65536u /* the largest that a kernel has; a multiple of all others */
#define KEPT_MAX 32

/* How far the child came. Shared by parent and child, and open to the container. */
struct outcome {
	enum { AT_TERMINAL = 1, AT_SCHEDULER, AT_LIMITS, AT_FILTER, AT_EXEC } at;
	int code; /* errno; 0: execve has worked, or the child was killed */
};

/* All that the child has. The strings and arrays stand behind it. */
struct last {
	struct outcome *outcome;
	bool terminal;
	bool scheduled; /* a fork loses how the parent is scheduled */
	struct plan_scheduler scheduler;
	bool limited;
	struct rlimit processes;
	unsigned long filter_flags;
	struct sock_fprog filter; /* .len 0: none, or loaded already */
	const char *program;
	char **args;
	char **env;
	char *listen_pid; /* where the digits belong; NULL: nowhere */
};

static void fail(const struct last *l, int at)
{
	l->outcome->code = errno;
	l->outcome->at = at;
	_exit(1);
}

static void write_pid(char *at)
{
	char digits[16];
	int n = 0;

	for (int pid = getpid(); pid > 0; pid /= 10) {
		digits[n++] = (char)('0' + pid % 10);
	}
	while (n > 0) {
		*at++ = digits[--n];
	}
	*at = '\0';
}

/* The child. Situation: nothing but *arg and this stack; no heap, no streams of stdio. */
static int run(void *arg)
{
	struct last *l = arg;

	(void)setsid();
	if (l->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0) {
		fail(l, AT_TERMINAL);
	}
	if (l->listen_pid) {
		write_pid(l->listen_pid);
	}
	if (l->scheduled && guest_set_scheduler(&l->scheduler, l->scheduler.flags) < 0) {
		fail(l, AT_SCHEDULER);
	}
	if (l->limited && setrlimit(RLIMIT_NPROC, &l->processes) < 0) {
		fail(l, AT_LIMITS);
	}
	if (l->filter.len > 0 &&
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, l->filter_flags, &l->filter) < 0) {
		fail(l, AT_FILTER);
	}
	(void)execve(l->program, l->args, l->env);
	fail(l, AT_EXEC);
	return 1;
}

/* Fills err. call: the one that the bundle's filter may forbid, which is loaded already. */
static int forbidden(struct err *err, int code, const char *what, const char *call)
{
	err_errno(err, code, "%s", what);
	return guest_explain_filter(err, call);
}

/* ---- its memory ---- */

#ifdef BASE_SANITIZED

/* A sanitizer's instructions look at memory of its own everywhere. */
static int shut_memory(struct err *err)
{
	(void)err;
	return 0;
}

#else

struct range {
	uintptr_t from, to;
};

struct kept {
	struct range v[KEPT_MAX];
	size_t n;
};

static void keep(struct kept *kept, uintptr_t from, uintptr_t to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	size_t i = kept->n;

	from &= ~(page - 1);
	to = (to + page - 1) & ~(page - 1);
	if (kept->n == KEPT_MAX) {
		return;
	}
	for (; i > 0 && kept->v[i - 1].from > from; i--) {
		kept->v[i] = kept->v[i - 1];
	}
	kept->v[i] = (struct range){ from, to };
	kept->n++;
}

static int keep_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t from = UINTPTR_MAX;
	uintptr_t to = 0;

	(void)size;
	/* Linux 6.1 does not divide the vDSO (EINVAL). The child calls nothing of it. */
	if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR)) {
		return 0;
	}
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + h->p_vaddr;

		if (h->p_type == PT_LOAD && at < from) {
			from = at;
		}
		if (h->p_type == PT_LOAD && at + h->p_memsz > to) {
			to = at + h->p_memsz;
		}
	}
	if (from < to) {
		keep(arg, from, to);
	}
	return 0;
}

/*
 * Keeps from children all but the files that are mapped, and this thread's own data: errno, and
 * what the kernel writes for a thread (rseq(2)). ENOMEM only says that there are holes.
 */
static int shut_memory(struct err *err)
{
	const uintptr_t own[] = { (uintptr_t)&errno, (uintptr_t)pthread_self() };
	const uintptr_t end = UINTPTR_MAX & ~(uintptr_t)(PAGE - 1);
	struct kept kept = { .n = 0 };
	uintptr_t at = 0;

	(void)dl_iterate_phdr(keep_object, &kept);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		keep(&kept, own[i] - 4096, own[i] + 4096);
	}
	for (size_t i = 0; i <= kept.n; i++) {
		uintptr_t to = i < kept.n ? kept.v[i].from : end;

		if (to > at && madvise((void *)at, to - at, MADV_DONTFORK) < 0 && errno != ENOMEM) {
			return forbidden(err, errno, "keeping the host's memory from the program",
					 "madvise");
		}
		if (i < kept.n && kept.v[i].to > at) {
			at = kept.v[i].to;
		}
	}
	return 0;
}

#endif

/* ---- what it is given ---- */

struct block {
	char *at;
	size_t left;
};

static void *put(struct block *b, const void *data, size_t size)
{
	size_t room = (size + 15) & ~(size_t)15;
	void *place = b->at;

	memcpy(place, data, size);
	b->at += room;
	b->left -= room;
	return place;
}

static size_t room_of(const char *const *v, size_t n)
{
	size_t room = (n + 1) * sizeof(*v) + 16;

	for (size_t i = 0; i < n; i++) {
		room += strlen(v[i]) + 32; /* and the digits of a pid */
	}
	return room;
}

static char **put_all(struct block *b, const char *const *v, size_t n)
{
	char **copy = put(b, v, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		copy[i] = put(b, v[i], strlen(v[i]) + 1);
	}
	return copy;
}

static size_t count(const char *const *v)
{
	size_t n = 0;

	while (v[n]) {
		n++;
	}
	return n;
}

static void *map(size_t size, int how, struct err *err)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		(void)forbidden(err, errno, "memory for the program's process", "mmap");
		return NULL;
	}
	return at;
}

/* Returns the child's argument, with STACK bytes below it; NULL with err filled. */
static struct last *gather(struct guest *g, struct err *err)
{
	const struct plan_process *p = &g->plan->process;
	const char *const *args = (const char *const *)p->args.v;
	const char *const *env = (const char *const *)g->env;
	size_t code = g->filter ? g->filter_len * sizeof(*g->filter) : 0;
	size_t size = STACK + sizeof(struct last) + 64 + room_of(args, p->args.n) +
		      room_of(env, count(env)) + strlen(g->program) + 64 + code;
	char *at = map(size, MAP_PRIVATE, err);
	struct block b = { .at = at + STACK, .left = size - STACK };
	struct last l = {
		.terminal = p->terminal,
		.scheduled = guest_scheduler_is_lost(&p->scheduler),
		.scheduler = p->scheduler,
	};
	struct last *ret;

	if (!at) {
		return NULL;
	}
	l.outcome = map(sizeof(*l.outcome), MAP_SHARED, err);
	if (!l.outcome) {
		return NULL;
	}
	ret = put(&b, &l, sizeof(l));
	ret->program = put(&b, g->program, strlen(g->program) + 1);
	ret->args = put_all(&b, args, p->args.n);
	ret->env = put_all(&b, env, count(env));
	if (p->listen_fds > 0) {
		static const char variable_room[24] = "LISTEN_PID=";
		char *variable = put(&b, variable_room, sizeof(variable_room));

		ret->env[g->listen_pid] = variable;
		ret->listen_pid = strchr(variable, '=') + 1;
	}
	for (size_t i = 0; i < p->rlimit_n; i++) {
		if (p->rlimits[i].resource == RLIMIT_NPROC) {
			ret->limited = true;
			ret->processes = (struct rlimit){ .rlim_cur = p->rlimits[i].soft,
							  .rlim_max = p->rlimits[i].hard };
		}
	}
	if (g->filter) {
		ret->filter_flags = g->plan->filter.flags;
		ret->filter.len = g->filter_len;
		ret->filter.filter = put(&b, g->filter, code);
	}
	return ret;
}

static int explain(struct guest *g, const struct outcome *outcome, struct err *err)
{
	int code = outcome->code;

	switch (outcome->at) {
	case AT_TERMINAL:
		return err_errno(err, code,
				 "/process/terminal: making it the controlling terminal");
	case AT_SCHEDULER:
		return err_errno(err, code,
				 "/process/scheduler: setting it without CAP_SYS_NICE in the "
				 "container");
	case AT_LIMITS:
		return err_errno(err, code, "/process/rlimits: RLIMIT_NPROC");
	case AT_FILTER:
		return err_errno(err, code, "/linux/seccomp: loading the filter");
	default:
		return guest_explain_exec(g, code, err);
	}
}

/*
 * Situation: credentials, root and working directory are the program's. The host side reads how it
 * ended in g->last: there is no wire any more.
 */
int guest_last(struct guest *g, struct err *err)
{
	const int flags = CLONE_PARENT | CLONE_VFORK | CLONE_PARENT_SETTID;
	const int first = 3 + g->plan->process.preserve_fds;
	struct err why = { .code = 0 };
	struct last *l;
	int rc;

	if (!guest_has_last(g)) {
		return guest_exec(g, err);
	}
	(void)wire_send(g->wire, WIRE_EXEC, NULL, 0, -1);
	/* The child inherits them. This process writes, as the descriptors are of its own files. */
	TRY(guest_labels(g, err));
	/*
	 * Without a user namespace between them a process of the container could trace the child
	 * before it has loaded its filter, and have it do what that forbids.
	 */
	if (!(g->plan->enter.join & CLONE_NEWUSER)) {
		TRY(guest_filter_late(g, err));
	}
	TRY(shut_memory(err));
	l = gather(g, err);
	if (!l) {
		return -err->code;
	}
	/* From here on the host side hears an error only by g->last. */
	rc = sys_close_cloexec(3, first, -1, -1);
	rc = rc < 0 ? rc : sys_close_except(first, -1, -1);
	g->wire = -1;
	if (rc < 0) {
		forbidden(&why, -rc, "closing the host's descriptors", "close");
	} else if (clone(run, l, flags, l, &g->last->pid) < 0) {
		forbidden(&why, errno, "making a process in the container's pid namespace",
			  "clone");
	} else if (l->outcome->code) {
		explain(g, l->outcome, &why);
	}
	g->last->err = why;
	_exit(why.code != 0);
}
