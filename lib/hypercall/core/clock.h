/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clocks of a guest.  It must not know what they are read for.
 */
#ifndef HC_CLOCK_H
#define HC_CLOCK_H

#include "hypercall/core/hypercall.h"

#include <time.h>

/*
 * The host's clock for the guest's `number`: 0 or -EINVAL.  A negative number
 * is the CPU-time clock of a process or thread, or the clock of a descriptor;
 * the guest can name only its own process and threads.
 */
int
hc_host_clock(const struct hc_call *call, uint64_t number, clockid_t *clock);

/* The host's clock of the CPU time of the guest's thread `tid`: 0, or -EINVAL
 * if there is none. */
int hc_thread_clock(const struct hc_call *call, int tid, clockid_t *clock);

#endif
