/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys/bpf: programs of eBPF at a cgroup that decide on devices, bpf(2). Takes CAP_BPF and
 * CAP_NET_ADMIN, before Linux 5.8 CAP_SYS_ADMIN.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Loads n instructions as a BPF_PROG_TYPE_CGROUP_DEVICE (Linux 4.15). name: at most 15 characters,
 * for those who look at it.
 * Returns a descriptor (close-on-exec) or -errno: EINVAL too when the kernel was built without
 * them.
 */
int sys_bpf_load_device(const struct bpf_insn *program, size_t n, const char *name);

/*
 * Adds a program to those of a cgroup; all of them have to allow a device. cgroup: a directory. 0
 * or -errno.
 */
int sys_bpf_attach_device(int cgroup, int program);

/* Takes one away. 0 or -errno: ENOENT when it isn't there. */
int sys_bpf_detach_device(int cgroup, int program);

/*
 * The ids of the programs at a cgroup, not of those above. Returns how many, or -errno: ENOSPC for
 * more than `room`.
 */
int sys_bpf_device_ids(int cgroup, uint32_t *ids, size_t room);

/* A program by its id: a descriptor or -errno, and its name. */
int sys_bpf_open(uint32_t id, char ret_name[BPF_OBJ_NAME_LEN]);
