/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * novillo's sandbox: what is needed once the guest runs, and nothing else.  It
 * must not know how confinement is done.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "gdbserve.h"
#include "options.h"

#include "sandbox/confine.h"

/* Descriptors there can be: the guest's files, and what we hold ourselves. */
#define SANDBOX_FILES (HC_FILES + MACHINE_VCPUS + 64)

/* What a run holds when it is about to begin. */
struct sandbox {
	struct machine *machine;
	const struct gdbserve *gdb;
	int image;
	int output;
	struct confined got; /* what became of it, for --stats */
};

/*
 * --new-pid: go on in a pid namespace of our own.  0; or 1 in the process that
 * stays outside, when the other has ended, with its *status; or -1 after a
 * sentence.
 */
int sandbox_new_pid(const struct options *options, int *status);

/*
 * Confine this process before its machine runs.  Descriptors that nothing will
 * need are closed, the machine's own too.  0, or -1 after a sentence.
 */
int sandbox_enter(struct sandbox *sandbox, const struct options *options);

/* --probe: what a sandbox can be made of here. */
void sandbox_print_host(void);

#endif
