/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/file: state.json, between its text and struct state.
 *
 * What was written by an older version is read as it is; what is damaged is said so, with the way
 * to remove it.
 */
#include "state/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/scope.h"
#include "cgroup/record.h"
#include "state/folder.h"
#include "sys/proc.h"
#include "json/encode.h"

/* It holds a bundle's annotations too; more than this was not written by us. */
#define STATE_FILE_MAX (16u << 20)

/* Whether what this folder holds is gone after a reboot by itself. */
static bool on_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == (__typeof__(fs.f_type))RAMFS_MAGIC);
}

int state_save(const struct state_dir *dir, const struct state *state, struct err *err)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *boot_id = state->boot_id;
	struct json_writer w;
	struct text text;

	if (!boot_id && !on_memory(dir->fd)) {
		boot_id = sys_boot_id(&arena);
	}
	text_init(&text, &arena);
	json_writer_init(&w, &text, false);
	json_object_begin(&w, NULL);
	json_string(&w, "ociVersion", state->oci_version);
	json_string(&w, "id", state->id);
	json_int(&w, "pid", state->pid);
	json_uint(&w, "startTime", state->start_time);
	if (state->pid_namespace.set) {
		json_uint(&w, "pidNamespace", state->pid_namespace.value);
	}
	if (boot_id) {
		json_string(&w, "bootId", boot_id);
	}
	json_bool(&w, "ownPidNamespace", state->own_pid_namespace);
	if (state->mount_namespace.set) {
		json_uint(&w, "mountNamespace", state->mount_namespace.value);
	}
	json_bool(&w, "hasHooks", state->has_hooks);
	json_bool(&w, "ownKeyring", state->own_keyring);
	if (state->keyring) {
		json_string(&w, "keyring", state->keyring);
	}
	json_bool(&w, "noPivot", state->no_pivot);
	if (state->rdt_group) {
		json_string(&w, "rdtGroup", state->rdt_group);
	}
	if (state->rdt_monitor) {
		json_string(&w, "rdtMonitor", state->rdt_monitor);
	}
	if (state->notify) {
		json_string(&w, "notifySocket", state->notify);
	}
	if (state->network.pid.set) {
		json_object_begin(&w, "network");
		json_int(&w, "pid", state->network.pid.value);
		json_uint(&w, "startTime", state->network.start_time.value);
		json_bool(&w, "bySlirp", state->network.by_slirp);
		json_bool(&w, "accel", state->network.accel);
		json_object_end(&w);
	}
	json_string(&w, "bundle", state->bundle);
	json_string(&w, "rootfs", state->rootfs);
	json_string(&w, "created", state->created);
	json_string(&w, "owner", state->owner);
	cgroup_write(&w, &state->cgroup);
	json_object_begin(&w, "annotations");
	for (size_t i = 0; i < state->annotations.n; i++) {
		json_string(&w, state->annotations.v[i].key, state->annotations.v[i].value);
	}
	json_object_end(&w);
	json_object_end(&w);
	text_add(&text, "\n");
	return state_write_file(dir, STATE_FILE, text.s, text.len, err);
}

/* state.json as it is decoded: the fields that must be there are told from those that are zero. */
struct state_file {
	struct state state; /* pid, start_time: see below */
	struct opt_i64 pid;
	struct opt_u64 start_time;
};

static const struct json_field network_fields[] = {
	JSON_F_INT(struct state_network, pid, "pid", JSON_REQUIRED, 1, INT32_MAX),
	JSON_F_UINT(struct state_network, start_time, "startTime", JSON_REQUIRED, UINT64_MAX),
	JSON_F_BOOL(struct state_network, by_slirp, "bySlirp", 0),
	JSON_F_BOOL(struct state_network, accel, "accel", 0),
	JSON_F_END,
};

static const struct json_table network_table = {
	.name = "state.network",
	.size = sizeof(struct state_network),
	.fields = network_fields,
};

#define IN_STATE(member) offsetof(struct state_file, state.member)

