/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that all exist at once, each with its debugger: all meet a breakpoint,
 * are stepped, and end.
 */
#include "endure.h"
#include "gauge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS  10
#define ROUNDS 2 /* of each worker */

static struct session crowd[CROWD];

/* Report a guest that does not do what it should. */
static bool
complain(struct session *s, const char *what)
{
	printf("crowd: process %d: %s; last reply \"%.80s\"; %s; %s\n",
	    (int)s->guest.pid, what, s->peer.text, strerror(errno),
	    guest_message(&s->guest));
	if (errno == ETIMEDOUT)
		gauge_show(s->guest.pid, what);
	return false;
}

/* One packet to all guests, then the answers of all; each begins with
 * `wanted`. */
static bool
ask_all(const char *packet, const char *wanted)
{
	const char *reply;
	unsigned i;

	errno = 0;
	for (i = 0; i < CROWD; i++)
		if (!peer_say(&crowd[i].peer, "%s", packet))
			return complain(&crowd[i], packet);
	for (i = 0; i < CROWD; i++) {
		reply = peer_hear(&crowd[i].peer, HANG_MS);
		if (!reply || strncmp(reply, wanted, strlen(wanted)) != 0)
			return complain(&crowd[i], packet);
	}
	return true;
}

static bool
gather(void)
{
	static const char *const args[] = { "threads.elf", "3", "2", NULL };
	unsigned i;

	for (i = 0; i < CROWD; i++) {
		crowd[i] = (struct session){ .number = i };
		guest_start(&crowd[i].guest, true, args);
	}
	errno = 0;
	for (i = 0; i < CROWD; i++)
		if (!peer_greet(&crowd[i].peer, crowd[i].guest.line))
			return complain(&crowd[i], "no greeting");
	return true;
}

/* All stop in the same function, are stepped, and end. */
static bool
debug_all(void)
{
	char insert[32], remove[32];
	unsigned i;

	snprintf(insert, sizeof(insert), "Z0,%" PRIx64 ",1", symbol[SYM_WORK]);
	snprintf(remove, sizeof(remove), "z0,%" PRIx64 ",1", symbol[SYM_WORK]);
	if (!ask_all(insert, "OK") || !ask_all("vCont;c", "T05swbreak"))
		return false;
	for (i = 0; i < STEPS; i++)
		if (!ask_all("s", "T05"))
			return false;
	return ask_all(remove, "OK") && ask_all("vCont;c", "W00");
}

static bool
end_one(struct session *s)
{
	char text[64];

	close(s->guest.line);
	s->guest.line = -1;
	guest_output(&s->guest, text, sizeof(text));
	if (!guest_end(&s->guest))
		return complain(s, "no end");
	if (s->guest.status != 0 || strtol(text, NULL, 10) != WORKERS * ROUNDS)
		return complain(s, "a wrong end");
	return true;
}

/* One round; *peak_kb is the sum of all guests' maximum RSS. */
static bool
run_round(uint64_t *peak_kb)
{
	unsigned i, zombies;
	bool good = gather() && gauge_children(&zombies) == CROWD &&
		    debug_all();

	*peak_kb = 0;
	for (i = 0; i < CROWD; i++) {
		if (good)
			good = end_one(&crowd[i]);
		guest_kill(&crowd[i].guest);
		*peak_kb += (uint64_t)crowd[i].guest.peak_kb;
	}
	return good;
}

bool
run_crowd(unsigned rounds)
{
	unsigned i, left, zombies;
	struct gauge gauge[GAUGES];
	uint64_t peak = 0, first = 0;
	bool good = true;

	for (i = 0; i < rounds && good; i++) {
		good = run_round(&peak);
		if (i == 0) {
			first = peak;
			gauge_take(&gauge[GAUGE_BEGIN], getpid());
		}
		if (i == (rounds - 1) / 2)
			gauge_take(&gauge[GAUGE_HALF], getpid());
	}
	gauge_take(&gauge[GAUGE_END], getpid());
	left = gauge_children(&zombies);
	printf("crowd: %u rounds of %d guests at once; sum of their peaks"
	       " %" PRIu64 " kB first, %" PRIu64 " kB last; processes left %u,"
	       " zombies %u\n",
	    i, CROWD, first, peak, left, zombies);
	return gauge_report("client", gauge) && good && left == 0 &&
	       peak <= first + CROWD * PEAK_GROWTH_KB;
}
