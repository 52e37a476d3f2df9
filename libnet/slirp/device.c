/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/slirp_device: slirp4netns gets a device that is there already.
 *
 * It has no option for that. It opens /dev/net/tun and asks that for a device; so a seccomp filter
 * tells of the open, which is answered with our descriptor (SECCOMP_IOCTL_NOTIF_ADDFD, Linux 5.9),
 * and says of the asking that it went well. A process has one listener at the most (EBUSY): where
 * one is around us, slirp4netns makes its device itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/scope.h"
#include "libnet/forward/loop.h"
#include "libnet/slirp/slirp.h"
#include "sys/sock.h"

#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#ifdef NATIVE
/*
 * The kernel takes all arguments that are looked at here as int; both architectures have their
 * lower half first.
 */
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]))

/*
 * open(2), where there is one, takes its flags one argument earlier. glibc does without it, others
 * don't.
 */
#ifdef SYS_open
#define OLD_OPEN SYS_open
#else
#define OLD_OPEN SYS_openat
#endif

static struct sock_filter code[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 0, 12),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 7, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 3, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OLD_OPEN, 0, 8),
	ARGUMENT(1),
	BPF_STMT(BPF_JMP | BPF_JA, 1),
	ARGUMENT(2),
	/* Libraries are opened for reading alone. */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_RDWR, 0, 4),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	ARGUMENT(1),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TUNSETIFF, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO), /* 0: it went well */
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Returns the listener or -errno. */
static int listen_here(void)
{
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

	return fd < 0 ? -errno : fd;
}
#else
static int listen_here(void)
{
	return -ENOTSUP;
}
#endif

bool slirp_device_may_listen(void)
{
	scope_fd int listener = listen_here();
	struct seccomp_notif_addfd add = { .srcfd = (uint32_t)listener };

	/* No such call waits. A kernel that can't give descriptors says EINVAL. */
	return listener >= 0 && ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 &&
	       errno == ENOENT;
}

int slirp_device_listen(int control)
{
	const struct forward_message m = { .op = SWITCH_LISTEN };
	scope_fd int listener = listen_here();

	return listener < 0 ? listener : sys_send_fd(control, &m, sizeof(m), listener);
}

/* Room for what newer kernels say more. */
union call {
	struct seccomp_notif notif;
	char room[512];
};

union answer {
	struct seccomp_notif_resp resp;
	char room[512];
};

/* Nothing else that it opens is opened so; but it may be a program around it that does. */
static bool opens_tun(const struct seccomp_notif *call)
{
	char path[sizeof(TUN_PATH)] = "";
	struct iovec to = { path, sizeof(path) };
	struct iovec from = { (void *)(uintptr_t)call->data.args[call->data.nr == SYS_openat],
			      sizeof(path) };
	ssize_t n = process_vm_readv((pid_t)call->pid, &to, 1, &from, 1, 0);

	/* Yama's highest setting lets nobody read that, and a kernel may have no such call. */
	return n < 0 ? errno == EPERM || errno == ENOSYS :
		       n == (ssize_t)sizeof(path) && memcmp(path, TUN_PATH, sizeof(path)) == 0;
}

int slirp_device_give(struct slirp *slirp, int tap)
{
	union call call = { .room = { 0 } };
	union answer answer = { .room = { 0 } };
	struct seccomp_notif_addfd add = { .srcfd = (uint32_t)tap };

	if (ioctl(slirp->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
		/* it does not wait any more */
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	}
	answer.resp.id = add.id = call.notif.id;
	if (opens_tun(&call.notif)) {
		answer.resp.val = ioctl(slirp->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		answer.resp.error = answer.resp.val < 0 ? -errno : 0;
	} else {
		answer.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	if (ioctl(slirp->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0) {
		return -errno;
	}
	if (!answer.resp.flags) {
		fd_drop(&slirp->listener);
	}
	return 0;
}
