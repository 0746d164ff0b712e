/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages in order, in a place of their own.  It must not know queues.
 */
#ifndef HC_MESSAGES_H
#define HC_MESSAGES_H

#include "hypercall/core/ipc.h"

/* The first message, and the one after `m`; or NULL. */
struct hc_message *messages_first(struct hc_messages *messages);
struct hc_message *
messages_next(struct hc_messages *messages, struct hc_message *m);

static inline uint8_t *
message_text(struct hc_message *m)
{
	return (uint8_t *)(m + 1);
}

/* Put a message before `at`, or after the last if that is NULL; false if it
 * does not fit. */
bool messages_put(struct hc_messages *messages, struct hc_message *at,
    int64_t type, const void *text, uint32_t size);

void messages_remove(struct hc_messages *messages, struct hc_message *m);

#endif
