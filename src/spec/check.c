/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: rules that concern several values, or the inside of a string.
 *
 * Refused here is what could never work, before anything is created; what only this machine can't
 * do is the business of plan. Every message begins with the JSON path, as those of the decoder do.
 * `at` is the path of the object that a function looks at.
 */
#include "spec/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/check_linux.h"
#include "spec/check_mappings.h"
#include "spec/list.h"
#include "spec/names.h"
#include "json/tree.h"

/* HOST_NAME_MAX; the kernel takes as many for the domain name (__NEW_UTS_LEN). */
#define UTS_NAME_MAX 64

/* ---- ociVersion ---- */

static size_t span_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* "0", "10", but not "" or "01". Returns its length, or 0. */
static size_t span_number(const char *text)
{
	size_t n = span_digits(text);

	return n > 1 && text[0] == '0' ? 0 : n;
}

/*
 * Identifiers between dots; those of a pre-release that are numbers have no leading zero (SemVer
 * 2.0.0, §9, §10).
 */
static bool skip_identifiers(const char **text, bool prerelease)
{
	for (;;) {
		const char *id = *text;
		size_t n = strspn(
			id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");

		if (n == 0 || (prerelease && n > 1 && id[0] == '0' && span_digits(id) == n)) {
			return false;
		}
		*text = id + n;
		if (**text != '.') {
			return true;
		}
		(*text)++;
	}
}

static bool is_semver(const char *text)
{
	for (int part = 0; part < 3; part++) {
		size_t n = span_number(text);

		if (n == 0 || (part < 2 && text[n] != '.')) {
			return false;
		}
		text += n + (part < 2 ? 1 : 0);
	}
	if (*text == '-') {
		text++;
		if (!skip_identifiers(&text, true)) {
			return false;
		}
	}
	if (*text == '+') {
		text++;
		if (!skip_identifiers(&text, false)) {
			return false;
		}
	}
	return *text == '\0';
}

bool spec_version_from(const struct spec *spec, uint64_t minor)
{
	const char *rest = str_or(spec->oci_version, "");
	uint64_t number;
	char digits[8];
	size_t n;

	if (!str_starts(rest, "1.")) {
		return false;
	}
	n = span_digits(rest + 2);
	snprintf(digits, sizeof(digits), "%.*s", (int)n, rest + 2);
	return n >= sizeof(digits) ||
	       (str_u64(digits, UINT64_MAX, &number) == 0 && number >= minor);
}

/* Major 0 is taken without a word: old bundles, and the specification's own example, have it. */
static int check_version(const char *version, struct err *err)
{
	if (!is_semver(version)) {
		return err_set(err, EINVAL,
			       "/ociVersion: \"%s\" is not a version as SemVer 2.0.0 has it",
			       json_show(version).s);
	}
	if (!str_starts(version, "0.") && !str_starts(version, "1.")) {
		return err_set(
			err, EINVAL,
			"/ociVersion: version %s is not supported (1.x is, up to " SPEC_VERSION ")",
			json_show(version).s);
	}
	return 0;
}

/* ---- process ---- */

/*
 * The kernel answers EINVAL to both. RLIM_INFINITY is the highest number, so that it needs no case
 * of its own.
 */
static int check_rlimits(const struct spec_process *p, const char *at, struct err *err)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct spec_rlimit *limit = &p->rlimits.v[i];

		if (limit->soft.value > limit->hard.value) {
			return err_set(err, EINVAL,
				       "%s/rlimits/%zu: the soft limit %" PRIu64
				       " is above the hard limit %" PRIu64,
				       at, i, limit->soft.value, limit->hard.value);
		}
		for (size_t j = 0; j < i; j++) {
			if (p->rlimits.v[j].resource == limit->resource) {
				return err_set(err, EINVAL,
					       "%s/rlimits/%zu/type: %s is there twice", at, i,
					       names_of(spec_rlimit_names, limit->resource));
			}
		}
	}
	return 0;
}

static int check_affinity(const struct spec_cpu_affinity *affinity, const char *at, struct err *err)
{
	TRY(spec_check_list(affinity->initial, at, "execCPUAffinity/initial", NULL, err));
	return spec_check_list(affinity->final, at, "execCPUAffinity/final", NULL, err);
}

int spec_check_process(const struct spec_process *process, const char *at, struct err *err)
{
	if (!process->cwd || process->cwd[0] != '/') {
		return err_set(err, EINVAL, "%s/cwd: must be an absolute path, found \"%s\"", at,
			       json_show(str_or(process->cwd, "")).s);
	}
	if (process->args.n == 0) {
		return err_set(err, EINVAL, "%s/args: at least one entry is required", at);
	}
	TRY(check_rlimits(process, at, err));
	if (process->exec_cpu_affinity) {
		TRY(check_affinity(process->exec_cpu_affinity, at, err));
	}
	return 0;
}

/* ---- mounts ---- */

int spec_check_mounts(const struct spec_mount *mounts, size_t n, const char *at, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct spec_mount *m = &mounts[i];
		char where[64];

		snprintf(where, sizeof(where), "%s/%zu", at, i);
		if (!m->destination || m->destination[0] == '\0') {
			return err_set(err, EINVAL, "%s/destination: must not be empty", where);
		}
		TRY(spec_check_mapping_pair(&m->uid_mappings, &m->gid_mappings, where, err));
	}
	return 0;
}

/* ---- the whole ---- */

static int check_uts_name(const char *name, const char *at, struct err *err)
{
	if (name && strlen(name) > UTS_NAME_MAX) {
		return err_set(err, EINVAL, "%s: longer than %d bytes", at, UTS_NAME_MAX);
	}
	return 0;
}

static int check_keys(const struct pairs *pairs, const char *at, struct err *err)
{
	for (size_t i = 0; i < pairs->n; i++) {
		if (pairs->v[i].key[0] == '\0') {
			return err_set(err, EINVAL, "%s/: a member without a name", at);
		}
	}
	return 0;
}

int spec_check(const struct spec *spec, struct err *err)
{
	TRY(check_version(str_or(spec->oci_version, ""), err));
	if (!spec->root) {
		return err_set(err, EINVAL, "/root: required, but missing");
	}
	if (!spec->root->path || spec->root->path[0] == '\0') {
		return err_set(err, EINVAL, "/root/path: must not be empty");
	}
	if (spec->process) {
		TRY(spec_check_process(spec->process, "/process", err));
	}
	TRY(check_uts_name(spec->hostname, "/hostname", err));
	TRY(check_uts_name(spec->domainname, "/domainname", err));
	TRY(spec_check_mounts(spec->mounts.v, spec->mounts.n, "/mounts", err));
	TRY(check_keys(&spec->annotations, "/annotations", err));
	if (spec->linux_) {
		TRY(check_keys(&spec->linux_->sysctl, "/linux/sysctl", err));
		TRY(spec_check_linux(spec->linux_, "/linux", err));
	}
	return 0;
}
