/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks for `syscall` and for the gate, `out %eax, $0x10`, and before them for
 * the instruction that last set EAX to a constant.  Nothing here may know what
 * a number means.
 */
#include "image/calls.h"

#include <string.h>

#define INSTRUCTION 2  /* bytes of either */
#define LOOK_BACK   64 /* bytes: compilers put arguments in between */

/* The ways in which compilers load a number (Intel SDM vol. 2). */
static const struct load {
	uint8_t bytes[3];
	uint8_t opcode; /* bytes before the number */
	uint8_t number; /* bytes of the number */
	uint8_t behind; /* bytes behind it: 58, pop %rax */
} loads[] = {
	{ { 0xb8 }, 1, 4, 0 },             /* mov $n, %eax */
	{ { 0x48, 0xc7, 0xc0 }, 3, 4, 0 }, /* mov $n, %rax */
	{ { 0x31, 0xc0 }, 2, 0, 0 },       /* xor %eax, %eax */
	{ { 0x6a }, 1, 1, 1 },             /* push $n; pop %rax */
};

static bool
makes_call(const uint8_t *code)
{
	return (code[0] == 0x0f && code[1] == 0x05) ||
	       (code[0] == 0xe7 && code[1] == 0x10);
}

/* Does such a load begin at code, with room for it?  Its number. */
static bool
load_at(const struct load *load, const uint8_t *code, size_t room, uint32_t *n)
{
	*n = 0;
	if (room < (size_t)load->opcode + load->number + load->behind ||
	    memcmp(code, load->bytes, load->opcode) != 0)
		return false;
	memcpy(n, code + load->opcode, load->number);
	return *n < IMAGE_CALLS &&
	       (!load->behind || code[load->opcode + load->number] == 0x58);
}

/* The number that is loaded last in [code, end). */
static bool
find_number(const uint8_t *code, const uint8_t *end, uint32_t *n)
{
	const uint8_t *at;
	size_t i;

	for (at = end; at > code;) {
		at--;
		for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
			if (load_at(&loads[i], at, (size_t)(end - at), n))
				return true;
	}
	return false;
}

void
image_calls_add(struct image_calls *calls, const uint8_t *code, size_t size)
{
	size_t at, from = 0;
	uint32_t n;

	for (at = 0; at + INSTRUCTION <= size; at++) {
		if (!makes_call(code + at))
			continue;
		if (at - from > LOOK_BACK)
			from = at - LOOK_BACK;
		calls->sites++;
		if (find_number(code + from, code + at, &n))
			calls->bits[n / 64] |= UINT64_C(1) << n % 64;
		else
			calls->blind++;
		/* What one call was given is no other's. */
		at += INSTRUCTION - 1;
		from = at + 1;
	}
}
