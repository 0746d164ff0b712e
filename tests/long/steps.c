/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps of one thread, on two guests: threads that compute, and threads that
 * wait for each other.  A step is made alone or while the others run.  A lone
 * step moves no other thread.
 */
#include "endure.h"
#include "gauge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIDS_MAX   8
#define BLOCKED_MS 4    /* then a lone step is a call that waits */
#define CHECK_EACH 1000 /* lone steps: the other threads did not move */

static struct session s;
static uint64_t tids[TIDS_MAX];
static unsigned tid_count, first_tid;

static bool
list_threads(void)
{
	const char *at = peer_ask(&s.peer, "qfThreadInfo");
	char *end;

	tid_count = 0;
	if (!at || *at != 'm')
		return false;
	do {
		tids[tid_count++] = strtoull(at + 1, &end, 16);
		at = end;
	} while (*at == ',' && tid_count < TIDS_MAX);
	return true;
}

static uint64_t
pc_of(uint64_t tid)
{
	const char *reply;

	if (!peer_ask_ok(&s.peer, "Hg%" PRIx64, tid))
		return 0;
	reply = peer_ask(&s.peer, "p10");
	return reply ? strtoull(reply, NULL, 16) : 0;
}

/* A stop of this thread: by the step, or by our Ctrl-C. */
static bool
is_stop_of(const char *reply, uint64_t tid)
{
	return reply &&
	       (strncmp(reply, "T05", 3) == 0 ||
		   strncmp(reply, "T02", 3) == 0) &&
	       peer_field(&s.peer, "thread:") == tid;
}

/* A thread that waits in a call does not come to the end of a step.  If it does
 * after all, the Ctrl-C is still to be reported. */
static const char *
hear_lone_step(bool *crossed)
{
	const char *reply = peer_hear(&s.peer, BLOCKED_MS);

	*crossed = false;
	if (reply || errno != ETIMEDOUT)
		return reply;
	s.interrupts++;
	if (!peer_send(&s.peer, "\x03", 1))
		return NULL;
	reply = peer_hear(&s.peer, HANG_MS);
	*crossed = reply && strncmp(reply, "T05", 3) == 0;
	return reply;
}

static bool
takes_interrupt(uint64_t tid)
{
	const char *reply = peer_ask(&s.peer, "vCont;s:%" PRIx64, tid);

	return reply && strncmp(reply, "T02", 3) == 0;
}

static const char *
step_alone(uint64_t tid)
{
	bool checks = s.steps % CHECK_EACH == 0;
	uint64_t before[TIDS_MAX];
	bool crossed;
	unsigned i;

	for (i = 0; checks && i < tid_count; i++)
		before[i] = pc_of(tids[i]);
	if (!peer_say(&s.peer, "vCont;s:%" PRIx64, tid) ||
	    !is_stop_of(hear_lone_step(&crossed), tid))
		return "a lone step does not end";
	if (crossed && !takes_interrupt(tid))
		return "a Ctrl-C that has crossed a stop is lost";
	for (i = 0; checks && i < tid_count; i++)
		if (tids[i] != tid && pc_of(tids[i]) != before[i])
			return "another thread has moved";
	return NULL;
}

static const char *
step_among_others(uint64_t tid)
{
	const char *reply = peer_ask(&s.peer, "vCont;s:%" PRIx64 ";c", tid);

	return is_stop_of(reply, tid) ? NULL
				      : "a step among others does not end";
}

static const char *
step_many(unsigned count)
{
	const char *why = NULL;
	uint64_t tid;

	for (; count > 0 && !why; count--) {
		tid = tids[first_tid + random_below(&s, tid_count - first_tid)];
		why = random_below(&s, 2) ? step_alone(tid)
					  : step_among_others(tid);
		s.steps++;
	}
	return why;
}

/* The guest runs until all its threads exist. */
static bool
bring_up(unsigned threads)
{
	unsigned tries;

	for (tries = 0; tries < 100; tries++) {
		if (!peer_say(&s.peer, "vCont;c"))
			return false;
		usleep(50000);
		if (!peer_send(&s.peer, "\x03", 1) ||
		    !peer_hear(&s.peer, HANG_MS) || !list_threads())
			return false;
		if (tid_count == threads)
			return true;
	}
	return false;
}

/* Half of the steps of one guest, and its figures. */
static const char *
step_guest(const char *const args[], unsigned threads, unsigned count,
    struct gauge gauge[GAUGES])
{
	const char *why;

	guest_start(&s.guest, true, args);
	if (!peer_greet(&s.peer, s.guest.line) || !bring_up(threads))
		return "the threads do not come";
	gauge_take(&gauge[GAUGE_BEGIN], s.guest.pid);
	why = step_many(count / 2);
	gauge_take(&gauge[GAUGE_HALF], s.guest.pid);
	if (!why)
		why = step_many(count - count / 2);
	gauge_take(&gauge[GAUGE_END], s.guest.pid);
	return why;
}

static bool
run_guest(const char *what, const char *const args[], unsigned threads,
    unsigned count)
{
	struct gauge gauge[GAUGES];
	const char *why;

	s = (struct session){ .seed = count };
	errno = 0;
	why = step_guest(args, threads, count, gauge);
	if (why)
		gauge_show(s.guest.pid, why);
	guest_kill(&s.guest);
	printf("steps: %s: %" PRIu64 " steps, %" PRIu64
	       " of them met by Ctrl-C%s%s\n",
	    what, s.steps, s.interrupts, why ? "; " : "", why ? why : "");
	return !why && gauge_report("steps", gauge);
}

bool
run_steps(unsigned count)
{
	static const char *const spin[] = { "torture.elf", "spin", NULL };
	static const char *const meet[] = { "threads.elf", "3", "1000000000",
		NULL };
	bool good;

	first_tid = 0;
	good = run_guest("two threads compute", spin, 2, count / 2);
	/* The first thread only waits for the others' end. */
	first_tid = 1;
	return run_guest("three threads meet", meet, WORKERS + 1,
		   count - count / 2) &&
	       good;
}
