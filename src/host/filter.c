/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/filter: the seccomp filter on its way to the guest, and its listener on the way to its
 * agent.
 */
#include "host/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "plan/filter.h"
#include "sys/await.h"
#include "sys/fd.h"
#include "sys/sock.h"
#include "json/encode.h"

int host_filter_compile(const struct spec *spec, const struct plan *plan, int *ret_fd,
			struct err *err)
{
	scope_fd int fd = memfd_create("rootlet-filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc;

	if (fd < 0) {
		return err_errno(err, errno, "/linux/seccomp: memory for the filter");
	}
	if (plan->filter.program) {
		if (write(fd, plan->filter.program, plan->filter.program_size) !=
		    (ssize_t)plan->filter.program_size) {
			return err_errno(err, errno, "/linux/seccomp: memory for the filter");
		}
	} else {
		TRY(plan_filter_compile(spec->linux_->seccomp, plan->filter.strict, fd, err));
	}
	rc = sys_seal(fd);
	if (rc < 0) {
		return err_errno(err, -rc, "/linux/seccomp: sealing the filter");
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

static bool lists(const struct strs *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->v[i], name)) {
			return true;
		}
	}
	return false;
}

/* May the profile, by whatever its conditions are, answer this call with anything but the call? */
static bool may_forbid(const struct spec_seccomp *profile, const char *call)
{
	bool allowed = profile->default_action == SPEC_ACT_ALLOW ||
		       profile->default_action == SPEC_ACT_LOG;

	for (size_t i = 0; i < profile->syscalls.n; i++) {
		const struct spec_seccomp_syscall *rule = &profile->syscalls.v[i];
		bool allows = rule->action == SPEC_ACT_ALLOW || rule->action == SPEC_ACT_LOG;

		if (!lists(&rule->names, call)) {
			continue;
		}
		if (!allows) {
			return true;
		}
		allowed = true;
	}
	return !allowed;
}

int host_filter_explain(const struct plan *plan, const struct spec *spec, struct err *err)
{
	/* What a guest calls after an early filter, besides what has an error of its own. */
	static const char *const calls[] = {
		"accept4", "capset", "close",	"close_range",	"clone",   "madvise", "mmap",
		"munmap",  "prctl",  "recvmsg", "rt_sigaction", "sendmsg", "wait4",
	};
	scope_arena struct arena arena = ARENA_INIT;
	struct text names;

	if (err->code != ECHILD || !plan->filter.present || plan->process.no_new_privs) {
		return -err->code;
	}
	text_init(&names, &arena);
	if (spec->linux_ && spec->linux_->seccomp) {
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
			if (may_forbid(spec->linux_->seccomp, calls[i])) {
				text_add(&names, "%s%s", names.len ? ", " : " (", calls[i]);
			}
		}
	}
	return err_hint(
		err,
		"/linux/seccomp may forbid what is left to do once its filter is loaded%s%s: "
		"with /process/noNewPrivileges it is loaded last",
		names.len ? names.s : "", names.len ? ")" : "");
}

static const char *process_state(struct arena *arena, const struct plan *plan,
				 const struct spec *spec, const struct filter_subject *subject)
{
	static const char *const fds[] = { "seccompFd", NULL };
	const struct strs names = { .v = (const char **)(uintptr_t)fds, .n = 1 };
	const char *metadata = plan->filter.listener_metadata;
	struct json_writer w;
	struct text out;

	if (!metadata) {
		metadata = "";
	}
	text_init(&out, arena);
	json_writer_init(&w, &out, true);
	json_object_begin(&w, NULL);
	json_string(&w, "ociVersion", SPEC_VERSION);
	json_strings(&w, "fds", &names);
	json_int(&w, "pid", subject->pid);
	json_string(&w, "metadata", metadata);
	json_object_begin(&w, "state");
	json_string(&w, "ociVersion", SPEC_VERSION);
	json_string(&w, "id", plan->id);
	json_string(&w, "status", subject->status);
	json_int(&w, "pid", subject->init);
	json_string(&w, "bundle", plan->bundle);
	json_object_begin(&w, "annotations");
	for (size_t i = 0; i < spec->annotations.n; i++) {
		json_string(&w, spec->annotations.v[i].key, spec->annotations.v[i].value);
	}
	json_object_end(&w);
	json_object_end(&w);
	json_object_end(&w);
	return out.s;
}

int host_filter_send_listener(const struct plan_filter *filter, int listener,
			      const struct filter_subject *subject, const struct spec *spec,
			      const struct plan *plan, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const char *state;
	int rc;

	if (strlen(filter->listener_path) >= sizeof(address.sun_path)) {
		return err_set(err, ENAMETOOLONG,
			       "/linux/seccomp/listenerPath: longer than %zu bytes",
			       sizeof(address.sun_path) - 1);
	}
	memcpy(address.sun_path, filter->listener_path, strlen(filter->listener_path) + 1);
	rc = agent < 0 ? -errno : 0;
	if (rc == 0) {
		rc = sys_connect(agent, (struct sockaddr *)&address, sizeof(address), -1);
	}
	if (rc != 0) {
		return sys_await_failed(rc, err, "/linux/seccomp/listenerPath: connecting to %s",
					filter->listener_path);
	}
	state = process_state(&arena, plan, spec, subject);
	rc = sys_send_fd(agent, state, strlen(state), listener);
	if (rc != 0) {
		return sys_await_failed(rc, err,
					"/linux/seccomp/listenerPath: sending the listener to %s",
					filter->listener_path);
	}
	return 0;
}
