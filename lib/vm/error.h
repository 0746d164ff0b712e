/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How lib/vm reports failures and ends a guest.  It must not know what failed.
 */
#ifndef ERROR_H
#define ERROR_H

#include "vm/machine.h"

#include <sys/types.h>

/* Write one sentence to *error and return `r`. */
__attribute__((format(printf, 3, 4))) int
machine_fail(struct machine_error *error, int r, const char *format, ...);

/* "a FIFO" and so on, for a message that refuses a file. */
const char *machine_file_kind(mode_t mode);

/*
 * End the guest without a text: OUTCOME_EXIT, OUTCOME_TIMEOUT.  Only the first
 * end counts: true if this was it.  Any thread may call this.
 */
bool machine_end_quietly(struct machine *m, enum outcome_kind kind, int code);

/* The same with a text that says why: OUTCOME_SIGNAL, OUTCOME_KILLED,
 * OUTCOME_FAILED. */
__attribute__((format(printf, 4, 5))) bool machine_end(struct machine *m,
    enum outcome_kind kind, int code, const char *format, ...);

/* True if `why` is NULL.  Else novillo cannot go on: the guest ends with that
 * text, at the instruction `rip`. */
bool machine_goes_on(struct machine *m, const char *why, uint64_t rip);

/* End the guest as a signal handler has decided, if one has. */
void machine_settle_end(struct machine *m);

#endif
