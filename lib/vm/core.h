/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF core files of a guest, for gdb.  It must not change the machine.
 */
#ifndef CORE_H
#define CORE_H

#include "vm/machine.h"

/* What gdb shows of the program itself. */
struct core_info {
	const char *program;
	char **argv;
};

/*
 * Write memory, registers, FPU state and auxiliary vector of a guest that has
 * ended to `path`, which is made anew.  0, or -errno with *error told.
 */
int core_write(struct machine *m, const char *path,
    const struct core_info *info, struct machine_error *error);

#endif
