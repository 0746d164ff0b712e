/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conversion by signals.def.  It must not know what raises a signal.
 */
#include "gdb/signals.h"

#include <stddef.h>

#define GDB_UNKNOWN 143

/* GDB numbers SIG34 to SIG63 from 46 on. */
#define RT_FIRST     34
#define RT_LAST      63
#define GDB_RT_FIRST 46

static const struct {
	int linux_number;
	int gdb_number;
} table[] = {
	{ 0, 0 },
#define SIGNAL(linux_number, gdb_number) { linux_number, gdb_number },
#include "gdb/signals.def"
#undef SIGNAL
};

#define ROWS (sizeof(table) / sizeof(table[0]))

int
signal_to_gdb(int number)
{
	if (number >= RT_FIRST && number <= RT_LAST)
		return number - RT_FIRST + GDB_RT_FIRST;
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].linux_number == number)
			return table[i].gdb_number;
	return GDB_UNKNOWN;
}

int
signal_from_gdb(int number)
{
	if (number >= GDB_RT_FIRST &&
	    number <= GDB_RT_FIRST + RT_LAST - RT_FIRST)
		return number - GDB_RT_FIRST + RT_FIRST;
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].gdb_number == number)
			return table[i].linux_number;
	return -1;
}
