/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints and their order.  Nothing here may know where the guest goes.
 */
#include "debugger/checkpoints.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static uint64_t
read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
checkpoints_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t
checkpoints_spent(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static uint64_t
events_now(const struct checkpoints *c)
{
	const struct hc_guest *guest = &c->machine->guest;

	return guest->replay->ops->events(guest);
}

/* The place in the list of the checkpoint with this mark, or -1. */
static int
place_of(const struct checkpoints *c, checkpoint_mark mark)
{
	unsigned i;

	for (i = 0; mark && i < c->n; i++)
		if (c->list[i].mark == mark)
			return (int)i;
	return -1;
}

static bool
is_before(const struct checkpoints *c, unsigned i, uint64_t events,
    checkpoint_mark mark)
{
	const struct checkpoint *one = &c->list[i];

	if (one->state.events != events || !one->between)
		return one->state.events <= events;
	return (int)i <= place_of(c, mark);
}

const struct checkpoint *
checkpoints_before(const struct checkpoints *c, uint64_t events,
    checkpoint_mark mark, bool exact)
{
	unsigned i;

	for (i = c->n - 1; i > 0; i--)
		if (is_before(c, i, events, mark) &&
		    !(exact && c->list[i].between))
			break;
	return &c->list[i];
}

const struct checkpoint *
checkpoints_find(const struct checkpoints *c, checkpoint_mark mark)
{
	const int at = place_of(c, mark);

	return at < 0 ? NULL : &c->list[at];
}

const struct checkpoint *
checkpoints_differing(const struct checkpoints *c, uint64_t events,
    checkpoint_mark mark, uint64_t addr, const uint8_t *bytes, size_t len)
{
	uint8_t there[CHECKPOINT_BYTES];
	unsigned i;

	if (len > sizeof(there))
		return NULL;
	for (i = c->n; i-- > 0;) {
		if (!is_before(c, i, events, mark))
			continue;
		snapshot_read(&c->list[i].state, addr, there, len);
		if (memcmp(there, bytes, len) != 0)
			return &c->list[i];
	}
	return NULL;
}

const struct checkpoint *
checkpoints_next(const struct checkpoints *c, const struct checkpoint *one,
    uint64_t events, checkpoint_mark mark)
{
	const unsigned i = (unsigned)(one - c->list) + 1;

	return i < c->n && is_before(c, i, events, mark) ? &c->list[i] : NULL;
}

static void
drop(struct checkpoints *c, unsigned at)
{
	snapshot_drop(&c->list[at].state);
	c->n--;
	memmove(
	    &c->list[at], &c->list[at + 1], (c->n - at) * sizeof(c->list[0]));
}

/* Every second one that nobody asked for.  The start stays. */
static void
thin_out(struct checkpoints *c)
{
	unsigned i;

	for (i = 1; i < c->n; i++)
		if (!c->list[i].asked)
			drop(c, i);
	c->distance *= 2;
}

static bool
is_full(const struct checkpoints *c)
{
	return c->n == CHECKPOINTS || snapshot_pages_held() > CHECKPOINT_PAGES;
}

bool
checkpoints_have_room(const struct checkpoints *c)
{
	return !is_full(c);
}

/* Make room for one at place `at` of the list. */
static struct checkpoint *
insert(struct checkpoints *c, unsigned at)
{
	memmove(
	    &c->list[at + 1], &c->list[at], (c->n - at) * sizeof(c->list[0]));
	c->n++;
	c->list[at] = (struct checkpoint){ .mark = ++c->last_mark };
	return &c->list[at];
}

/* Those between the same two events as the present of which it is not known
 * whether they come before it: they are dropped, and taken again later. */
static void
drop_doubtful(struct checkpoints *c, uint64_t events)
{
	unsigned i;

	for (i = c->n - 1; i > 0; i--)
		if (c->list[i].between && c->list[i].state.events == events &&
		    !is_before(c, i, events, c->mark))
			drop(c, i);
}

/* The place in the list of a new one right after the last event. */
static unsigned
place_after_event(const struct checkpoints *c, uint64_t events)
{
	unsigned i = 0;

	while (i < c->n && c->list[i].state.events < events)
		i++;
	return i;
}

/* Is it there already?  Then the guest is at it. */
static bool
is_there(struct checkpoints *c, unsigned at, uint64_t events)
{
	if (at == c->n || c->list[at].state.events != events ||
	    c->list[at].between)
		return false;
	c->mark = c->list[at].mark;
	return true;
}

/* The place in the list of a new one at the present, or -EEXIST. */
static int
place_for(struct checkpoints *c, bool between)
{
	const uint64_t events = events_now(c);
	unsigned at;

	if (!between) {
		at = place_after_event(c, events);
		return is_there(c, at, events) ? -EEXIST : (int)at;
	}
	drop_doubtful(c, events);
	return (int)(checkpoints_before(c, events, c->mark, false) - c->list) +
	       1;
}

bool
checkpoints_lead(const struct checkpoints *c)
{
	return c->list[c->n - 1].state.events > events_now(c);
}

int
checkpoints_take(struct checkpoints *c, bool between, bool asked)
{
	const uint64_t began = checkpoints_spent();
	struct checkpoint *one;
	int at, r;

	if (is_full(c))
		thin_out(c);
	if (is_full(c))
		return -ENOSPC;
	at = place_for(c, between);
	if (at < 0)
		return at;
	one = insert(c, (unsigned)at);
	one->between = between;
	one->asked = asked;
	r = snapshot_take(&one->state, c->machine, &one[-1].state);
	if (r < 0) {
		drop(c, (unsigned)at);
		return r;
	}
	c->mark = one->mark;
	c->since = 0;
	c->taken++;
	c->cost = checkpoints_spent() - began;
	c->spent += c->cost;
	return 0;
}

int
checkpoints_begin(struct checkpoints *c, struct machine *m)
{
	const uint64_t began = checkpoints_spent();
	int r;

	*c = (struct checkpoints){
		.machine = m,
		.n = 1,
		.list[0].mark = 1,
		.last_mark = 1,
		.mark = 1,
		.distance = CHECKPOINT_NS,
	};
	r = snapshot_take(&c->list[0].state, m, NULL);
	c->cost = checkpoints_spent() - began;
	return r;
}

void
checkpoints_ran(struct checkpoints *c, uint64_t ns)
{
	c->since += ns;
	c->run += ns;
}

/* From `since` up to `worth`. */
static uint64_t
missing(uint64_t since, uint64_t worth)
{
	return worth > since ? worth - since : 0;
}

static uint64_t
longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t
checkpoints_wait(const struct checkpoints *c)
{
	const uint64_t all = CHECKPOINT_WORTH * (c->spent + c->cost);
	const uint64_t last = CHECKPOINT_WORTH * c->cost;

	return longer(
	    missing(c->since, longer(c->distance, last)), missing(c->run, all));
}

int
checkpoints_return(struct checkpoints *c, const struct checkpoint *one)
{
	int r = snapshot_return(&one->state, c->machine);

	c->mark = one->mark;
	c->since = 0;
	return r;
}
