/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the decoder of instructions: for any bytes, the parts lie inside the
 * instruction and the instruction inside the bytes; and objdump, if present,
 * reads the same.
 */
#include "../unit/objdump.h"

#include "image/insn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS    65536U /* compared at once: objdump takes time to start */
#define TRIES    8      /* at an encoding that the decoder accepts */
#define REJECTED 16     /* one in so many that it rejects is compared */
#define NOP      0x90

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t slots[SLOTS * OBJDUMP_SLOT];
static unsigned filled;
static struct objdump_tally tally;

static void
check_batch(void)
{
	if (filled == 0)
		return;
	if (!objdump_check_slots(slots, filled * OBJDUMP_SLOT, &tally) ||
	    tally.differ > 0)
		abort();
	filled = 0;
}

static void
end(void)
{
	check_batch();
	printf("objdump: %lu instructions, %lu of them with an operand, "
	       "%lu bad\n",
	    tally.insns, tally.operands, tally.bad);
}

static bool
is_inside(const struct insn *insn, unsigned at, unsigned size)
{
	return size == 0 ? at == 0 : at > 0 && at + size <= insn->length;
}

/* Returns the distance to the bytes to be decoded next. */
static size_t
check_promises(const uint8_t *data, size_t size)
{
	static const struct insn zero;
	struct insn insn;
	enum insn_status status = insn_decode(&insn, data, size);

	if (status == INSN_SHORT && size >= INSN_LENGTH_MAX)
		abort();
	if (status != INSN_OK) {
		if (memcmp(&insn, &zero, sizeof(insn)) != 0)
			abort();
		return 1;
	}
	if (insn.length == 0 || insn.length > INSN_LENGTH_MAX ||
	    insn.length > size || insn.opcode_at >= insn.length ||
	    !is_inside(&insn, insn.modrm_at, insn.has_modrm) ||
	    !is_inside(&insn, insn.sib_at, insn.has_sib) ||
	    !is_inside(&insn, insn.disp_at, insn.disp_size) ||
	    !is_inside(&insn, insn.imm_at, insn.imm_size) ||
	    insn.accesses > INSN_ACCESSES)
		abort();
	return insn.length;
}

/* Compare these bytes also, unless the decoder rejects them: of those, some.
 * Returns whether it accepts them. */
static bool
add_slot(uint8_t *slot)
{
	static unsigned rejected;
	struct insn insn;
	bool accepted = insn_decode(&insn, slot, OBJDUMP_SLOT) == INSN_OK;

	if (accepted)
		objdump_pad_slot(slot, insn.length);
	else if (rejected++ % REJECTED > 0)
		return false;
	memcpy(slots + filled * OBJDUMP_SLOT, slot, OBJDUMP_SLOT);
	if (++filled == SLOTS)
		check_batch();
	return accepted;
}

static void
add_bytes(const uint8_t *data, size_t size)
{
	uint8_t slot[OBJDUMP_SLOT];

	if (size > INSN_LENGTH_MAX)
		size = INSN_LENGTH_MAX;
	memcpy(slot, data, size);
	memset(slot + size, NOP, sizeof(slot) - size);
	add_slot(slot);
}

/* Compare an encoding that the bytes choose.  Most are not an instruction:
 * others that follow from the bytes replace them. */
static void
add_made(const uint8_t *data, size_t size)
{
	uint8_t seed[OBJDUMP_SEED] = { 0 }, slot[OBJDUMP_SLOT];
	uint64_t state;
	unsigned i;

	memcpy(seed, data, size < sizeof(seed) ? size : sizeof(seed));
	memcpy(&state, seed, sizeof(state));
	state |= 1;
	for (i = 0; i < TRIES; i++) {
		objdump_fill_slot(slot, seed);
		if (add_slot(slot))
			return;
		objdump_next_seed(seed, &state);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int compares = -1;
	size_t at;

	if (compares < 0) {
		compares = objdump_exists();
		atexit(end);
	}
	for (at = 0; at < size;)
		at += check_promises(data + at, size - at);
	/* objdump takes most of the time: one slot an input. */
	if (compares && size % 2 == 0)
		add_made(data, size);
	else if (compares)
		add_bytes(data, size);
	return 0;
}
