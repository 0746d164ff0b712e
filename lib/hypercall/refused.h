/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that are not in the table: names for them, and the answer to those
 * that no guest can have.
 */
#ifndef REFUSED_H
#define REFUSED_H

#include "hypercall/hypercall.h"

/* Linux' name of call `number`, or NULL if it has none. */
const char *hc_linux_name(uint32_t number);

/* Why no guest can have this call: NULL if there is nothing to say. */
const char *hc_refused_reason(uint32_t number);
bool hc_is_refused(uint32_t number);

/* Answer a call that is not in the table, and tell the user what it means. */
int64_t hc_refuse(struct hc_call *call, uint32_t number);

#endif
