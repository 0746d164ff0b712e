/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next record of a replay, before the guest comes to it.  It must not know
 * guests.
 */
#ifndef HC_AHEAD_H
#define HC_AHEAD_H

#include "record/reader.h"

/* Is the next record whole?  `r` stays at it; `scratch` then has the state that
 * reading the record led to. */
bool hc_ahead_is_whole(struct record_reader *r, struct record_reader *scratch);

#endif
