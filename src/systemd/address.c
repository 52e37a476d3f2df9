/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd/address: looking for the manager's sockets, and connecting to one.
 *
 * An ordinary user's manager is never looked for on the system bus: what answers there is the
 * system's manager, which asks for an administrator's password.
 *
 * `su`, `sudo` and cron leave environments behind that point to someone else's bus or to none. So
 * every address is looked at: the bus that the environment names, the buses of $XDG_RUNTIME_DIR and
 * /run/user/UID, and the manager's private socket beside them, which works without any bus, and is
 * asked first, as systemctl and systemd-run do: with a bus in between every message takes two more
 * changes of process. What counts is who listens (SO_PEERCRED), not what a variable or a path says.
 */
#include "systemd/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "sys/await.h"
#include "user/session.h"

/*
 * A listener whose queue is full makes a connect that doesn't block fail with EAGAIN, and poll
 * can't wait for it.
 */
#define QUEUE_RETRY_MS 10

struct look {
	struct arena *arena;
	struct systemd_addresses *found;
	struct text passed_over;
};

/* The same place may be found in two ways: it is told once. */
static void pass_over(struct look *look, const char *place, const char *why)
{
	if (strstr(look->passed_over.s, arena_printf(look->arena, "%s: ", place))) {
		return;
	}
	text_add(&look->passed_over, "%s%s: %s", look->passed_over.len ? "; " : "", place, why);
}

static bool known(const struct systemd_addresses *a, const struct systemd_address *address)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].abstract == address->abstract && str_eq(a->v[i].name, address->name)) {
			return true;
		}
	}
	return false;
}

/* Why the socket at path can't be our manager's; NULL when it may be. */
static const char *fault(struct arena *arena, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		/* A runtime folder of one's own can be entered. */
		if (errno == EACCES) {
			return "another user's (Permission denied)";
		}
		return strerror(errno);
	}
	if (!S_ISSOCK(st.st_mode)) {
		return "not a socket";
	}
	if (st.st_uid != geteuid()) {
		return arena_printf(arena, "belongs to uid %u", st.st_uid);
	}
	return NULL;
}

static void consider(struct look *look, const struct systemd_address *address)
{
	const char *why = NULL;

	if (known(look->found, address)) {
		return;
	}
	if (look->found->n == SYSTEMD_ADDRESSES_MAX) {
		why = "one address too many";
	} else if (!address->abstract) {
		why = fault(look->arena, address->name);
	}
	if (why) {
		pass_over(look, systemd_address_text(look->arena, address), why);
	} else {
		look->found->v[look->found->n++] = *address;
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

/* %XX of the D-Bus Specification, "Server Addresses". NULL for a bad one, or a NUL. */
static const char *unescape(struct arena *arena, const char *bytes, size_t len)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '%') {
			int high = -1, low = -1;

			if (i + 2 < len) {
				high = hex_digit(bytes[i + 1]);
				low = hex_digit(bytes[i + 2]);
			}
			if (high < 0 || low < 0 || (high == 0 && low == 0)) {
				return NULL;
			}
			out[n++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[n++] = bytes[i];
		}
	}
	return out;
}

bool systemd_address_parse(struct arena *arena, const char *entry, size_t len,
			   struct systemd_address *ret)
{
	struct systemd_address address = { .name = NULL };
	const char *end = entry + len;
	const char *p = entry + strlen("unix:");

	if (len > strlen("unix:") && str_starts(entry, "unix:")) {
		while (p < end) {
			size_t n = strcspn(p, ",;");

			if (str_starts(p, "path=/")) {
				address.name = unescape(arena, p + 5, n - 5);
			} else if (str_starts(p, "abstract=")) {
				address.name = unescape(arena, p + 9, n - 9);
				address.abstract = true;
			}
			p += n + 1;
		}
	}
	if (!address.name || !*address.name) {
		return false;
	}
	*ret = address;
	return true;
}

/* $XDG_RUNTIME_DIR/bus: where the manager's own socket is beside it, that comes first. */
static void consider_bus(struct look *look, const struct systemd_address *bus)
{
	const char *slash = strrchr(bus->name, '/');
	struct systemd_address manager = { .direct = true };

	if (!bus->abstract && slash && str_eq(slash, "/bus")) {
		manager.name = arena_printf(look->arena, "%.*s/systemd/private",
					    (int)(slash - bus->name), bus->name);
		if (!fault(look->arena, manager.name)) {
			consider(look, &manager);
		}
	}
	consider(look, bus);
}

static void consider_entry(struct look *look, const char *entry, size_t len)
{
	struct systemd_address address;

	if (systemd_address_parse(look->arena, entry, len, &address)) {
		consider_bus(look, &address);
	} else {
		pass_over(look, arena_strndup(look->arena, entry, len),
			  "not a UNIX socket's address");
	}
}

