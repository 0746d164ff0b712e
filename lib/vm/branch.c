/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches made by the VMM.  Nothing here may know breakpoints.
 */
#include "vm/branch.h"

#include "image/insn.h"
#include "vm/context.h"
#include "vm/operand.h"
#include "vm/x86.h"

#define REX_B 1

/* Where an indirect call leads. */
static bool
pointed_to(struct vcpu *vcpu, const struct insn *insn, uint64_t *target)
{
	const unsigned number = (insn->rex & REX_B ? 8U : 0) |
				(insn->modrm & 7U);
	struct insn_registers regs;
	uint64_t addr;

	if ((insn->prefixes & INSN_OPSIZE) ||
	    operand_registers(vcpu, &regs) < 0)
		return false;
	if (insn->modrm >> 6 == 3) {
		*target = regs.gpr[number];
		return true;
	}
	addr = insn_address(insn, &insn->access[0], &regs);
	return gmem_read(&vcpu->machine->mem, target, addr, sizeof(*target)) ==
	       0;
}

static uint64_t
branch(const struct insn *insn, struct kvm_regs *regs, uint64_t next,
    uint64_t target)
{
	uint64_t rcx = regs->rcx;
	const bool taken = insn_branches(insn, regs->rflags, &rcx);

	regs->rcx = rcx;
	return taken ? target : next;
}

static bool
jump(struct kvm_regs *regs, uint64_t target)
{
	regs->rip = target;
	return x86_is_canonical(target);
}

/* A call that would fault at its target has not pushed anything yet. */
static bool
call(struct vcpu *vcpu, struct kvm_regs *regs, uint64_t next, uint64_t target)
{
	if (!x86_is_canonical(target) ||
	    gmem_write(&vcpu->machine->mem, regs->rsp - sizeof(next), &next,
		sizeof(next)) < 0)
		return false;
	regs->rsp -= sizeof(next);
	return jump(regs, target);
}

static bool
make(struct vcpu *vcpu, const struct insn *insn, struct kvm_regs *regs)
{
	const uint64_t next = regs->rip + insn->length;
	uint64_t target = next;

	(void)insn_target(insn, regs->rip, &target);
	switch (insn->kind) {
	case INSN_JCC: return jump(regs, branch(insn, regs, next, target));
	case INSN_JMP: return jump(regs, target);
	case INSN_CALL: return call(vcpu, regs, next, target);
	case INSN_CALL_INDIRECT:
		return pointed_to(vcpu, insn, &target) &&
		       call(vcpu, regs, next, target);
	default: return false;
	}
}

bool
branch_make(struct vcpu *vcpu, const uint8_t *code, size_t n)
{
	const bool watched = vcpu->machine->debug.breaks.watches != 0;
	struct kvm_regs regs;
	struct insn insn;

	/* LOCK makes a branch an undefined instruction. */
	if (insn_decode(&insn, code, n) != INSN_OK ||
	    (insn.prefixes & INSN_LOCK) || (insn.accesses > 0 && watched))
		return false;
	vcpu_user_regs(vcpu, &regs);
	if ((regs.rflags & RFLAGS_TF) || !make(vcpu, &insn, &regs))
		return false;
	/* Each instruction that is made clears it. */
	regs.rflags &= ~(uint64_t)RFLAGS_RF;
	vcpu_set_user_regs(vcpu, &regs);
	return true;
}
