/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A search for `syscall` and for the gate, `out %eax, $0x10`, and for the
 * instruction before it that last set EAX to a constant.  Nothing here may know
 * what a number means.
 */
#include "image/calls.h"

#include "abi/hypercall.h"

#include <string.h>

/* How compilers load a number (Intel SDM vol. 2). */
static const struct load {
	uint8_t bytes[3];
	uint8_t opcode; /* bytes before the number */
	uint8_t number; /* bytes of the number */
	uint8_t after;  /* bytes after it: 58, pop %rax */
} loads[] = {
	{ { 0xb8 }, 1, 4, 0 },             /* mov $n, %eax */
	{ { 0x48, 0xc7, 0xc0 }, 3, 4, 0 }, /* mov $n, %rax */
	{ { 0x31, 0xc0 }, 2, 0, 0 },       /* xor %eax, %eax */
	{ { 0x6a }, 1, 1, 1 },             /* push $n; pop %rax */
};

static bool
makes_call(const uint8_t *code)
{
	static const uint8_t gates[][HYPERCALL_GATE_SIZE] = {
		{ HYPERCALL_GATE },
		{ HYPERCALL_SYSCALL },
	};

	return memcmp(code, gates[0], sizeof(gates[0])) == 0 ||
	       memcmp(code, gates[1], sizeof(gates[1])) == 0;
}

/* Does this load begin at `code`, within `room` bytes?  Sets its number. */
static bool
load_at(const struct load *load, const uint8_t *code, size_t room, uint32_t *n)
{
	*n = 0;
	if (room < (size_t)load->opcode + load->number + load->after ||
	    memcmp(code, load->bytes, load->opcode) != 0)
		return false;
	memcpy(n, code + load->opcode, load->number);
	return *n < IMAGE_CALLS &&
	       (!load->after || code[load->opcode + load->number] == 0x58);
}

/* Find the number that is loaded last in [code, end). */
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

/* Add the call after [code, end). */
static void
add_call(struct image_calls *calls, const uint8_t *code, const uint8_t *end)
{
	uint32_t n;

	calls->sites++;
	if (find_number(code, end, &n))
		calls->bits[n / 64] |= UINT64_C(1) << n % 64;
	else
		calls->blind++;
}

void
image_calls_add(
    struct image_calls *calls, const uint8_t *code, size_t size, size_t before)
{
	size_t at, from = 0;

	for (at = 0; at + HYPERCALL_GATE_SIZE <= size; at++) {
		if (!makes_call(code + at))
			continue;
		if (at - from > IMAGE_CALLS_BEFORE)
			from = at - IMAGE_CALLS_BEFORE;
		if (at + HYPERCALL_GATE_SIZE > before)
			add_call(calls, code + from, code + at);
		/* A number is loaded for one call only. */
		at += HYPERCALL_GATE_SIZE - 1;
		from = at + 1;
	}
}
