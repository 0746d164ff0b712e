/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF core files of a guest, for gdb.  It must not change the machine.
 */
#ifndef CORE_H
#define CORE_H

#include "vm/machine.h"

#include <fcntl.h>
#include <limits.h>

/* The flags of openat() for a core, in its folder.  A name that the guest has
 * put there neither blocks novillo (a FIFO) nor leads elsewhere (a link). */
#define CORE_FLAGS \
	(O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC)

/* Where a core is to be written, and the program that gdb shows it as. */
struct core_place {
	char path[PATH_MAX];
	int folder;       /* its descriptor */
	const char *name; /* within that folder: the end of `path` */
	const char *program;
	char **argv;
};

/*
 * Before the guest runs: find the folder of `path`, and check that a core can
 * be written there.  The folder is the caller's to close, and the program the
 * caller's to fill in.  0, or -errno with *error filled in.
 */
int core_find_place(
    struct core_place *place, const char *path, struct machine_error *error);

/*
 * Write memory, registers, FPU state and auxiliary vector of a guest that has
 * ended or is at rest; an old core is replaced.  0, or -errno with *error
 * filled in.
 */
int core_write(struct machine *m, const struct core_place *place,
    struct machine_error *error);

#endif
