/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a recording treats a call: from its row, and from treat.def.  It must not
 * know recordings.
 */
#ifndef HC_TREAT_H
#define HC_TREAT_H

#include "hypercall/core/hypercall.h"
#include "record/call.h"

/* The words of treat.def.  HC_BY_ROW: the call is not listed there. */
enum hc_treatment {
	HC_BY_ROW,
	HC_ANSWERED,
	HC_AGAIN,
	HC_ALONE,
	HC_MAPPED,
	HC_MASKED,
	HC_PAIRED,
	HC_SHOWN,
};

/* Never HC_BY_ROW. */
enum hc_treatment hc_treatment(uint32_t number);

/* HC_AGAIN or HC_ALONE: the call is made again in a replay. */
static inline bool
hc_is_again(enum hc_treatment how)
{
	return how == HC_AGAIN || how == HC_ALONE;
}

/* Why the call cannot be recorded, or NULL: "has threads". */
const char *hc_unrecordable(const struct hc_call *call, uint32_t number);

/* Set the signal mask for the call, as it does itself, if it is of kind
 * HC_MASKED or HC_PAIRED. */
void hc_begin_treated_mask(struct hc_call *call, uint32_t number);

/* Does a call of kind HC_SHOWN lead to one of novillo's streams? */
bool hc_is_shown(const struct hc_call *call, uint32_t number);

/* The facts of a call before it is made: number, arguments, input. */
void hc_describe_call(const struct hc_call *call, const struct hc_row *row,
    uint32_t number, struct record_call *event);

/* The stream of novillo's that the bytes of a call go to. */
enum record_stream
hc_stream_of(const struct hc_call *call, const struct hc_row *row);

/* Visit the bytes that a call writes to a stream, as far as the guest can read
 * them. */
void hc_each_output(const struct hc_call *call, const struct hc_row *row,
    void (*visit)(void *context, const void *bytes, uint64_t len),
    void *context);

#endif
