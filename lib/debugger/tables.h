/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of the guest's state: gdb's `info os` shows them by qXfer:osdata (GDB
 * manual, "Operating System Information"), and `monitor` some of them as text.
 * They change nothing, and must not know packets.
 */
#ifndef DEBUGGER_TABLES_H
#define DEBUGGER_TABLES_H

#include "debugger/target.h"
#include "gdb/text.h"

/*
 * Write a table of a machine at rest; "" is the list of tables.  A table that
 * does not fit ends with a row of "...".  0, or -ENOENT: no such table.
 */
int debugger_table_xml(void *ctx, const char *name, struct text *out);
int debugger_table_text(void *ctx, const char *name, struct text *out);

#endif
