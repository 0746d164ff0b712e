/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands for a history.  Nothing here may know packets.
 */
#include "debugger/travel.h"

#include "debugger/value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PLACE_MAX 255 /* the longest name that is typed */

#define MILLISECOND UINT64_C(1000000)

/* Is the guest replayed? */
static bool
is_possible(const struct debugger_target *t, struct text *out)
{
	if (t->history && t->history->state != HISTORY_NONE)
		return true;
	text_printf(out, "The guest is not recorded: add --record, or replay "
			 "a recording by --replay.\n");
	return false;
}

/* A way has begun, or not: -errno. */
static bool
is_on_way(int r, struct text *out)
{
	switch (r) {
	case 0: return true;
	case -ENOSPC:
		text_printf(
		    out, "At most %u places can be kept.\n", HISTORY_PLACES);
		return false;
	case -EFAULT:
	case -EINVAL:
		text_printf(out, "There is no such memory.\n");
		return false;
	default:
		text_printf(
		    out, "The state cannot be copied: %s.\n", strerror(-r));
		return false;
	}
}

/* If the guest is recorded, its past's worker answers. */
static bool
ask(struct debugger_target *t, enum past_request request)
{
	return t->recorded && past_ask(t, request) == 0;
}

bool
travel_when(struct debugger_target *t, struct text *out)
{
	if (ask(t, REQUEST_NAME))
		return true;
	return is_possible(t, out) &&
	       is_on_way(history_name(t->history, false), out);
}

bool
travel_mark(struct debugger_target *t, struct text *out)
{
	if (ask(t, REQUEST_MARK))
		return true;
	return is_possible(t, out) &&
	       is_on_way(history_name(t->history, true), out);
}

bool
travel_last_write(struct debugger_target *t, uint64_t addr, uint64_t len,
    bool changes, struct text *out)
{
	if (!t->recorded && !is_possible(t, out))
		return false;
	if (len == 0 || len > HISTORY_WATCH) {
		text_printf(out, "The length must be from 1 to %u bytes.\n",
		    HISTORY_WATCH);
		return false;
	}
	if (ask(t, changes ? REQUEST_CHANGER : REQUEST_WRITER)) {
		t->handover->addr = addr;
		t->handover->len = len;
		return true;
	}
	return is_on_way(
	    history_last_write(t->history, addr, len, changes), out);
}

/* Cut the text at its next colon: what follows, or NULL. */
static char *
cut(char *text)
{
	char *colon = strchr(text, ':');

	if (colon)
		*colon++ = '\0';
	return colon;
}

static bool
take_place(struct debugger_target *t, int tid, const char *typed,
    struct history_place *place, struct text *out)
{
	char event[PLACE_MAX + 1], *addr, *nth;

	if (strlen(typed) > PLACE_MAX) {
		text_printf(
		    out, "A place has at most %d characters.\n", PLACE_MAX);
		return false;
	}
	strcpy(event, typed);
	addr = cut(event);
	nth = addr ? cut(addr) : NULL;
	*place = (struct history_place){ .meetings = addr ? 1 : 0 };
	return debugger_value(t, tid, event, &place->events, out) &&
	       (!addr || debugger_value(t, tid, addr, &place->addr, out)) &&
	       (!nth || debugger_value(t, tid, nth, &place->meetings, out));
}

void
travel_goto(
    struct debugger_target *t, int tid, const char *typed, struct text *out)
{
	struct history_place place;

	if (!t->recorded && !is_possible(t, out))
		return;
	if (!take_place(t, tid, typed, &place, out))
		return;
	if (t->recorded)
		past_goto(t, &place);
	else
		history_goto(t->history, &place);
	text_printf(out, "`continue` leads to ");
	history_put_place(out, &place);
	text_printf(out, " now, forward or back.\n");
}

static void
put_marks(const struct history_place *marked, unsigned marks, struct text *out)
{
	unsigned i;

	for (i = 0; i < marks && i < HISTORY_PLACES; i++) {
		text_printf(out, "Checkpoint %u: ", i + 1);
		history_put_place(out, &marked[i]);
		text_printf(out, "\n");
	}
}

void
travel_checkpoints(const struct debugger_target *t, struct text *out)
{
	const struct checkpoints *c;
	unsigned i;

	if (t->recorded) {
		put_marks(t->handover->marked, t->handover->marks, out);
		text_printf(out, "The guest is in its present: copies of its "
				 "state are made when it goes back.\n");
		return;
	}
	if (!is_possible(t, out))
		return;
	put_marks(t->history->marked, t->history->marks, out);
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
