/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: a fuzz target without libFuzzer. Gives it each file of its corpus, and each beginning of
 * it, as TAP for `make check`: what a fuzz run has found once is looked at with every compiler and
 * under the sanitizers.
 *
 *	replay_NAME [FILE...]	(default: the files of tests/fuzz/corpus/NAME)
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/str.h"
#include "fuzz/fuzz.h"

#define FILE_MAX 65536

static int replay(const char *path)
{
	scope_file FILE *file = fopen(path, "re");
	scope_free uint8_t *bytes = malloc(FILE_MAX);
	size_t len;

	if (!file || !bytes) {
		return -errno;
	}
	len = fread(bytes, 1, FILE_MAX, file);
	for (size_t i = 0; i <= len; i += 1 + i / 64) {
		LLVMFuzzerTestOneInput(bytes, i);
	}
	LLVMFuzzerTestOneInput(bytes, len);
	return ferror(file) ? -EIO : 0;
}

/* The part of the program's own name behind "replay_". */
static const char *target_of(const char *program)
{
	const char *name = strrchr(program, '/');

	name = name ? name + 1 : program;
	return str_starts(name, "replay_") ? name + strlen("replay_") : name;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	scope_arena struct arena arena = ARENA_INIT;
	const char *folder =
		arena_printf(&arena, "%s/fuzz/corpus/%s", TESTS_DIR, target_of(argv[0]));
	struct dirent **entries = NULL;
	int n = argc > 1 ? argc - 1 : scandir(folder, &entries, is_file, alphasort);

	if (n <= 0) {
		fprintf(stderr, "%s: no corpus\n", folder);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		const char *path =
			argc > 1 ? argv[1 + i] :
				   arena_printf(&arena, "%s/%s", folder, entries[i]->d_name);
		int rc;

		/* Before: a finding ends this program. */
		fprintf(stderr, "%s\n", path);
		rc = replay(path);
		printf("%s %d - %s%s%s\n", rc < 0 ? "not ok" : "ok", i + 1,
		       strrchr(path, '/') ? strrchr(path, '/') + 1 : path, rc < 0 ? ": " : "",
		       rc < 0 ? strerror(-rc) : "");
		fflush(stdout);
	}
	for (int i = 0; argc == 1 && i < n; i++) {
		free(entries[i]);
	}
	free(entries);
	return 0;
}
