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

#define SLOTS 65536U /* compared at once: objdump takes time to start */

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

static void
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
		return;
	}
	if (insn.length == 0 || insn.length > INSN_LENGTH_MAX ||
	    insn.length > size || insn.opcode_at >= insn.length ||
	    !is_inside(&insn, insn.modrm_at, insn.has_modrm) ||
	    !is_inside(&insn, insn.sib_at, insn.has_sib) ||
	    !is_inside(&insn, insn.disp_at, insn.disp_size) ||
	    !is_inside(&insn, insn.imm_at, insn.imm_size) ||
	    insn.accesses > INSN_ACCESSES)
		abort();
}

/* Compare these bytes also, with zeroes after them. */
static void
add_slot(const uint8_t *bytes, size_t size)
{
	uint8_t seed[OBJDUMP_SEED] = { 0 };

	memcpy(seed, bytes, size < sizeof(seed) ? size : sizeof(seed));
	objdump_fill_slot(slots + filled * OBJDUMP_SLOT, seed);
	if (++filled == SLOTS)
		check_batch();
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
	for (at = 0; at < size; at++)
		check_promises(data + at, size - at);
	for (at = 0; compares && at < size; at += OBJDUMP_SEED)
		add_slot(data + at, size - at);
	return 0;
}
