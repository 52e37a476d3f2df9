/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of a launch: a guest may send what stands in its table of requests, if the plan
 * has a use for it, and once; steps run in order, and are undone in reverse.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/str.h"
#include "host/guest_process.h"
#include "host/guest_requests.h"
#include "host/launch_steps.h"

/* ---- a guest ---- */

static int taken; /* how many of its requests were met */

static int take_setup(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	assert_ptr_equal(g->owner, &taken);
	assert_int_equal(msg->fd, -1);
	(void)err;
	taken++;
	return 0;
}

static int take_listener(struct guest_process *g, struct wire_msg *msg, struct err *err)
{
	(void)g;
	taken++;
	close(msg->fd);
	return err_set(err, EHOSTDOWN, "the agent is gone");
}

static bool has_setup(const struct plan *plan)
{
	return plan->host_setup;
}

static const struct guest_request requests[] = {
	{ WIRE_SETUP, has_setup, take_setup },
	{ WIRE_LISTENER, NULL, take_listener },
	GUEST_REQUESTS_END,
};

static int open_count(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++) {
		count += fcntl(fd, F_GETFD) >= 0;
	}
	return count;
}

/* Serves a guest that says all of this and ends; a listener comes with a descriptor. */
static int serve(const struct plan *plan, const enum wire_type *says, enum wire_type last,
		 struct err *err)
{
	struct guest_process g = GUEST_PROCESS_NONE;
	int before = open_count();
	int guest;
	int rc;

	taken = 0;
	g.requests = requests;
	g.owner = &taken;
	g.plan = plan;
	assert_int_equal(wire_pair(&g.wire, &guest), 0);
	for (; *says; says++) {
		int fd = *says == WIRE_LISTENER || *says == WIRE_CONSOLE ? STDIN_FILENO : -1;

		assert_int_equal(wire_send(guest, *says, NULL, 0, fd), 0);
	}
	close(guest);
	rc = host_guest_serve(&g, last, err);
	assert_int_equal(g.heard, rc < 0 && !strstr(err->msg, "READY before"));
	host_guest_done(&g);
	assert_int_equal(open_count(), before);
	return rc;
}

static void serves_until_ready(void **state)
{
	const struct plan plan = { .host_setup = true };
	const enum wire_type says[] = { WIRE_SETUP, WIRE_READY, 0 };
	struct err err;

	(void)state;
	assert_int_equal(serve(&plan, says, WIRE_READY, &err), 0);
	assert_int_equal(taken, 1);
}

static void serves_until_a_message(void **state)
{
	const struct plan plan = { .host_setup = true };
	const enum wire_type says[] = { WIRE_SETUP, WIRE_LISTENER, 0 };
	const enum wire_type without[] = { WIRE_READY, 0 };
	struct err err;

	(void)state;
	assert_int_equal(serve(&plan, says, WIRE_SETUP, &err), 0);
	assert_int_equal(taken, 1);
	assert_int_equal(serve(&plan, without, WIRE_SETUP, &err), -EPROTO);
	assert_string_equal(err.msg, "the process that is set up said READY before SETUP");
}

static void knows_what_is_out_of_turn(void **state)
{
	const struct plan plan = { .host_setup = true }, other = { .host_setup = false };
	const enum wire_type once[] = { WIRE_SETUP, 0 }, twice[] = { WIRE_SETUP, WIRE_SETUP, 0 };
	const enum wire_type no_row[] = { WIRE_CONSOLE, 0 }, ours[] = { WIRE_START, 0 };
	const enum wire_type later[] = { WIRE_EXEC, 0 };
	struct err err;

	(void)state;
	assert_int_equal(serve(&other, once, WIRE_READY, &err), -EPROTO);
	assert_string_equal(err.msg, "the process that is set up sent SETUP out of turn");
	assert_int_equal(taken, 0);
	assert_int_equal(serve(&plan, twice, WIRE_READY, &err), -EPROTO);
	assert_int_equal(taken, 1);
	assert_int_equal(serve(&plan, no_row, WIRE_READY, &err), -EPROTO);
	assert_string_equal(err.msg, "the process that is set up sent CONSOLE out of turn");
	assert_int_equal(serve(&plan, ours, WIRE_READY, &err), -EPROTO);
	assert_int_equal(serve(&plan, later, WIRE_READY, &err), -EPROTO);
}

