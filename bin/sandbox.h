/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * novillo's sandbox: it leaves what a run needs, and nothing else.  It must not
 * know how confinement is done.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "options.h"

#include "debugger/server.h"
#include "sandbox/confine.h"

/* The limit of descriptors: the guest's files, and our own. */
#define SANDBOX_FILES (HC_FILES + HC_COPIES + HC_SHARED + MACHINE_VCPUS + 64)

/* The machine, the server and the descriptors just before the guest starts. */
struct sandbox {
	struct machine *machine;
	const struct debugger_server *server; /* NULL: no debugger */
	const struct hc_look *look; /* the files that it sees, or NULL */
	int image;
	int interp;             /* its interpreter's, or -1 */
	int recording;          /* of --replay, or -1 */
	int proc;               /* /proc of the front, or -1 */
	int core_folder;        /* -1: no core */
	struct confined result; /* for --stats */
};

/*
 * --new-pid: continue in a new pid namespace.  0 in the process inside; 1 in
 * the process outside, after the other has ended with *status; or -1 after a
 * message.
 */
int sandbox_new_pid(const struct options *options, int *status);

/*
 * Confine this process before its machine runs.  Descriptors that the run does
 * not need are closed, the machine's included.  0, or -1 after a message.
 */
int sandbox_enter(struct sandbox *sandbox, const struct options *options);

/*
 * With a server that is the front (debugger/front.h), which makes no machine,
 * and this is one of its workers, whose machine is made.  0, or -1 after a
 * message.
 */
int
sandbox_enter_worker(struct sandbox *sandbox, const struct options *options);

/* --probe: print what this host offers for a sandbox. */
void sandbox_print_host(void);

#endif
