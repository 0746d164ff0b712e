/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How lib/vm tells what failed.  It knows nothing of the machine.
 */
#ifndef ERROR_H
#define ERROR_H

#include "vm/machine.h"

/* Write one sentence to *error and return `r`. */
__attribute__((format(printf, 3, 4))) int
machine_fail(struct machine_error *error, int r, const char *format, ...);

/*
 * End the guest.  The first end is the one that counts: true if this was it.
 * Any thread may call these.  Where there is nothing to say: OUTCOME_EXIT,
 * -TIMEOUT.
 */
bool machine_end_quietly(struct machine *m, enum outcome_kind kind, int code);

/* With OUTCOME_FAILED, -SIGNAL and so on. */
__attribute__((format(printf, 4, 5))) bool machine_end(struct machine *m,
    enum outcome_kind kind, int code, const char *format, ...);

#endif
