/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes what is read from an image beside its headers: the system calls of any
 * bytes are the same however they are cut into pieces, and a name of any bytes
 * is printable text once it is escaped.
 */
#include "image/calls.h"
#include "image/escape.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The calls, in pieces of n bytes, each with what lies before it. */
static struct image_calls
in_pieces(const uint8_t *data, size_t size, size_t n)
{
	struct image_calls calls = { 0 };
	size_t at, before;

	for (at = 0; at < size; at += n) {
		if (n > size - at)
			n = size - at;
		before = at < IMAGE_CALLS_BEFORE ? at : IMAGE_CALLS_BEFORE;
		image_calls_add(&calls, data + at - before, before + n, before);
	}
	return calls;
}

/* No byte of a call belongs to another, so pieces that end within bytes that
 * repeat the gate may count one call more or less. */
static void
check_calls(const uint8_t *data, size_t size)
{
	struct image_calls whole = { 0 }, pieces;

	image_calls_add(&whole, data, size, 0);
	pieces = in_pieces(data, size, 16 + data[0] % 64U);
	if (whole.blind > whole.sites || pieces.blind > pieces.sites ||
	    whole.sites > size / 2 || (whole.sites == 0) != (pieces.sites == 0))
		abort();
}

static void
check_escape(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1], *out;
	size_t n = size < TEXT_MAX ? size : TEXT_MAX;
	size_t room = 1 + data[0], i, len;

	memcpy(text, data, n);
	text[n] = '\0';
	out = malloc(room);
	if (!out)
		return;
	len = image_escape(out, room, text);
	if (len >= room || strlen(out) != len ||
	    (room >= IMAGE_ESCAPED(strlen(text)) && len < strlen(text)))
		abort();
	for (i = 0; i < len; i++)
		if (out[i] < ' ' || out[i] > '~')
			abort();
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	check_calls(data, size);
	check_escape(data, size);
	return 0;
}
