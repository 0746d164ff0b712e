/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that are not in the table: their names, and the answer to calls that no
 * guest can make.  It must not know how the user is informed.
 */
#ifndef REFUSED_H
#define REFUSED_H

#include "hypercall/core/hypercall.h"

/* Linux's name of call `number`, or NULL if it has none. */
const char *hc_linux_name(uint32_t number);

/* Why no guest can make this call; NULL if there is no reason to report. */
const char *hc_refused_reason(uint32_t number);
bool hc_is_refused(uint32_t number);

/* Answer a call that is not in the table, and report it by the policy's
 * hook. */
int64_t hc_refuse(struct hc_call *call, uint32_t number);

#endif
