/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that report themselves in the Test Anything Protocol: a guest calls
 * ok() for each claim and returns tap_done() from main.  The plan comes last,
 * so a guest that dies on the way has none and fails as a whole.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

/* One claim, named by a sentence.  Returns `pass`. */
bool ok(bool pass, const char *sentence, ...) PRINTF_LIKE(2, 3);

/* The claim that two numbers are equal; says both if they are not. */
bool same(long got, long want, const char *sentence, ...) PRINTF_LIKE(3, 4);

/* A claim that cannot be tried here, and why. */
void skip(const char *reason, const char *sentence, ...) PRINTF_LIKE(2, 3);

/* Nothing can be tried here: says so and ends the guest with status 0. */
_Noreturn void skip_all(const char *reason);

/* The plan.  Returns what main should: 0 if all claims held, else 1. */
int tap_done(void);

#endif
