/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages in order.  Nothing here may know queues.
 */
#include "hypercall/task/messages.h"

#include <string.h>

/* The bytes that a message with so much text takes. */
static uint32_t
room_of(uint32_t size)
{
	const uint32_t align = _Alignof(struct hc_message);

	return (uint32_t)sizeof(struct hc_message) +
	       (size + align - 1) / align * align;
}

static struct hc_message *
at_offset(struct hc_messages *messages, uint32_t offset)
{
	return offset < messages->used ? (void *)(messages->bytes + offset)
				       : NULL;
}

static uint32_t
offset_of(const struct hc_messages *messages, const struct hc_message *m)
{
	return m ? (uint32_t)((const uint8_t *)m - messages->bytes)
		 : messages->used;
}

struct hc_message *
messages_first(struct hc_messages *messages)
{
	return at_offset(messages, 0);
}

struct hc_message *
messages_next(struct hc_messages *messages, struct hc_message *m)
{
	return at_offset(messages, offset_of(messages, m) + room_of(m->size));
}

bool
messages_put(struct hc_messages *messages, struct hc_message *at, int64_t type,
    const void *text, uint32_t size)
{
	const uint32_t from = offset_of(messages, at), room = room_of(size);
	struct hc_message *m = (void *)(messages->bytes + from);

	if (room > HC_MESSAGES_SIZE - messages->used)
		return false;
	memmove(messages->bytes + from + room, messages->bytes + from,
	    messages->used - from);
	m->type = type;
	m->size = size;
	memcpy(message_text(m), text, size);
	messages->used += room;
	messages->text += size;
	messages->count++;
	return true;
}

void
messages_remove(struct hc_messages *messages, struct hc_message *m)
{
	const uint32_t from = offset_of(messages, m), room = room_of(m->size);

	messages->text -= m->size;
	messages->count--;
	messages->used -= room;
	memmove(messages->bytes + from, messages->bytes + from + room,
	    messages->used - from);
}
