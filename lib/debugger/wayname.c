/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of places: to the place with a name, and the name of the present.
 */
#include "debugger/way.h"

#include "debugger/present.h"

#include <inttypes.h>

void
wayname_arrive(struct history *h)
{
	h->known = false;
	h->edge = HISTORY_PLACE;
	way_finish_with(h, EVENT_NONE);
}

void
wayname_go(struct history *h)
{
	h->early = false;
	h->after = h->place.events;
	h->addr = h->place.addr;
	h->left = h->place.meetings;
	if (!way_go_to_base(h, way_base(h, h->after)))
		return;
	way_enter(h, HISTORY_RETURNING);
	if (h->left == 0 && present_events(h) == h->after)
		wayname_arrive(h);
	else
		way_advance(h, 0);
}

static void
put_bytes(struct text *text, const uint8_t *bytes, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		text_printf(text, " %02x", bytes[i]);
}

void
history_put_place(struct text *out, const struct history_place *place)
{
	text_printf(out, "%" PRIu64, place->events);
	if (place->meetings)
		text_printf(out, ":0x%" PRIx64 ":%" PRIu64, place->addr,
		    place->meetings);
}

static void
print_name(struct history *h, const struct history_place *place)
{
	char buf[512];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	if (h->task == HISTORY_WRITER) {
		text_printf(&text, "0x%" PRIx64 " was last %s at ",
		    h->watch.addr, h->watch.changes ? "changed" : "written");
		history_put_place(&text, place);
		text_printf(&text, ", by the instruction at 0x%llx:",
		    h->present.state.turn->user.regs.rip);
		put_bytes(&text, h->watch.old, h->watch.len);
		text_printf(&text, " became");
		put_bytes(&text, h->watch.new, h->watch.len);
		text_printf(&text, ".\n`monitor goto ");
		history_put_place(&text, place);
		text_printf(&text, "`, then `continue`, leads there.\n");
	} else {
		if (h->task == HISTORY_MARKS)
			text_printf(&text, "Checkpoint %u: ", h->marks);
		history_put_place(&text, place);
		text_printf(&text, "\n");
	}
	way_say(h, &text);
}

/* Keep the name, and a copy of the present if it can be copied. */
static void
mark_place(struct history *h, const struct history_place *place)
{
	h->marked[h->marks++] = *place;
	if (present_is_between(h))
		(void)checkpoints_take(
		    &h->checkpoints, place->meetings > 0, true);
}

void
wayname_found(struct history *h, const struct debug_event *event)
{
	const struct flight *f = &h->present.state.turn->flight;
	const bool before = flight_is_before(f);
	struct history_place place = { .events = h->after };

	/* Nor has a call a name that waits for its turn. */
	if ((event && event->kind == EVENT_SIGNAL) ||
	    (h->planted && f->call == CALL_REPEATS)) {
		way_give_up(h);
		return;
	}
	if (h->planted) {
		place.addr = h->addr;
		place.meetings = h->meetings + !before;
	}
	way_go_home(h, h->task != HISTORY_WRITER);
	if (h->task == HISTORY_MARKS)
		mark_place(h, &place);
	print_name(h, &place);
	way_finish_with(h, EVENT_NONE);
}
