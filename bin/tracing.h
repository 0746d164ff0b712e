/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --trace, --trace-exits, --trace-summary and --trace-out, from the guest's
 * start to its end.  It must not know how a call is formatted.
 */
#ifndef TRACING_H
#define TRACING_H

#include "options.h"

#include "output/output.h"
#include "vm/machine.h"

/* Open the file of --trace-out, if there is one.  0, or -1 after a message. */
int tracing_open(const struct options *options);

/* Begin to trace, if the options ask for it.  The files of the guest's program
 * and its interpreter, which may be -1, are for names. */
void tracing_start(const struct options *options, struct output *out,
    struct machine *m, int program, int interp);

/* The guest is about to end.  For signal handlers. */
void tracing_ending(void);

/* Write how the guest ended, in strace's words, and the summary. */
void tracing_end(const struct options *options, struct machine *m);

/* Complete the file of --trace-out; the guest runs no more.  An error that its
 * output had, or 0. */
int tracing_close(void);

#endif
