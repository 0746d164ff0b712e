/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as a debugger's user types them in the arguments of `monitor`.  It
 * must not know what they are for.
 *
 *	value: term { ("+" | "-") term }
 *	term:  a number as in C, a register as in gdb ($rip), or a symbol of
 *	       the program, with "&" or without
 */
#ifndef DEBUGGER_VALUE_H
#define DEBUGGER_VALUE_H

#include "debugger/target.h"
#include "gdb/text.h"

/* Registers are those of thread `tid`.  False: `out` has a sentence about what
 * is wrong, and *value is unchanged. */
bool debugger_value(struct debugger_target *target, int tid, const char *text,
    uint64_t *value, struct text *out);

#endif
