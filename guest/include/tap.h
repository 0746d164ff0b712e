/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that report in the Test Anything Protocol: a guest calls ok() for each
 * claim and returns tap_done() from main.  The plan comes last, so a guest that
 * dies earlier has no plan and fails as a whole.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

/* Report one claim, named by a sentence.  Returns `pass`. */
bool ok(bool pass, const char *sentence, ...) PRINTF_LIKE(2, 3);

/* Claim that two numbers are equal; print both if they differ. */
bool same(long got, long want, const char *sentence, ...) PRINTF_LIKE(3, 4);

/* Report a claim that cannot be tested here, and the reason. */
void skip(const char *reason, const char *sentence, ...) PRINTF_LIKE(2, 3);

/* Report that no claim can be tested here, and why; end with status 0. */
_Noreturn void skip_all(const char *reason);

/* Print the plan.  Returns main's result: 0 if all claims held, else 1. */
int tap_done(void);

#endif
