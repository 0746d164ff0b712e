/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --stats: what a run cost, in counts.  It must not change the machine.
 */
#ifndef STATS_H
#define STATS_H

#include "sandbox/confine.h"
#include "vm/machine.h"

void
stats_write(int fd, const struct machine *m, const struct confined *sandbox);

#endif
