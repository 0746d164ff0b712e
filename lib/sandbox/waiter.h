/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that only waits for its child, confined accordingly.  It must not
 * know what the child does.
 */
#ifndef WAITER_H
#define WAITER_H

#include "sandbox/confine.h"

#include <sys/types.h>

/*
 * Confine this process, whose only thread waits for child `pid` from now on,
 * passes signals on to it, writes to the standard streams, and ends.  0, or
 * -errno with got->call set; if not `strict`, steps that fail are left out.
 */
int waiter_confine(pid_t pid, bool strict, struct confined *got);

/*
 * Wait for the child's end, and pass signals on to it until then.  Returns its
 * exit status in *status and 0; a signal that ended the child also ends this
 * process.  -errno with *call set to the call that failed.
 */
int waiter_wait(pid_t pid, int *status, const char **call);

#endif
