/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the guest ended: messages, a core, and novillo's exit status.  It must
 * not know how the guest was run.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "options.h"

#include "vm/core.h"

/*
 * Report the outcome of `m`, whose image `fd` holds, and with --core write the
 * core to `core`: the exit status.
 */
int outcome_report(const struct options *options, struct machine *m, int fd,
    const struct core_place *core);

#endif
