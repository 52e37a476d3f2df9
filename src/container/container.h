/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/container: one handle for a container that is there.
 *
 * Whoever acts on a container finds it once and says what it has to be like. From then on its
 * state, its status, its first process and its configuration are asked of the handle, and what
 * can't be done because it does not run is worded here. See state/state.h for what lies in its
 * folder.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"
#include "state/state.h"
#include "sys/namespaces.h"

/* What a container has to be like for what is to be done with it. */
struct container_want {
	/* CONTAINER_BITs of the statuses that will do; 0: any */
	unsigned status;
	/* with a hold on its first process (container_hold) */
	bool held;
	/* with its folder locked: nobody else changes it meanwhile. The readers do without. */
	bool locked;
	/* what can't be done else, as a message begins: "cannot pause container"; NULL: nothing */
	const char *cannot;
	/* "container not running" is followed by how that came */
	bool tells_why;
};

#define CONTAINER_BIT(status) (1u << (status))
#define CONTAINER_CREATED CONTAINER_BIT(STATE_CREATED)
#define CONTAINER_RUNNING CONTAINER_BIT(STATE_RUNNING)
#define CONTAINER_PAUSED CONTAINER_BIT(STATE_PAUSED)
#define CONTAINER_STARTED (CONTAINER_RUNNING | CONTAINER_PAUSED)
#define CONTAINER_ALIVE (CONTAINER_CREATED | CONTAINER_STARTED)

struct container {
	struct arena arena; /* what is read of it */
	const char *root;   /* the folder of all state, and the name: the caller's */
	const char *id;
	struct container_want want;
	struct state_dir dir; /* its locked folder; else fd -1 */
	struct state state;
	enum state_status status; /* when its state was read */
	struct spec *spec;	  /* container_spec's; NULL: not read yet */
	/*
	 * Its first process, by a pidfd that was checked by its start time; -1: not held. What else
	 * a process needs that goes in: container/look.h.
	 */
	int init;
	int namespaces[SYS_NAMESPACES];
	bool by_gate;
	bool ended_there; /* made in another pid namespace, and ended by its cgroup */
	int root_dir;
};

/* The handle of a name alone: nothing is looked at. */
struct container container_named(const char *root, const char *id);

/*
 * Finds the container of a checked or unchecked name, and sees that it is what is wanted. Ends with
 * container_done. Errors: EINVAL for the name; ENOENT "container `ID` does not exist"; EBADMSG when
 * its state is damaged; of its status: container_demand.
 */
int container_find(const char *root, const char *id, const struct container_want *want,
		   struct container *ret, struct err *err);

/*
 * The parts of it, for `delete`, which has to go on where one of them fails. lock: waits for the
 * lock of its folder; ENOENT when there is none. load: reads its state, of the locked folder if it
 * is, and its status; a folder that was locked stays so when this fails. lock_now: -EWOULDBLOCK
 * without a message where container_lock would wait.
 */
int container_lock(struct container *c, struct err *err);
int container_lock_now(struct container *c, struct err *err);
int container_load(struct container *c, struct err *err);

/* Of its first process, in this pid namespace; 0: it has ended, or has no number here. */
pid_t container_pid(const struct container *c);

/*
 * Is it what is wanted? Errors: ESRCH, as container_not_running words it; EINVAL "CANNOT `ID`: it
 * is created, not running".
 */
int container_demand(struct container *c, struct err *err);

/*
 * Holds its first process by a pidfd: init. Errors: ESRCH (container_not_running) when it has ended
 * or is a zombie.
 */
int container_hold(struct container *c, struct err *err);

/* ESRCH "CANNOT `ID`: container not running", words that clients look for. Returns -ESRCH. */
int container_not_running(const struct container *c, struct err *err);

/*
 * For what has failed with err: where the container is ending, its end is the reason for it, and
 * takes err's place. Returns the negative of err's code.
 */
int container_explain(const struct container *c, struct err *err);

/* Its configuration as it was at create, read at the first call. */
int container_spec(struct container *c, struct spec **ret, struct err *err);

/* Unlocks, closes and frees. */
void container_done(struct container *c);
