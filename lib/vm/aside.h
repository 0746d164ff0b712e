/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that are set aside.  An interrupted call is made again, and waits for
 * the rest of its time (hypercall/core/wait.h); one that the debugger catches
 * stops at its entry.  A debugger can move the thread away from that call, to
 * call a function which itself waits, and move it back: then the call is still
 * to be made, and the rest is that of its own wait.  It must not know vCPUs,
 * nor who moves them.
 *
 *	at the call --moved away--> set aside --moved back--> at the call
 *
 * A call is known by rip and rsp.  Calls nest, so the last one set aside comes
 * first; a return to an outer call forgets those of the inner ones.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include "hypercall/core/wait.h"
#include "vm/flight.h"

#include <stdbool.h>
#include <stdint.h>

#define ASIDE_MAX 4 /* calls set aside; the oldest is forgotten first */

struct aside_place {
	uint64_t rip, rsp;
};

/* A thread's call: its wait, and its state if the debugger sees the thread in
 * it (flight.h). */
struct aside_call {
	struct hc_wait wait;
	bool shown;
	enum flight_call call;
	uint32_t number;
	int64_t cut;
};

/* All zero: none. */
struct aside {
	unsigned count;
	struct {
		struct aside_place place;
		struct aside_call call;
	} kept[ASIDE_MAX];
};

/* The thread in `call` is moved between two places that are not the same; then
 * *call is that of the new place. */
void aside_move(struct aside *aside, struct aside_call *call,
    struct aside_place from, struct aside_place to);

#endif
