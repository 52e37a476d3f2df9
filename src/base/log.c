/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: one line a message, each by a single write, so that lines of several processes never mix.
 *
 * The state below is the process's one destination: set once by main, only read afterwards; and
 * whether this process was asked to end.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"

/* Every byte of a message may become six ("\u001b"); the rest is the frame around it. */
#define LINE_MAX_ (ERR_MSG_MAX * 6 + 256)

/* A character of UTF-8 has so many bytes at the most. */
#define UTF8_MAX 4

/* What stands after "journald:" and "syslog:". */
#define IDENT_MAX 128

/* How often it is looked whether a signal came while nobody reads. */
#define LOOK_MS 50

enum target {
	TO_FILE, /* or stderr */
	TO_JOURNAL,
	TO_SYSLOG,
};

static struct {
	enum target target;
	int fd; /* the log file, or a connected datagram socket; -1: none */
	enum log_format format;
	enum log_level level;
	char ident[IDENT_MAX + 1];
	bool hurry; /* nobody is waited for */
} sink = { .fd = -1, .format = LOG_TEXT, .level = LOG_LEVEL_WARNING };

struct line {
	char s[LINE_MAX_];
	size_t len;
};

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "error";
}

static void line_add(struct line *line, const char *text)
{
	size_t len = strlen(text);

	if (len < sizeof(line->s) - line->len) {
		memcpy(line->s + line->len, text, len + 1);
		line->len += len;
	}
}

static void line_add_time(struct line *line)
{
	char text[sizeof("2026-01-02T15:04:05Z") + 16];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	line_add(line, text);
}

/* RFC 8259, section 7. Bytes that are no UTF-8 become U+FFFD: a path may hold any. */
static void line_add_json(struct line *line, const char *text)
{
	for (const char *p = text; *p;) {
		const unsigned char c = (unsigned char)*p;
		char piece[8] = "";
		size_t len = str_utf8(p, strnlen(p, UTF8_MAX));

		if (len == 0) {
			snprintf(piece, sizeof(piece), "\\ufffd");
			len = 1;
		} else if (c == '"' || c == '\\') {
			snprintf(piece, sizeof(piece), "\\%c", c);
		} else if (c == '\n') {
			snprintf(piece, sizeof(piece), "\\n");
		} else if (c == '\t') {
			snprintf(piece, sizeof(piece), "\\t");
		} else if (str_is_control(str_code_point(p, len))) {
			snprintf(piece, sizeof(piece), "\\u%04x", str_code_point(p, len));
		} else {
			memcpy(piece, p, len);
		}
		line_add(line, piece);
		p += len;
	}
}

/*
 * One line stays one line, and a hostile name cannot move the reader's cursor or turn the text
 * round. A byte that is no UTF-8 may be a control character to a terminal of another kind.
 */
static void line_add_plain(struct line *line, const char *text)
{
	for (const char *p = text; *p;) {
		char piece[UTF8_MAX + 1] = "?";
		size_t len = str_utf8(p, strnlen(p, UTF8_MAX));

		if (len == 0) {
			len = 1;
		} else if (*p == '\n' || *p == '\t') {
			piece[0] = ' ';
		} else if (!str_is_control(str_code_point(p, len))) {
			memcpy(piece, p, len);
			piece[len] = '\0';
		}
		line_add(line, piece);
		p += len;
	}
}

/* syslog(3): error, warning, debug. */
static int severity(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return 3;
	case LOG_LEVEL_WARNING:
		return 4;
	case LOG_LEVEL_DEBUG:
		return 7;
	}
	return 3;
}

