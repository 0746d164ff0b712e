/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's `monitor` commands: what a debugger's user may want to know
 * and the protocol has no packet for.  It must not know packets, and it
 * changes nothing.
 */
#ifndef GDBMONITOR_H
#define GDBMONITOR_H

#include "gdb/text.h"
#include "vm/machine.h"

/* Run a command on a machine at rest.  0, or -ENOENT: there is no such one. */
int gdbmonitor_run(struct machine *m, const char *command, struct text *out);

/* The nth command's name, with its arguments, and purpose; false: no more. */
bool gdbmonitor_help(size_t nth, const char **name, const char **purpose);

#endif
