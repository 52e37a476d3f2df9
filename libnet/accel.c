/* SPDX-License-Identifier: Apache-2.0 */
/* net/accel: asked before anything is started, by trying what the switch will do. */
#include "libnet/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/scope.h"
#include "libnet/accel_filter.h"
#include "sys/clone.h"
#include "sys/compat.h"
#include "sys/fd.h"
#include "sys/sock.h"

/* Yama's highest setting: nobody may look into another process any more, until the next boot. */
static bool yama_forbids(void)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *text = "";

	return sys_read_file(&arena, AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 16, &text) >
		       0 &&
	       text[0] == '3';
}

int net_accel_check(struct net_config *config, struct err *err)
{
	struct sock_filter code[NET_ACCEL_FILTER_MAX];
	const uint32_t action = SECCOMP_RET_USER_NOTIF;
	scope_fd int pidfd = -1, taken = -1, socket_ = -1;
	struct sock_filter keep = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	if (net_accel_filter(code) == 0) {
		return err_set(err, ENOTSUP, "accel=seccomp is not there for this architecture");
	}
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0) {
		return err_errno(err, ENOTSUP,
				 "accel=seccomp: this kernel has no seccomp notifications");
	}
	/* The youngest thing that is needed; ADDFD came with 5.9. */
	socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (socket_ < 0 || getsockopt(socket_, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0) {
		return err_set(err, ENOTSUP,
			       "accel=seccomp: this kernel is too old, Linux 5.14 is needed");
	}
	config->accel_out_only = sys_lock_socket_filter(socket_, &keep, 1) < 0;
	if (config->accel_out_only && !config->lan) {
		return err_set(err, ENOTSUP,
			       "accel=seccomp and allow_lan=false exclude each other here: it "
			       "takes socket filters, which this kernel keeps for CAP_NET_ADMIN; "
			       "leave one of them out");
	}
	pidfd = sys_pidfd_open(getpid());
	if (pidfd >= 0) {
		taken = (int)syscall(SYS_pidfd_getfd, pidfd, socket_, 0);
	}
	if (taken < 0) {
		return err_errno(err, errno,
				 "accel=seccomp: pidfd_getfd(2), which a container around this one "
				 "may forbid");
	}
	if (yama_forbids()) {
		return err_set(err, ENOTSUP,
			       "accel=seccomp: sysctl kernel.yama.ptrace_scope is 3, which forbids "
			       "to take a container's sockets");
	}
	return 0;
}
