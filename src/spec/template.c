/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: the configuration that `rootlet spec` writes.
 *
 * As runc's, so that a bundle made here runs there and the other way round. The rootless one
 * differs where an ordinary user can do better than a root that gives away as little as it may:
 * inside the container's own user namespace the capabilities that package managers and useradd need
 * cost the host nothing.
 */
#include "spec/template.h"

#include "spec/spec.h"
#include "json/encode.h"

#define STRS(...)                                                                                  \
	(&(const struct strs){ .v = (const char *[]){ __VA_ARGS__, NULL },                         \
			       .n = sizeof((const char *[]){ __VA_ARGS__ }) /                      \
				    sizeof(const char *) })

static void put_capabilities(struct json_writer *w, bool rootless)
{
	const struct strs *root = STRS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE");
	const struct strs *user =
		STRS("CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
		     "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP",
		     "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT");
	const struct strs *set = rootless ? user : root;

	/*
	 * Neither inheritable nor ambient: a program of uid 0 gets them all the same, one of
	 * another uid should not.
	 */
	json_object_begin(w, "capabilities");
	json_strings(w, "bounding", set);
	json_strings(w, "effective", set);
	json_strings(w, "permitted", set);
	json_object_end(w);
}

static void put_process(struct json_writer *w, bool rootless)
{
	json_object_begin(w, "process");
	json_bool(w, "terminal", true);
	json_object_begin(w, "user");
	json_uint(w, "uid", 0);
	json_uint(w, "gid", 0);
	json_object_end(w);
	json_strings(w, "args", STRS("sh"));
	json_strings(w, "env",
		     STRS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			  "TERM=xterm"));
	json_string(w, "cwd", "/");
	put_capabilities(w, rootless);
	json_array_begin(w, "rlimits");
	json_object_begin(w, NULL);
	json_string(w, "type", "RLIMIT_NOFILE");
	json_uint(w, "hard", 1024);
	json_uint(w, "soft", 1024);
	json_object_end(w);
	json_array_end(w);
	json_bool(w, "noNewPrivileges", true);
	json_object_end(w);
}

static void put_mount(struct json_writer *w, const char *destination, const char *type,
		      const char *source, const struct strs *options)
{
	json_object_begin(w, NULL);
	json_string(w, "destination", destination);
	json_string(w, "type", type);
	json_string(w, "source", source);
	if (options) {
		json_strings(w, "options", options);
	}
	json_object_end(w);
}

/*
 * A user without a range of ids has no group 5 (tty) to give terminals to, so the rootless devpts
 * names none.
 */
static void put_mounts(struct json_writer *w, bool rootless)
{
	json_array_begin(w, "mounts");
	put_mount(w, "/proc", "proc", "proc", NULL);
	put_mount(w, "/dev", "tmpfs", "tmpfs",
		  STRS("nosuid", "strictatime", "mode=755", "size=65536k"));
	put_mount(w, "/dev/pts", "devpts", "devpts",
		  rootless ? STRS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620") :
			     STRS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
				  "gid=5"));
	put_mount(w, "/dev/shm", "tmpfs", "shm",
		  STRS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
	put_mount(w, "/dev/mqueue", "mqueue", "mqueue", STRS("nosuid", "noexec", "nodev"));
	put_mount(w, "/sys", "sysfs", "sysfs", STRS("nosuid", "noexec", "nodev", "ro"));
	put_mount(w, "/sys/fs/cgroup", "cgroup", "cgroup",
		  STRS("nosuid", "noexec", "nodev", "relatime", "ro"));
	json_array_end(w);
}

static void put_namespace(struct json_writer *w, const char *type)
{
	json_object_begin(w, NULL);
	json_string(w, "type", type);
	json_object_end(w);
}

static void put_namespaces(struct json_writer *w, bool rootless)
{
	json_array_begin(w, "namespaces");
	put_namespace(w, "pid");
	put_namespace(w, "network");
	put_namespace(w, "ipc");
	put_namespace(w, "uts");
	put_namespace(w, "mount");
	put_namespace(w, "cgroup");
	if (rootless) {
		put_namespace(w, "user");
	}
	json_array_end(w);
}

/*
 * Every device forbidden; the runtime allows the default ones behind it (config-linux.md, "Default
 * Devices").
 */
static void put_resources(struct json_writer *w)
{
	json_object_begin(w, "resources");
	json_array_begin(w, "devices");
	json_object_begin(w, NULL);
	json_bool(w, "allow", false);
	json_string(w, "access", "rwm");
	json_object_end(w);
	json_array_end(w);
	json_object_end(w);
}

static void put_linux(struct json_writer *w, bool rootless)
{
	json_object_begin(w, "linux");
	if (!rootless) {
		put_resources(w);
	}
	put_namespaces(w, rootless);
	json_strings(w, "maskedPaths",
		     STRS("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
			  "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
			  "/proc/sched_debug", "/sys/firmware", "/proc/scsi"));
	json_strings(
		w, "readonlyPaths",
		STRS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"));
	json_object_end(w);
}

static void put_annotations(struct json_writer *w, const char *net, const char *publish)
{
	json_object_begin(w, "annotations");
	json_string(w, "org.rootlet.net", net);
	if (publish) {
		json_string(w, "org.rootlet.publish", publish);
	}
	json_object_end(w);
}

const char *spec_template(struct arena *arena, bool rootless, const char *net, const char *publish)
{
	struct json_writer w;
	struct text out;

	text_init(&out, arena);
	json_writer_init(&w, &out, false);
	json_object_begin(&w, NULL);
	json_string(&w, "ociVersion", SPEC_VERSION);
	put_process(&w, rootless);
	json_object_begin(&w, "root");
	json_string(&w, "path", "rootfs");
	json_bool(&w, "readonly", true);
	json_object_end(&w);
	json_string(&w, "hostname", "rootlet");
	put_mounts(&w, rootless);
	put_linux(&w, rootless);
	if (net) {
		put_annotations(&w, net, publish);
	}
	json_object_end(&w);
	text_add(&out, "\n");
	return out.s;
}
