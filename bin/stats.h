/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --stats: what a run cost, in counts.  It must not change the machine.
 */
#ifndef STATS_H
#define STATS_H

#include "sandbox/confine.h"
#include "vm/machine.h"

typedef void
stats_teller(void *ctx, const char *what, const char *name, uint64_t n);

/* Tell every count of the machine's that is not 0. */
void stats_each(const struct machine *m, stats_teller *tell, void *ctx);

/* Write them, and what there is of novillo itself. */
void
stats_write(int fd, const struct machine *m, const struct confined *sandbox);

#endif
