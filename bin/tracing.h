/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --trace and --trace-summary, from the guest's start to its end.  It must not
 * know how a call is written down.
 */
#ifndef TRACING_H
#define TRACING_H

#include "options.h"
#include "vm/machine.h"

void
tracing_start(const struct options *options, int fd, struct hc_guest *guest);

/* The guest will end now; for signal handlers. */
void tracing_ending(void);

/* How it ended, as strace tells it, and what its calls cost. */
void tracing_end(const struct options *options, int fd, struct machine *m);

#endif
