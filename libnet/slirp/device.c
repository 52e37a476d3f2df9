/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp/device: slirp4netns gets a device that is there already.
 *
 * It has no option for that. It opens /dev/net/tun and asks that for a device; so a seccomp filter
 * tells of the open, which is answered with our descriptor (SECCOMP_IOCTL_NOTIF_ADDFD, Linux 5.9),
 * and says of the asking that it went well. A process has one listener at the most (EBUSY): where
 * one is around us, slirp4netns makes its device itself.
 */
#include "libnet/slirp/device.h"

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
#include "libnet/messages.h"

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
	const struct net_message m = { .kind = NET_MESSAGE_LISTENER };
	scope_fd int listener = listen_here();

	if (listener < 0) {
		return listener;
	}
	return net_message_send(control, &m, listener);
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
	char path[sizeof(SLIRP_TUN_PATH)] = "";
	struct iovec to = { path, sizeof(path) };
	struct iovec from = { (void *)(uintptr_t)call->data.args[call->data.nr == SYS_openat],
			      sizeof(path) };
	ssize_t n = process_vm_readv((pid_t)call->pid, &to, 1, &from, 1, 0);

	if (n < 0) {
		/* Yama's highest setting lets nobody read that; a kernel may have no such call. */
		return errno == EPERM || errno == ENOSYS;
	}
	return n == (ssize_t)sizeof(path) && memcmp(path, SLIRP_TUN_PATH, sizeof(path)) == 0;
}

int slirp_device_give(int *listener, int tap)
{
	union call call = { .room = { 0 } };
	union answer answer = { .room = { 0 } };
	struct seccomp_notif_addfd add = { .srcfd = (uint32_t)tap };

	if (ioctl(*listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
		/* it does not wait any more */
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	}
	answer.resp.id = add.id = call.notif.id;
	if (opens_tun(&call.notif)) {
		answer.resp.val = ioctl(*listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		answer.resp.error = answer.resp.val < 0 ? -errno : 0;
	} else {
		answer.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	}
	if (ioctl(*listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0) {
		return -errno;
	}
	if (!answer.resp.flags) {
		fd_drop(listener);
	}
	return 0;
}

int slirp_device_explain(struct err *err)
{
	/*
	 * Opened, and not asked whether it could be: it is the open that a missing module, nodev or
	 * a device filter refuses.
	 */
	scope_fd int tun = open(SLIRP_TUN_PATH, O_RDWR | O_CLOEXEC);

	switch (tun < 0 ? errno : 0) {
	case ENOENT:
		return err_hint(err, "there is no /dev/net/tun: load its module (sudo modprobe "
				     "tun), or have the outer container given the device");
	case EACCES:
	case EPERM:
		return err_hint(err, "you may not open /dev/net/tun: sudo chmod 0666 /dev/net/tun; "
				     "in an outer container, have it given the device");
	case ENODEV:
	case ENXIO:
		return err_hint(err,
				"the kernel has no driver for /dev/net/tun: sudo modprobe tun");
	default:
		return -err->code;
	}
}