static void passes_a_failure_on(void **state)
{
	const struct plan plan = { .host_setup = true };
	const enum wire_type says[] = { WIRE_LISTENER, WIRE_READY, 0 };
	const enum wire_type nothing[] = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(serve(&plan, says, WIRE_READY, &err), -EHOSTDOWN);
	assert_string_equal(err.msg, "the agent is gone");
	assert_int_equal(serve(&plan, nothing, WIRE_READY, &err), -ECHILD);
	assert_string_equal(err.msg, "the process ended while it was set up");
}

/* Its last word is the better error, unless it was heard, or it lives. */
static void tells_the_last_word(void **state)
{
	const struct plan plan = { .host_setup = true };
	struct guest_process g = GUEST_PROCESS_NONE;
	struct err said = { 0 }, err;
	int ends[2];
	int guest;

	(void)state;
	g.requests = requests;
	g.plan = &plan;
	assert_int_equal(wire_pair(&g.wire, &guest), 0);
	err_set(&said, EBUSY, "the mount is busy");
	assert_int_equal(wire_send(guest, WIRE_ERR, &said, sizeof(said), -1), 0);
	close(guest);
	/* A pipe that is closed polls like the pidfd of a process that has ended. */
	assert_int_equal(pipe(ends), 0);
	g.pidfd = ends[0];
	err_set(&err, EIO, "writing a map");
	host_guest_last_word(&g, &err);
	assert_string_equal(err.msg, "writing a map");
	assert_int_equal(write(ends[1], "", 1), 1);
	host_guest_last_word(&g, &err);
	assert_string_equal(err.msg, "the mount is busy");
	err_set(&err, EIO, "removing a file");
	host_guest_last_word(&g, &err);
	assert_string_equal(err.msg, "removing a file");
	close(ends[1]);
	host_guest_done(&g);
}

/* ---- steps ---- */

static char story[64];

static int tell(const char *word)
{
	strncat(story, word, sizeof(story) - strlen(story) - 1);
	return 0;
}

static int do_a(struct launch *l, struct err *err)
{
	(void)l;
	(void)err;
	return tell("a");
}

static int do_b(struct launch *l, struct err *err)
{
	(void)l;
	(void)err;
	return tell("b");
}

static int do_fail(struct launch *l, struct err *err)
{
	(void)l;
	tell("!");
	return err_set(err, EIO, "failed");
}

static void undo_a(struct launch *l, struct err *err)
{
	(void)l;
	(void)err;
	tell("A");
}

static void undo_b(struct launch *l, struct err *err)
{
	(void)l;
	tell("B");
	err_set(err, EBUSY, "because");
}

static void undo_fail(struct launch *l, struct err *err)
{
	(void)l;
	assert_string_equal(err->msg, "failed");
	tell("?");
}

static int run(const struct launch_step *steps, enum launch_kind kind, struct err *err)
{
	const struct launch_options options = { .id = "x" };
	struct launch l;
	int rc;

	story[0] = '\0';
	host_launch_begin(&l, &options, kind);
	rc = host_launch_run_steps(&l, steps, err);
	if (rc == 0) {
		host_launch_undo(&l, err);
	}
	host_launch_done(&l);
	return rc;
}

static void undoes_in_reverse(void **state)
{
	static const struct launch_step steps[] = {
		{ "a", LAUNCH_ANY, do_a, undo_a }, { "b", LAUNCH_ANY, do_b, undo_b },
		{ "a", LAUNCH_ANY, do_a, NULL },   { "!", LAUNCH_ANY, do_fail, undo_fail },
		{ "b", LAUNCH_ANY, do_b, undo_b }, LAUNCH_STEPS_END,
	};
	struct err err;

	(void)state;
	assert_int_equal(run(steps, LAUNCH_RUN, &err), -EBUSY);
	assert_string_equal(story, "aba!?BA");
	assert_string_equal(err.msg, "because");
}

static void leaves_out_the_other_kind(void **state)
{
	static const struct launch_step steps[] = {
		{ "a", LAUNCH_CREATE, do_a, undo_a },
		{ "b", LAUNCH_RUN, do_b, undo_b },
		LAUNCH_STEPS_END,
	};
	struct err err;

	(void)state;
	assert_int_equal(run(steps, LAUNCH_CREATE, &err), 0);
	assert_string_equal(story, "aA");
	assert_int_equal(run(steps, LAUNCH_RUN, &err), 0);
	assert_string_equal(story, "bB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_until_ready),
		cmocka_unit_test(serves_until_a_message),
		cmocka_unit_test(knows_what_is_out_of_turn),
		cmocka_unit_test(passes_a_failure_on),
		cmocka_unit_test(tells_the_last_word),
		cmocka_unit_test(undoes_in_reverse),
		cmocka_unit_test(leaves_out_the_other_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
