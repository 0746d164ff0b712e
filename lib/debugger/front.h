/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front: the process that stays while guests come and go.  It must not
 * know packets, or how a machine is made.
 *
 *	              fork, one for each run
 *	   FRONT  ---------------------------->  WORKER
 *	   no machine, one thread                machine, its threads, sandbox
 *	     |                                     |
 *	     |     shared memory: session, plan    |
 *	     +-------------------------------------+
 *	     |     channel: the descriptors        |
 *	     +<------------------------------------+
 *
 * One of the two serves debuggers at a time, by the same loop (server.c): the
 * worker while it lives, else the front.  So nothing stands between a debugger
 * and its machine: a stop, a register or a piece of memory costs what it costs
 * with one process.
 *
 *	        a run is asked for
 *	   IDLE -----------------------> WAITS: fork, then wait for the worker
 *	   ^  ^                            |   |   |
 *	   |  +--- the worker has failed --+   |   +-- a run is asked for: WAITS
 *	   |       or was killed               |
 *	   +--- guest and session are over ----+
 *	   |    (--multi; else the front ends with the worker's status)
 *	   +---> the end: no debugger is there and none can or needs to come,
 *	         `monitor exit`, a signal
 *
 * FRONT holds what is opened before the sandbox closes, and each worker
 * inherits it: /dev/kvm, image, volumes, output, the folder of cores, the
 * listening socket.  It also holds a copy of the connection: a worker sends
 * each one that it accepts over the channel, and reports when it has closed
 * one.  It never holds a VM, which belongs to the memory of the process that
 * made it, nor guest memory.  Its filter allows in addition what makes a
 * machine, fork, and wait.
 *
 * WORKER makes the machine, takes the filter of every guest in addition, and
 * serves.  It ends when guest and session are over, or when the debugger asks
 * for another run (vRun, R): the session is then in the state STUB_STARTING,
 * and the next worker answers.
 *
 * SHARED is struct session: the stub, input that the stub has not taken, and
 * the plan.  The stub holds all that must survive a run: features, no-ack mode,
 * QPassSignals.  Breakpoints need not: a debugger inserts them again.  A worker
 * may be taken over by its guest, so the front takes values from this memory
 * only when the worker has gone, and only after checks (stub_adopt(), plan.h).
 *
 * A worker that dies (SIGKILL, out of memory, a fault of novillo) leaves an
 * open channel's end to the kernel, which closes it: the front wakes, reaps
 * the worker, says one sentence, and the debugger learns that its guest was
 * killed: by the stop that it waits for, or by an error.  A front that dies
 * takes its worker along (PR_SET_PDEATHSIG).
 *
 * PAST is a second worker, while a guest that is recorded lives and its
 * debugger is in its past (past.h).  The first worker passes CHANNEL_AWAY, and
 * waits; the front forks the second, which inherits the front's copy of the
 * connection.  The second passes CHANNEL_BACK or ends, or the first wants the
 * connection back, since its guest is over: the front ends the second and
 * passes CHANNEL_BACK to the first.  Meanwhile nobody accepts a connection, so
 * both have the same one.
 */
#ifndef DEBUGGER_FRONT_H
#define DEBUGGER_FRONT_H

#include "debugger/plan.h"
#include "debugger/server.h"

struct debugger_front {
	struct debugger_server *server;
	struct debugger_target *target;
	/* Make the machine by the plan, call debugger_serve() and report the
	 * end: in a process of its own, whose exit status this returns. */
	int (*work)(struct debugger_plan *plan);
	/* Make the machine that replays what is recorded so far, and call
	 * debugger_serve_past(): the same. */
	int (*past)(struct debugger_plan *plan);
	int failed; /* the exit status if there can be no such process */
};

/*
 * Prepare: the shared memory, and a descriptor that reports signals, which are
 * blocked from now on but for those that the process ignores.  The front reads
 * signals[n]; those sent to it by a process reach the worker.  0 or -errno.
 */
int
debugger_front_open(struct debugger_front *front, const int *signals, size_t n);

/* In a worker that has handlers for those signals: take them. */
void debugger_front_admit_signals(void);

/*
 * Serve debuggers until the end: the exit status of the last worker, 0 if there
 * was none; server->ended_by is the signal that ended it or the front, or 0.
 */
int debugger_front_run(struct debugger_front *front);

#endif
