/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A short stack of calls.  Nothing here may know vCPUs.
 */
#include "vm/aside.h"

#include <string.h>

static void
push(struct aside *aside, const struct aside_call *call,
    struct aside_place place)
{
	if (aside->count == ASIDE_MAX) {
		aside->count--;
		memmove(&aside->kept[0], &aside->kept[1],
		    aside->count * sizeof(aside->kept[0]));
	}
	aside->kept[aside->count].place = place;
	aside->kept[aside->count++].call = *call;
}

void
aside_move(struct aside *aside, struct aside_call *call,
    struct aside_place from, struct aside_place to)
{
	unsigned i;

	if (call->wait.interrupted || call->shown)
		push(aside, call, from);
	call->wait.interrupted = call->shown = false;
	for (i = aside->count; i-- > 0;) {
		if (aside->kept[i].place.rip != to.rip ||
		    aside->kept[i].place.rsp != to.rsp)
			continue;
		*call = aside->kept[i].call;
		aside->count = i;
		return;
	}
}
