/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --stats and SIGUSR1: the counts of a run.  It must not change the machine.
 */
#ifndef STATS_H
#define STATS_H

#include "output/output.h"
#include "sandbox/confine.h"
#include "vm/machine.h"

/* Write the machine's counts, and those of novillo itself, in lines or as JSON,
 * all at once.  Safe in a signal handler. */
void stats_write(struct output *out, const struct machine *m,
    const struct confined *sandbox, bool json);

#endif
