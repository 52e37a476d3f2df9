/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/contents: which folders and files are a container's state, and removing those alone.
 *
 * --root and the ID come from the command line: together they can name any folder of the user's.
 * So a folder is touched only if it has the mark, and in it only what has a name from this list.
 * Everything is named relative to the descriptor of the folder, and nothing below it is entered.
 */
#include "state/contents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/str.h"
#include "state/folder.h"

/* Every file that a part of rootlet puts there: each has its name in its own file. */
static const char *const names[] = {
	STATE_FILE, STATE_GATE,	   "config.json", "cgroup.json", "exit",
	"notify",   "resolv.conf", "hosts",	  "net",	 "criu.pid",
};

bool state_is_marked(const struct stat *st)
{
	/* Below a folder with the set-group-ID bit it has that too. */
	return S_ISDIR(st->st_mode) && (st->st_mode & 01777) == STATE_FOLDER_MODE;
}

/* A file of that name, or what sys_replace_file left of it when it was killed. */
static bool is_ours(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char aside[32];

		snprintf(aside, sizeof(aside), ".%s.new", names[i]);
		if (str_eq(name, names[i]) || str_eq(name, aside)) {
			return true;
		}
	}
	return false;
}

/* The next entry but "." and ".."; NULL at the end. */
static struct dirent *next_entry(DIR *dir)
{
	struct dirent *entry;

	do {
		entry = readdir(dir);
	} while (entry && (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")));
	return entry;
}

static int check_all(DIR *dir, const char *root, const char *id, struct err *err)
{
	struct dirent *entry;

	while ((entry = next_entry(dir))) {
		if (!is_ours(entry->d_name)) {
			return err_set(err, EEXIST,
				       "%s/%s/%s was not made by rootlet, which removes nothing "
				       "else: move it away",
				       root, id, entry->d_name);
		}
	}
	rewinddir(dir);
	return 0;
}

static int remove_one(int fd, const char *name, const char *root, const char *id, struct err *err)
{
	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT ||
	    (errno == EISDIR && unlinkat(fd, name, AT_REMOVEDIR) == 0)) {
		return 0;
	}
	err_errno(err, errno, "cannot remove %s/%s/%s", root, id, name);
	if (err->code == ENOTEMPTY) {
		return err_hint(err, "what is in it was not made by rootlet: move it away");
	}
	return -err->code;
}

static int remove_all(DIR *dir, const char *root, const char *id, struct err *err)
{
	int fd = dirfd(dir);
	struct dirent *entry;

	TRY(check_all(dir, root, id, err));
	/* First, so that what is left counts as absent if this is cut off half-way. */
	TRY(remove_one(fd, STATE_FILE, root, id, err));
	while ((entry = next_entry(dir))) {
		/* What came meanwhile makes the removal of the folder fail. */
		if (is_ours(entry->d_name)) {
			TRY(remove_one(fd, entry->d_name, root, id, err));
		}
	}
	return 0;
}

int state_remove_contents(int fd, const char *root, const char *id, struct err *err)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	int rc;

	if (!dir) {
		rc = err_errno(err, errno, "cannot read the state folder %s/%s", root, id);
		scope_close_(&again);
		return rc;
	}
	rc = remove_all(dir, root, id, err);
	closedir(dir);
	return rc;
}