static void consider_variable(struct look *look, const char *value)
{
	if (!value || !*value) {
		pass_over(look, "$DBUS_SESSION_BUS_ADDRESS", "not set");
		return;
	}
	while (*value) {
		size_t len = strcspn(value, ";");

		if (len > 0) {
			consider_entry(look, value, len);
		}
		value += len + (value[len] == ';');
	}
}

static void consider_path(struct look *look, const char *folder, const char *name, bool direct)
{
	struct systemd_address address = { .name = arena_printf(look->arena, "%s/%s", folder, name),
					   .direct = direct };

	if (direct) {
		consider(look, &address);
	} else {
		consider_bus(look, &address);
	}
}

static void look_for_user(struct look *look)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *usual = arena_printf(look->arena, "/run/user/%u", user_uid());

	consider_variable(look, getenv("DBUS_SESSION_BUS_ADDRESS"));
	if (!runtime || !*runtime) {
		pass_over(look, "$XDG_RUNTIME_DIR", "not set");
		runtime = usual;
	} else if (runtime[0] != '/') {
		pass_over(look, "$XDG_RUNTIME_DIR", "not an absolute path");
		runtime = usual;
	}
	consider_path(look, runtime, "bus", false);
	consider_path(look, usual, "bus", false);
	consider_path(look, runtime, "systemd/private", true);
	consider_path(look, usual, "systemd/private", true);
}

void systemd_addresses_look(struct arena *arena, bool system, struct systemd_addresses *ret)
{
	struct look look = { .arena = arena, .found = ret };

	*ret = (struct systemd_addresses){ .n = 0 };
	text_init(&look.passed_over, arena);
	if (system) {
		consider_path(&look, "/run", "systemd/private", true);
		consider_path(&look, "/run", "dbus/system_bus_socket", false);
	} else {
		look_for_user(&look);
	}
	ret->system = system;
	ret->passed_over = look.passed_over.s;
}

const char *systemd_address_text(struct arena *arena, const struct systemd_address *address)
{
	return arena_printf(arena, "unix:%s=%s", address->abstract ? "abstract" : "path",
			    address->name);
}

int systemd_addresses_none(const struct systemd_addresses *addresses, const char *failures,
			   struct err *err)
{
	const char *both = *addresses->passed_over && *failures ? "; " : "";

	if (addresses->system) {
		err_set(err, ENOENT, "the system's systemd can't be reached: %s%s%s",
			addresses->passed_over, both, failures);
	} else {
		err_set(err, ENOENT, "the systemd manager of uid %u can't be reached: %s%s%s",
			user_uid(), addresses->passed_over, both, failures);
	}
	/* sd_booted(3) */
	if (access("/run/systemd/system", F_OK) < 0) {
		return err_hint(err, "this machine is not run by systemd: use "
				     "--cgroup-manager=cgroupfs or disabled");
	}
	if (!addresses->system) {
		err_hint(err,
			 "log in as this user (ssh, `machinectl shell USER@`), or let its manager "
			 "run always: `sudo loginctl enable-linger %u`",
			 user_uid());
	}
	return -ENOENT;
}

/*
 * place: a path too long for a socket's address is reached through this descriptor of its file,
 * which must stay open.
 */
static int socket_address(const struct systemd_address *address, struct sockaddr_un *ret,
			  socklen_t *ret_len, int *place)
{
	const size_t len = strlen(address->name);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*ret_len = sizeof(*ret);
	if (len + 1 <= sizeof(ret->sun_path)) {
		memcpy(ret->sun_path + address->abstract, address->name, len);
		if (address->abstract) {
			*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
		}
		return 0;
	}
	if (address->abstract) {
		return -ENAMETOOLONG;
	}
	*place = open(address->name, O_PATH | O_CLOEXEC);
	if (*place < 0) {
		return -errno;
	}
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d", *place);
	return 0;
}

int systemd_address_connect(const struct systemd_address *address, int timeout_ms,
			    bool *ret_foreign, int *ret_signal)
{
	scope_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	scope_fd int place = -1;
	struct sockaddr_un to;
	struct ucred peer;
	socklen_t peer_len = sizeof(peer);
	socklen_t len;
	int rc;

	if (fd < 0) {
		return -errno;
	}
	TRY(socket_address(address, &to, &len, &place));
	for (int waited = 0; connect(fd, (struct sockaddr *)&to, len) < 0;
	     waited += QUEUE_RETRY_MS) {
		if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		}
		if (waited >= timeout_ms) {
			return -ETIMEDOUT;
		}
		rc = sys_await(NULL, 0, QUEUE_RETRY_MS);
		if (rc > 0) {
			*ret_signal = rc;
			return -EINTR;
		}
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) < 0) {
		return -errno;
	}
	if (peer.uid != geteuid()) {
		return -EPERM;
	}
	*ret_foreign = peer.pid == 0;
	return fd_take(&fd);
}
