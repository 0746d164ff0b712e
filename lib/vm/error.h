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

/* End the guest where there is nothing to say: OUTCOME_EXIT, -TIMEOUT. */
void machine_end_quietly(struct machine *m, enum outcome_kind kind, int code);

/* End the guest with OUTCOME_FAILED, -SIGNAL and so on: the first one stays. */
__attribute__((format(printf, 4, 5))) void machine_end(struct machine *m,
    enum outcome_kind kind, int code, const char *format, ...);

#endif
