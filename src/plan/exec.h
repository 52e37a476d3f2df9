/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan/exec: the pure function from a running container and a wish to the plan of one more process
 * in it.
 *
 * The struct plan is that of a launch: what concerns the process is decided by the same code, what
 * concerns namespaces, mounts and devices is empty, and `enter` says what is joined.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/wish.h"
#include "spec/spec.h"

/* What the command line asks for, on top of a process of config.json's or of a file's. */
struct plan_exec_wish {
	struct strs args;   /* n 0: those of the file */
	struct strs env;    /* NAME=VALUE; the last of a name counts */
	const char *cwd;    /* NULL, as below: as it comes */
	const char *user;   /* "uid[:gid]" */
	struct strs groups; /* each a number or a list of them with commas; added */
	struct strs caps;   /* added to the bounding, effective and permitted sets */
	const char *apparmor;
	const char *selinux;
	bool set_no_new_privs;
	bool no_new_privs;
	bool set_terminal;
	bool terminal;
};

/*
 * The process to start. file: what --process FILE holds, or NULL: then the configuration's own
 * process is the model, without its terminal. Errors: EINVAL, naming the option.
 */
int plan_exec_process(struct arena *arena, const struct spec *spec, const struct spec_process *file,
		      const struct plan_exec_wish *wish, struct spec_process **ret,
		      struct err *err);

/*
 * spec: the container's configuration. in_cgroup: the host moves the process into a cgroup, so it
 * has to wait for that. Of the options, no_pivot has no meaning here; no_new_keyring: the container
 * has no session keyring of its own. Lifetimes and errors: as plan_build.
 */
int plan_exec(struct arena *arena, const struct spec *spec, const struct spec_process *process,
	      const struct facts *facts, const struct facts_container *container, bool in_cgroup,
	      const struct plan_options *options, const struct plan **ret, struct err *err);
