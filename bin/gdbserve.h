/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serving debuggers: where they connect, one after the other, and the loop
 * between them and the machine.  The only file that knows sockets.
 */
#ifndef GDBSERVE_H
#define GDBSERVE_H

#include "gdbtarget.h"

#include <stdbool.h>

#define GDBSERVE_DEFAULT "127.0.0.1:1234"

struct gdbserve {
	const char *address; /* as --gdb has it, or NULL */
	bool wait;           /* the guest waits for the first debugger */
	bool once;           /* no other is let in after it */
	const char *guest;   /* for the line that tells how to connect */
	bool started;        /* by us, the debugger on the line */
	int debugger;        /* its pidfd then */
	int listener;        /* -1: the line is up already, or once was */
	int line;            /* -1: nobody is on it */
	int line_out;        /* where it is written: stdio has two */
};

/* Listen, or take the line there is.  0, or -1 after a sentence. */
int gdbserve_open(struct gdbserve *serve);

/*
 * Run the machine to its end, debuggers or not: m->outcome says how.  0, or -1
 * after a sentence.
 */
int gdbserve_run(struct gdbserve *serve, struct gdbtarget *target);

#endif
