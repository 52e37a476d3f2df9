/* SPDX-License-Identifier: Apache-2.0 */
/* host/notes: telling the user what a plan does otherwise than the configuration says. */
#include "host/notes.h"

#include "base/log.h"

static void warn(const struct plan_note *note)
{
	if (note->remedy) {
		log_warning("%s: %s: %s; %s", note->path, note->what, note->why, note->remedy);
	} else {
		log_warning("%s: %s: %s", note->path, note->what, note->why);
	}
}

void host_notes_warn(const struct plan *plan)
{
	for (size_t i = 0; log_notes_wanted() && i < plan->note_n; i++) {
		if (!plan->notes[i].quiet) {
			warn(&plan->notes[i]);
		}
	}
}

void host_notes_debug(const struct plan *plan)
{
	for (size_t i = 0; log_debug_wanted() && i < plan->note_n; i++) {
		const struct plan_note *note = &plan->notes[i];

		log_debug("%s: %s: %s", note->path, note->what, note->why);
	}
}
