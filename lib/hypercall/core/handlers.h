/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers, declared from the rows, and constants that several rooms use.
 * Only lib/hypercall includes this.
 */
#ifndef HC_HANDLERS_H
#define HC_HANDLERS_H

#include "hypercall/core/hypercall.h"

#define HYPERCALL(number, name, ...) int64_t hc_do_##name(struct hc_call *call);
#define FORWARD(...)
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL

/* The guest is the only process, and leads its session and group. */
#define HC_PID 1

/* A handler's result for a call that is allowed on novillo's own files only and
 * leads elsewhere.  The guest does not see it. */
#define HC_ELSEWHERE (-4096)

#endif
