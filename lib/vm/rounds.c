/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of string instructions.  Nothing here may know why they are made.
 */
#include "vm/rounds.h"

#include "image/insn.h"
#include "vm/context.h"
#include "vm/machine.h"
#include "vm/x86.h"

/* Bit 0 of an opcode is its operand's size. */
#define OPCODE_MOVS 0xa4
#define OPCODE_STOS 0xaa
#define OPCODE_LODS 0xac

/* Does its count alone end it? */
static bool
is_counted(const struct insn *insn)
{
	const uint8_t opcode = insn->opcode & 0xfe;

	return insn_is_string(insn) && insn->kind == INSN_PLAIN &&
	       insn->map == INSN_MAP_ONE && (insn->prefixes & INSN_REP) &&
	       !(insn->prefixes & (INSN_ADDR32 | INSN_REPNE)) &&
	       insn->segment == INSN_FLAT &&
	       (opcode == OPCODE_MOVS || opcode == OPCODE_STOS ||
		   opcode == OPCODE_LODS);
}

/* Can `n` rounds of this access be made without a fault? */
static bool
is_open(const struct gmem *mem, const struct insn_access *access,
    const struct kvm_regs *regs, uint64_t n)
{
	const uint64_t at = access->base == INSN_RSI ? regs->rsi : regs->rdi;

	return n <= mem->size &&
	       gmem_span(mem, at, n * access->size,
		   access->flags & INSN_WRITE ? GMEM_WRITE : GMEM_READ) ==
		   n * access->size;
}

bool
rounds_look(struct rounds *r, struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;
	const struct breaks *b = &m->debug.breaks;
	uint8_t code[INSN_LENGTH_MAX];
	struct kvm_regs regs;
	struct insn insn;
	size_t n;
	unsigned i;

	vcpu_user_regs(vcpu, &regs);
	n = breaks_read(b, regs.rip, code, sizeof(code));
	if (insn_decode(&insn, code, n) != INSN_OK || !is_counted(&insn) ||
	    (regs.rflags & RFLAGS_DF) || b->watches > 0 ||
	    breaks_at(b, regs.rip) || breaks_has(b, regs.rip) ||
	    vcpu->plant.state != PLANT_IDLE)
		return false;
	for (i = 0; i < insn.accesses; i++)
		if (!is_open(&m->mem, &insn.access[i], &regs, regs.rcx))
			return false;
	*r = (struct rounds){
		.rip = regs.rip,
		.next = regs.rip + insn.length,
		.left = regs.rcx,
	};
	return true;
}

void
rounds_begin(struct rounds *r, struct vcpu *vcpu, uint64_t n)
{
	struct kvm_regs regs;

	r->made = n;
	vcpu_user_regs(vcpu, &regs);
	regs.rcx = n;
	vcpu_set_user_regs(vcpu, &regs);
}

void
rounds_end(const struct rounds *r, struct vcpu *vcpu)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	regs.rcx += r->left - r->made;
	regs.rip = r->rip;
	vcpu_set_user_regs(vcpu, &regs);
}
