/* SPDX-License-Identifier: Apache-2.0 */
/* host/self: keeping the runtime's own file out of a container's reach (CVE-2019-5736). */
#include "host/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "sys/fd.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SELF "/proc/self/exe"

extern char **environ;

/*
 * Could a process with this user's ids in a container open the file for writing, or make it
 * writable first?
 */
static bool within_reach(void)
{
	struct stat st;

	if (stat(SELF, &st) < 0) {
		return true;
	}
	return st.st_uid == geteuid() || faccessat(AT_FDCWD, SELF, W_OK, AT_EACCESS) == 0 ||
	       errno == ETXTBSY;
}

static int sealed_copy(int source, struct err *err)
{
	/*
	 * MFD_EXEC: since Linux 6.3 a memfd may be made non-executable by default; older kernels do
	 * not know the flag.
	 */
	scope_fd int copy = (int)syscall(SYS_memfd_create, "rootlet",
					 MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	ssize_t sent;
	int rc;

	if (copy < 0 && errno == EINVAL) {
		copy = (int)syscall(SYS_memfd_create, "rootlet", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	}
	if (copy < 0) {
		return err_errno(err, errno, "making a protected copy of rootlet's own file");
	}
	while ((sent = sendfile(copy, source, NULL, 1 << 30)) > 0) {
	}
	if (sent < 0 || fchmod(copy, 0500) < 0) {
		return err_errno(err, errno, "making a protected copy of rootlet's own file");
	}
	rc = sys_seal(copy);
	if (rc < 0) {
		return err_errno(err, -rc, "making a protected copy of rootlet's own file");
	}
	return fd_take(&copy);
}

int host_self_protect(char **argv, struct err *err)
{
	scope_fd int self = -1;
	scope_fd int copy = -1;

	if (!within_reach()) {
		return 0;
	}
	self = open(SELF, O_RDONLY | O_CLOEXEC);
	if (self < 0) {
		return err_errno(err, errno, "opening rootlet's own file (is /proc mounted?)");
	}
	if (sys_is_sealed(self)) {
		/*
		 * execveat(2) named the process after its descriptor: people look for it by its
		 * name.
		 */
		prctl(PR_SET_NAME, "rootlet", 0, 0, 0);
		return 0;
	}
	copy = sealed_copy(self, err);
	TRY(copy);
	syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);
	return err_errno(err, errno, "running from a protected copy of rootlet's own file");
}
