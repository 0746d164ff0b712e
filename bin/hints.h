/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages about denied calls and addresses, with the option that would allow
 * them.  This file must not know how a call is served.
 */
#ifndef HINTS_H
#define HINTS_H

#include "options.h"

/* Report each call and address that `guest` is denied, when that happens for
 * the first time, and memory that runs out. */
void hints_start(const struct options *options, struct hc_guest *guest);

/* At the guest's end, report the sum of it. */
void hints_end(const struct hc_guest *guest);

#endif