static void line_send(const struct line *line)
{
	ssize_t n;

	do {
		n = send(sink.fd, line->s, line->len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
}

/*
 * systemd's native protocol, JOURNAL_NATIVE_PROTOCOL: one field a line. ID is crun's name for the
 * identifier.
 */
static void to_journal(enum log_level level, const char *msg)
{
	struct line line = { .len = 0 };
	char head[3 * IDENT_MAX];

	snprintf(head, sizeof(head),
		 "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nID=%s\nMESSAGE=", severity(level), sink.ident,
		 sink.ident);
	line_add(&line, head);
	line_add_plain(&line, msg);
	line_add(&line, "\n");
	line_send(&line);
}

/* RFC 3164 as /dev/log has it: local time and no host name. Facility 1 is "user". */
static void to_syslog(enum log_level level, const char *msg)
{
	struct line line = { .len = 0 };
	char head[2 * IDENT_MAX];
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	snprintf(head, sizeof(head), "<%d>%s %s[%d]: ", 1 << 3 | severity(level), when, sink.ident,
		 (int)getpid());
	line_add(&line, head);
	line_add_plain(&line, msg);
	line_send(&line);
}

static bool asked_to_end(void)
{
	static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		sink.hurry = sink.hurry || sigismember(&pending, ending[i]) > 0;
	}
	return sink.hurry;
}

/*
 * A pipe or a terminal may have nobody who reads. A write to it would hear no signal where those
 * that end a process are blocked; where they are not, this ends by them.
 */
static bool has_room(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	while (poll(&p, 1, sink.hurry ? 0 : LOOK_MS) == 0) {
		if (asked_to_end()) {
			return false;
		}
	}
	return true;
}

void log_hurry(void)
{
	sink.hurry = true;
}

static void line_write(struct line *line, int fd)
{
	ssize_t n;

	line_add(line, "\n");
	if (!has_room(fd)) {
		return;
	}
	do {
		n = write(fd, line->s, line->len);
	} while (n < 0 && errno == EINTR);
	/* There is no one left to tell of a log that can't be written. */
}

/* For people: "rootlet: MSG" for the error, "rootlet: warning: MSG" for the rest. */
static void to_stderr(enum log_level level, const char *msg)
{
	struct line line = { .len = 0 };

	line_add(&line, "rootlet: ");
	if (level != LOG_LEVEL_ERROR) {
		line_add(&line, level_name(level));
		line_add(&line, ": ");
	}
	line_add_plain(&line, msg);
	line_write(&line, STDERR_FILENO);
}

static void to_json(int fd, enum log_level level, const char *msg)
{
	struct line line = { .len = 0 };

	line_add(&line, "{\"level\":\"");
	line_add(&line, level_name(level));
	line_add(&line, "\",\"msg\":\"");
	line_add_json(&line, msg);
	line_add(&line, "\",\"time\":\"");
	line_add_time(&line);
	line_add(&line, "\"}");
	line_write(&line, fd);
}

static void to_text_file(enum log_level level, const char *msg)
{
	struct line line = { .len = 0 };

	line_add_time(&line);
	line_add(&line, " rootlet: ");
	line_add(&line, level_name(level));
	line_add(&line, ": ");
	line_add_plain(&line, msg);
	line_write(&line, sink.fd);
}

static void emit(enum log_level level, const char *msg)
{
	if (sink.target == TO_JOURNAL) {
		to_journal(level, msg);
	} else if (sink.target == TO_SYSLOG) {
		to_syslog(level, msg);
	} else if (sink.format == LOG_JSON) {
		to_json(sink.fd >= 0 ? sink.fd : STDERR_FILENO, level, msg);
	} else if (sink.fd >= 0) {
		to_text_file(level, msg);
	} else {
		to_stderr(level, msg);
	}
}

static int open_daemon(const char *target, enum target kind, const char *path, struct err *err)
{
	const char *ident = strchr(target, ':') + 1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scope_fd int fd = -1;

	if (!*ident || strlen(ident) > IDENT_MAX) {
		return err_set(
			err, EINVAL,
			"--log %s: an identifier of at most %d bytes belongs behind the colon",
			target, IDENT_MAX);
	}
	for (const char *p = ident; *p; p++) {
		/* A line break would begin a field of its own. */
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			return err_set(err, EINVAL, "--log: a control character in the identifier");
		}
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		return err_errno(err, errno, "--log %s: %s", target, path);
	}
	sink.target = kind;
	memcpy(sink.ident, ident, strlen(ident) + 1);
	sink.fd = fd_take(&fd);
	return 0;
}

int log_open(const char *target, enum log_format format, enum log_level level, struct err *err)
{
	sink.format = format;
	sink.level = level;
	if (!target || !*target) {
		return 0;
	}
	if (str_starts(target, "journald:")) {
		return open_daemon(target, TO_JOURNAL, "/run/systemd/journal/socket", err);
	}
	if (str_starts(target, "syslog:")) {
		return open_daemon(target, TO_SYSLOG, "/dev/log", err);
	}
	if (str_starts(target, "file:")) {
		target += strlen("file:");
		if (!*target) {
			return err_set(err, EINVAL, "--log file: names no file");
		}
	}
	/* Not under the caller's umask alone: what is logged may name the user's files. */
	scope_fd int fd = open(target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0) {
		return err_errno(err, errno, "cannot open the log file %s", target);
	}
	if (sink.fd >= 0) {
		close(sink.fd);
	}
	sink.fd = fd_take(&fd);
	return 0;
}

bool log_notes_wanted(void)
{
	if (sink.format == LOG_JSON) {
		return sink.level >= LOG_LEVEL_DEBUG;
	}
	return sink.level >= LOG_LEVEL_WARNING;
}

void log_warning(const char *fmt, ...)
{
	char msg[ERR_MSG_MAX];
	va_list ap;

	if (!log_notes_wanted()) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	emit(LOG_LEVEL_WARNING, msg);
}

bool log_debug_wanted(void)
{
	return sink.level >= LOG_LEVEL_DEBUG;
}

void log_debug(const char *fmt, ...)
{
	char msg[ERR_MSG_MAX];
	va_list ap;

	if (sink.level < LOG_LEVEL_DEBUG) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	emit(LOG_LEVEL_DEBUG, msg);
}

void log_error(const struct err *err)
{
	emit(LOG_LEVEL_ERROR, err->msg);
	if (sink.fd >= 0) {
		to_stderr(LOG_LEVEL_ERROR, err->msg);
	}
}
