/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests which interrupted wait a thread has after a debugger has moved it from
 * call to call and back.
 */
#include "tap.h"

#include "vm/aside.h"

static struct aside aside;
static struct aside_call call;
#define wait call.wait
static struct aside_place place;

/* The seconds that a wait asked for identify it. */
static void
interrupt(long seconds)
{
	wait = (struct hc_wait){
		.interrupted = true,
		.asked.tv_sec = seconds,
	};
}

static void
move(uint64_t rip, uint64_t rsp)
{
	const struct aside_place to = { rip, rsp };

	aside_move(&aside, &call, place, to);
	place = to;
}

static bool
waits(long seconds)
{
	return wait.interrupted && wait.asked.tv_sec == seconds;
}

static void
start(void)
{
	aside.count = 0;
	place = (struct aside_place){ 0x1000, 0x9000 };
	interrupt(1);
}

static void
test_nesting(void)
{
	start();
	move(0x1000, 0x8000);
	ok(!wait.interrupted, "a moved stack is another call");
	move(0x2000, 0x8000);
	ok(!wait.interrupted, "so is another function");
	interrupt(2);
	move(0x3000, 0x7000);
	ok(!wait.interrupted, "and a call in a call");
	move(0x2000, 0x8000);
	ok(waits(2), "the inner wait comes back first");
	wait.interrupted = false; /* the wait's time is over */
	move(0x1000, 0x8000);
	ok(!wait.interrupted, "half the way back is not the way back");
	move(0x1000, 0x9000);
	ok(waits(1), "then the outer one");
	is_int(aside.count, 0, "and none is set aside");
}

static void
test_skipped(void)
{
	start();
	move(0x2000, 0x8000);
	interrupt(2);
	move(0x1000, 0x9000);
	ok(waits(1), "a return to the outer wait forgets the inner one");
	move(0x4000, 0x9000);
	move(0x2000, 0x8000);
	ok(!waits(2), "the inner wait does not come back");
}

static void
test_many(void)
{
	unsigned i;

	start();
	for (i = 1; i <= ASIDE_MAX; i++) {
		move(0x1000 + i, 0x9000);
		interrupt(1 + i);
	}
	move(0, 0);
	is_int(aside.count, ASIDE_MAX, "no more are kept than there may be");
	for (i = ASIDE_MAX; i > 0; i--) {
		move(0x1000 + i, 0x9000);
		if (!waits(1 + i))
			break;
		wait.interrupted = false;
	}
	is_int(i, 0, "those that are kept are the last");
	move(0x1000, 0x9000);
	ok(!wait.interrupted, "the first wait is not kept");
}

int
main(void)
{
	test_nesting();
	test_skipped();
	test_many();
	return done_testing();
}