static const struct json_field state_fields[] = {
	{ .key = "ociVersion",
	  .kind = JSON_K_STR,
	  .offset = IN_STATE(oci_version),
	  .flags = JSON_REQUIRED },
	{ .key = "id", .kind = JSON_K_STR, .offset = IN_STATE(id), .flags = JSON_REQUIRED },
	{ .key = "pid",
	  .kind = JSON_K_OPT_INT,
	  .offset = offsetof(struct state_file, pid),
	  .flags = JSON_REQUIRED,
	  .min = 1,
	  .max = INT32_MAX },
	{ .key = "startTime",
	  .kind = JSON_K_OPT_UINT,
	  .offset = offsetof(struct state_file, start_time),
	  .flags = JSON_REQUIRED,
	  .umax = UINT64_MAX },
	{ .key = "pidNamespace",
	  .kind = JSON_K_OPT_UINT,
	  .offset = IN_STATE(pid_namespace),
	  .umax = UINT64_MAX },
	{ .key = "bootId",
	  .kind = JSON_K_STR,
	  .offset = IN_STATE(boot_id),
	  .flags = JSON_NONEMPTY },
	{ .key = "ownPidNamespace",
	  .kind = JSON_K_BOOL,
	  .offset = IN_STATE(own_pid_namespace),
	  .flags = JSON_REQUIRED },
	{ .key = "mountNamespace",
	  .kind = JSON_K_OPT_UINT,
	  .offset = IN_STATE(mount_namespace),
	  .umax = UINT64_MAX },
	{ .key = "hasHooks", .kind = JSON_K_BOOL, .offset = IN_STATE(has_hooks) },
	{ .key = "ownKeyring", .kind = JSON_K_BOOL, .offset = IN_STATE(own_keyring) },
	{ .key = "keyring",
	  .kind = JSON_K_STR,
	  .offset = IN_STATE(keyring),
	  .flags = JSON_NONEMPTY },
	{ .key = "noPivot", .kind = JSON_K_BOOL, .offset = IN_STATE(no_pivot) },
	{ .key = "rdtGroup",
	  .kind = JSON_K_STR,
	  .offset = IN_STATE(rdt_group),
	  .flags = JSON_NONEMPTY | JSON_ABSOLUTE },
	{ .key = "rdtMonitor",
	  .kind = JSON_K_STR,
	  .offset = IN_STATE(rdt_monitor),
	  .flags = JSON_NONEMPTY | JSON_ABSOLUTE },
	{ .key = "notifySocket", .kind = JSON_K_STR, .offset = IN_STATE(notify) },
	{ .key = "network",
	  .kind = JSON_K_STRUCT,
	  .offset = IN_STATE(network),
	  .table = &network_table },
	{ .key = "bundle", .kind = JSON_K_STR, .offset = IN_STATE(bundle), .flags = JSON_REQUIRED },
	{ .key = "rootfs", .kind = JSON_K_STR, .offset = IN_STATE(rootfs), .flags = JSON_REQUIRED },
	{ .key = "created",
	  .kind = JSON_K_STR,
	  .offset = IN_STATE(created),
	  .flags = JSON_REQUIRED },
	{ .key = "owner", .kind = JSON_K_STR, .offset = IN_STATE(owner), .flags = JSON_REQUIRED },
	{ .key = "cgroup",
	  .kind = JSON_K_STRUCT,
	  .offset = IN_STATE(cgroup),
	  .table = &cgroup_table },
	{ .key = "annotations", .kind = JSON_K_PAIRS, .offset = IN_STATE(annotations) },
	{ .key = NULL },
};

static const struct json_table state_table = {
	.name = "state",
	.size = sizeof(struct state_file),
	.fields = state_fields,
};

/* The whole file, in the arena. -ENOENT without a message. */
static int read_file(struct arena *arena, const struct state_dir *dir, const char **ret,
		     size_t *ret_len, struct err *err)
{
	scope_fd int fd =
		openat(dir->fd, STATE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t used = 0;
	struct stat st;
	char *bytes;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return errno == ENOENT ? -ENOENT : err_errno(err, errno, "cannot open it");
	}
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)STATE_FILE_MAX) {
		return err_set(err, EINVAL, "not a regular file of at most %u bytes",
			       STATE_FILE_MAX);
	}
	/* It was renamed into place complete, so its size does not change any more. */
	bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	while (used < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + used, (size_t)st.st_size - used);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return err_errno(err, errno, "cannot read it");
		}
		if (n == 0) {
			break;
		}
		used += (size_t)n;
	}
	*ret = bytes;
	*ret_len = used;
	return 0;
}

int state_parse(struct arena *arena, const char *id, const char *bytes, size_t len,
		struct state *ret, struct err *err)
{
	struct state_file file = { .pid = { .set = false } };
	const struct json *tree = NULL;

	TRY(json_parse(arena, bytes, len, &tree, err));
	TRY(json_decode(arena, &state_table, tree, &file, err));
	if (!str_eq(file.state.id, id)) {
		return err_set(err, EINVAL, "/id: it says `%s`", file.state.id);
	}
	file.state.pid = file.pid.value;
	file.state.start_time = file.start_time.value;
	*ret = file.state;
	return 0;
}

/*
 * Is it the file, or the machine that has no descriptors or a broken disk? Only the first is to be
 * removed.
 */
static bool is_damage(int rc)
{
	switch (-rc) {
	case EINVAL: /* no JSON, or not ours */
	case E2BIG:
	case ELOOP: /* a symbolic link */
	case EACCES:
	case EPERM:
	case ENXIO: /* a socket */
		return true;
	default:
		return false;
	}
}

int state_read(struct arena *arena, const struct state_dir *dir, struct state *ret, struct err *err)
{
	const char *bytes = NULL;
	size_t len = 0;
	int rc = read_file(arena, dir, &bytes, &len, err);

	if (rc == -ENOENT) {
		return state_missing(dir->id, err);
	}
	if (rc == 0) {
		rc = state_parse(arena, dir->id, bytes, len, ret, err);
	}
	if (rc == 0) {
		return 0;
	}
	if (!is_damage(rc)) {
		return err_wrap(err, "the state of container `%s`: %s/%s/" STATE_FILE, dir->id,
				dir->root, dir->id);
	}
	err->code = EBADMSG;
	err_wrap(err, "the state of container `%s` is damaged: %s/%s/" STATE_FILE, dir->id,
		 dir->root, dir->id);
	return err_hint(err, "`rootlet delete --force %s` removes it", dir->id);
}

int state_load(struct arena *arena, const char *root, const char *id, struct state *ret,
	       struct err *err)
{
	struct state_dir dir;
	int rc;

	TRY(state_open_unlocked(root, id, &dir, err));
	rc = state_read(arena, &dir, ret, err);
	fd_drop(&dir.fd);
	return rc;
}
