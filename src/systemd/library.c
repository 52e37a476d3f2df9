/* SPDX-License-Identifier: Apache-2.0 */
/* systemd/library: libsystemd, opened at run time. */
#include "systemd/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

int systemd_library_load(struct systemd_functions *ret, struct err *err)
{
	static const char library_name[] = "libsystemd.so.0";
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define SYSTEMD_ROW(name) { #name, offsetof(struct systemd_functions, name) },
		SYSTEMD_FUNCTIONS(SYSTEMD_ROW)
#undef SYSTEMD_ROW
	};
	/* Never unloaded: the process is short-lived. */
	void *library = dlopen(library_name, RTLD_LAZY | RTLD_LOCAL);

	if (!library) {
		return err_set(
			err, ENOENT,
			"systemd can't be asked for a cgroup without %s (%s); install it (Debian: "
			"libsystemd0), or use --cgroup-manager=cgroupfs or disabled",
			library_name, dlerror());
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function) {
			return err_set(err, ENOENT,
				       "%s is too old: it has no %s; use --cgroup-manager=cgroupfs "
				       "or disabled",
				       library_name, functions[i].name);
		}
		memcpy((char *)ret + functions[i].offset, &function, sizeof(function));
	}
	return 0;
}
