/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands for a history.  Nothing here may know packets.
 */
#include "debugger/travel.h"

#include <inttypes.h>

#define MILLISECOND UINT64_C(1000000)

bool
travel_possible(const struct debugger_target *t, struct text *out)
{
	if (t->history && t->history->state != HISTORY_NONE)
		return true;
	text_printf(out, "The guest is not replayed: record it by --record, "
			 "and debug it by --replay.\n");
	return false;
}

void
travel_checkpoints(const struct debugger_target *t, struct text *out)
{
	const struct checkpoints *c;
	unsigned i;

	if (!travel_possible(t, out))
		return;
	c = &t->history->checkpoints;
	for (i = 0; i < c->n; i++)
		text_printf(out, "%s event %" PRIu64 ", %zu pages%s\n",
		    c->list[i].between ? "some time after" : "right after",
		    c->list[i].state.events, c->list[i].state.copied,
		    c->list[i].asked ? ", asked for" : "");
	text_printf(out,
	    "%u checkpoints of %u, %zu pages of %u; the guest ran for %" PRIu64
	    " ms, and %" PRIu64 " checkpoints took %" PRIu64 " ms.\n",
	    c->n, CHECKPOINTS, snapshot_pages_held(), CHECKPOINT_PAGES,
	    c->run / MILLISECOND, c->taken, c->spent / MILLISECOND);
}
