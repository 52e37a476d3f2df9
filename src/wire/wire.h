/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: the messages between the host side and the guest side.
 *
 * One SOCK_SEQPACKET datagram is one message: a type, a payload of bounded length, at most one
 * descriptor. The guest is hostile from the moment foreign code may run in it, so the receiver
 * checks length and type here, and legality by phase with wire_legal (CVE-2021-43784 came of an
 * unchecked length).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum wire_type {
	/* host to guest */
	WIRE_IDMAP = 1,	 /* the id maps are written */
	WIRE_START,	 /* run the program */
	WIRE_SETUP_DONE, /* the host has done its part between mounts and pivot */
	WIRE_FILTER,	 /* descriptor: the compiled seccomp filter */
	/* descriptor: a detached mount that the host has idmapped, in the order of the plan */
	WIRE_MOUNT,
	WIRE_CGROUP,	/* descriptor: the cgroup that the container is in now */
	WIRE_NO_CGROUP, /* it stays where its caller is */
	/* state.json is written: `start` and `delete` find the container from now on */
	WIRE_RECORDED,
	WIRE_NAMESPACES, /* at the gate: exec asks for the namespaces */
	/* exec: the process is in the container's cgroup, on its first CPUs: go on */
	WIRE_PLACED,

	/* both ways */
	/*
	 * descriptor: the container's notification socket, which waits with the guest for `start`
	 */
	WIRE_NOTIFY,

	/* guest to host */
	WIRE_LOG, /* payload: text of a warning */
	WIRE_ERR, /* payload: struct err; the guest ends after it */
	/* payload: struct wire_step: a step is done; only when the plan asks for a trace */
	WIRE_STEP,
	/* descriptor: pidfd of the container's init, where the guest had to fork again */
	WIRE_INIT,
	/* payload: uint64_t, sys_mount_namespace's number of the container's own */
	WIRE_OWN_MOUNTS,
	WIRE_NETWORK,	/* descriptor: the network namespace, which can be connected now */
	WIRE_CONSOLE,	/* descriptor: the pseudo-terminal's multiplexer side */
	WIRE_SETUP,	/* the mounts are done: the host's turn */
	WIRE_LISTENER,	/* descriptor: of the seccomp filter */
	WIRE_SWITCH,	/* descriptor: of the filter that goes with an accelerated network */
	WIRE_READY,	/* everything is done but the start */
	WIRE_NAMESPACE, /* payload: uint32_t, CLONE_NEW*; descriptor: of such a namespace */
	WIRE_EXEC,	/* execve comes next: end of file after it means success */
};

/* What the host expects of the guest. WIRE_LOG and WIRE_ERR are legal in every phase. */
enum wire_phase {
	WIRE_PHASE_SETUP, /* until READY */
	WIRE_PHASE_START, /* from START to the end of file */
	WIRE_PHASE_GATE,  /* from NAMESPACES to the end of file */
};

struct wire_step {
	char name[24];
	/* CLOCK_REALTIME, nanoseconds: the one clock that a time namespace leaves alone */
	int64_t when;
};

#define WIRE_PAYLOAD_MAX sizeof(struct err)

struct wire_msg {
	enum wire_type type;
	uint32_t len;
	int fd; /* received descriptor (close-on-exec), the receiver's; -1: none */
	union {
		char bytes[WIRE_PAYLOAD_MAX + 1]; /* NUL-terminated after receipt */
		struct err err;
		struct wire_step step;
		uint32_t type_of_namespace;
		uint64_t mount_namespace;
	};
};

/* A connected pair, close-on-exec. Returns 0 or -errno. */
int wire_pair(int *ret_host, int *ret_guest);

/* Sends one message; fd -1 for none. Returns 0 or -errno (-EPIPE: the other side is gone). */
int wire_send(int wire, enum wire_type type, const void *payload, uint32_t len, int fd);

/*
 * Receives one message. Returns 1, or 0 at the end of file, or -errno: -EPROTO for a message that
 * is malformed (too short, too long, more than one descriptor, a descriptor where none belongs or
 * none where one does).
 */
int wire_recv(int wire, struct wire_msg *ret);

/*
 * Where the conversation stands. LOG, STEP and NAMESPACE come as often as they like, all else once
 * at the most.
 */
struct wire_turn {
	enum wire_phase phase;
	/* bits of enum wire_type: what came already, or what this plan has no use for */
	unsigned gone;
};

#define WIRE_BIT(type) (1u << (type))

/* May the guest send this type now? If so it has, from then on. */
bool wire_legal(struct wire_turn *turn, enum wire_type type);

const char *wire_type_name(enum wire_type type);
