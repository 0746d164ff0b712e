/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session and the plan of the next run, which outlive a guest: in memory
 * that the front and its workers share.  Only server.c and front.c include it.
 */
#ifndef DEBUGGER_SESSION_H
#define DEBUGGER_SESSION_H

#include "debugger/past.h"
#include "debugger/plan.h"
#include "gdb/stub.h"

#define INPUT_SIZE 65536

/* ORDER: the life of a worker. */
enum worker_phase {
	WORKER_MAKES,  /* the machine */
	WORKER_SERVES, /* debuggers */
	WORKER_DONE,   /* its guest has ended, and so has its session */
};

struct session {
	struct stub stub;
	uint8_t input[INPUT_SIZE]; /* received, and not yet taken by the stub */
	size_t at, end;
	bool replied;     /* the last turn has sent something */
	unsigned refused; /* a peer was refused, and that was reported */
	enum worker_phase phase;
	struct debugger_plan plan;
	struct handover handover;
};

#endif
