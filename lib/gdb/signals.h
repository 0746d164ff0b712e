/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal numbers, of Linux and of GDB.  It must not know what raises a signal.
 */
#ifndef GDB_SIGNALS_H
#define GDB_SIGNALS_H

#define SIGNALS_LINUX_MAX 64

/* GDB's number for a Linux signal, or 143, "unknown". */
int signal_to_gdb(int number);

/* The Linux number for a signal of GDB's, or -1. */
int signal_from_gdb(int number);

#endif
