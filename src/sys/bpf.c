/* SPDX-License-Identifier: Apache-2.0 */
/* sys/bpf: the call has no wrapper in the C library, and one union for all that it does. */
#include "sys/bpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	if (rc < 0) {
		return -errno;
	}
	return (int)rc;
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int sys_bpf_load_device(const struct bpf_insn *program, size_t n, const char *name)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = address(program);
	attr.insn_cnt = (uint32_t)n;
	attr.license = address("Apache-2.0");
	snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", name);
	return bpf(BPF_PROG_LOAD, &attr);
}

static int change_device(enum bpf_cmd cmd, int cgroup, int program, uint32_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = flags;
	return bpf(cmd, &attr);
}

int sys_bpf_attach_device(int cgroup, int program)
{
	return change_device(BPF_PROG_ATTACH, cgroup, program, BPF_F_ALLOW_MULTI);
}

int sys_bpf_detach_device(int cgroup, int program)
{
	return change_device(BPF_PROG_DETACH, cgroup, program, 0);
}

int sys_bpf_device_ids(int cgroup, uint32_t *ids, size_t room)
{
	union bpf_attr attr;
	int rc;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = address(ids);
	attr.query.prog_cnt = (uint32_t)room;
	rc = bpf(BPF_PROG_QUERY, &attr);
	if (rc < 0) {
		return rc;
	}
	return (int)attr.query.prog_cnt;
}

int sys_bpf_open(uint32_t id, char ret_name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	int fd, rc;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0) {
		return fd;
	}
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info = address(&info);
	attr.info.info_len = sizeof(info);
	rc = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	memcpy(ret_name, info.name, BPF_OBJ_NAME_LEN);
	ret_name[BPF_OBJ_NAME_LEN - 1] = '\0';
	return fd;
}
