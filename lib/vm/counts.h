/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counts of a machine, summed over its vCPUs.  It must not know who shows
 * them, nor change the machine.
 */
#ifndef COUNTS_H
#define COUNTS_H

#include "vm/machine.h"

/* One count: its kind, its name within that kind, and how often. */
typedef void
machine_count(void *ctx, const char *kind, const char *name, uint64_t n);

/* Call `report` for each count that is not 0, always in the same order. */
void
machine_each_count(const struct machine *m, machine_count *report, void *ctx);

#endif
