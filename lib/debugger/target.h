/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine as the GDB stub's target: gdb/target.h on top of lib/vm.  It must
 * not know sockets or packets.
 */
#ifndef DEBUGGER_TARGET_H
#define DEBUGGER_TARGET_H

#include "debugger/history.h"
#include "debugger/hit.h"
#include "debugger/past.h"
#include "debugger/plan.h"
#include "debugger/scratch.h"
#include "gdb/target.h"
#include "hypercall/file/look.h"
#include "output/output.h"
#include "vm/core.h"
#include "vm/machine.h"

struct debugger_target {
	struct machine *machine;
	const char *path;    /* of the image, as debuggers name it */
	const char *name;    /* the same, as the user typed it */
	bool started;        /* the debugger and the guest began together */
	int image;           /* its descriptor */
	struct hc_look look; /* the files that a debugger sees */
	struct debugger_scratch scratch;
	struct debugger_plan *plan; /* of the next run */
	/* The image's struct r_debug (<link.h>), found when it is first asked
	 * for. */
	bool r_debug_sought;
	uint64_t r_debug;  /* 0: it has none */
	struct hits *hits; /* of this machine */
	bool replayed, recorded;
	struct history *history; /* of a guest that is replayed */
	bool refused;            /* a change of it was, and that was reported */
	/* A recorded guest, to its past and back. */
	struct handover *handover;
	bool armed;      /* the next resumption leads to handover->place */
	uint64_t passed; /* the signals that the debugger does not want */
	/* Reports one sentence to the user, or NULL. */
	void (*report)(const char *sentence);
	struct output *output;               /* for trace lines */
	const struct core_place *core_place; /* of --core, or NULL */
};

/* The operations; their context is a struct debugger_target. */
const struct target_ops *debugger_target_ops(void);

/* The action of a resumption for thread `tid`, or NULL. */
const struct target_action *
debugger_target_action(const struct target_resume *how, int tid);

/* Resume the machine: what the threads do that have no action. */
int debugger_target_resume(
    void *ctx, const struct target_resume *how, enum debug_want others);

/* The stop that an event of the machine is to the stub. */
struct stop
debugger_target_stop(struct machine *m, const struct debug_event *event);

#endif
