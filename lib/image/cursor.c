/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded reads of untrusted bytes.  Nothing here may know what they mean.
 */
#include <string.h>

#include "image/cursor.h"

struct cursor
cursor_over(const uint8_t *bytes, size_t size)
{
	return (struct cursor){ .at = bytes, .left = size };
}

void
cursor_fail(struct cursor *c)
{
	c->failed = true;
	c->left = 0;
}

const uint8_t *
cursor_take(struct cursor *c, uint64_t n)
{
	const uint8_t *taken = c->at;

	if (c->failed || n > c->left) {
		cursor_fail(c);
		return NULL;
	}
	if (n > 0)
		c->at += n;
	c->left -= n;
	return taken;
}

struct cursor
cursor_slice(struct cursor *c, uint64_t n)
{
	struct cursor slice = { .at = cursor_take(c, n) };

	if (c->failed)
		cursor_fail(&slice);
	else
		slice.left = (size_t)n;
	return slice;
}

uint64_t
cursor_uint(struct cursor *c, size_t size)
{
	const uint8_t *bytes;
	uint64_t value = 0;

	if (size < 1 || size > sizeof(value)) {
		cursor_fail(c);
		return 0;
	}
	bytes = cursor_take(c, size);
	if (bytes == NULL)
		return 0;
	while (size-- > 0)
		value = value << 8 | bytes[size];
	return value;
}

/*
 * Read the low 64 bits of a number.  Bits beyond them must be what a longer
 * register would hold there: zeros, or copies of the sign.
 */
static uint64_t
leb(struct cursor *c, bool has_sign)
{
	uint64_t value = 0, bits, beyond;
	unsigned shift = 0, kept;
	uint8_t byte;

	do {
		byte = cursor_u8(c);
		bits = byte & 0x7f;
		kept = shift < 64 ? 64 - shift : 0;
		if (kept > 0)
			value |= bits << shift;
		if (kept < 7) {
			beyond = has_sign && value >> 63
				     ? UINT64_C(0x7f) >> kept
				     : 0;
			if (bits >> kept != beyond)
				cursor_fail(c);
		}
		shift += kept < 7 ? kept : 7;
	} while (byte & 0x80 && !c->failed);
	if (has_sign && byte & 0x40 && shift < 64)
		value |= UINT64_MAX << shift;
	return c->failed ? 0 : value;
}

uint64_t
cursor_uleb(struct cursor *c)
{
	return leb(c, false);
}

int64_t
cursor_sleb(struct cursor *c)
{
	return (int64_t)leb(c, true);
}

const char *
cursor_string(struct cursor *c)
{
	const uint8_t *start = c->at, *nul = NULL;

	if (c->left > 0)
		nul = memchr(start, '\0', c->left);
	if (nul == NULL) {
		cursor_fail(c);
		return "";
	}
	cursor_take(c, (uint64_t)(nul - start) + 1);
	return (const char *)start;
}
