/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's commands, which gdb's user runs by `monitor`: what the
 * protocol has no packet for.  They change nothing but the trace, and the place
 * in a replay.  They must not know packets.
 */
#ifndef DEBUGGER_COMMAND_H
#define DEBUGGER_COMMAND_H

#include "debugger/target.h"
#include "gdb/text.h"

/* Run a command on a machine at rest; registers in it are those of thread
 * `tid`.  0; -ENOENT: no such command; or -EINPROGRESS: the guest of a replay
 * runs, and what the command prints comes later. */
int debugger_command(
    struct debugger_target *t, int tid, const char *typed, struct text *out);

/* The usage and the purpose of the nth command; false if there are fewer. */
bool
debugger_command_help(size_t nth, const char **usage, const char **purpose);

#endif
