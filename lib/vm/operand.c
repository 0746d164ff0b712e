/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operands of a vCPU's next instruction.  Nothing here may know breakpoints,
 * beyond reading the code under them.
 */
#include "vm/operand.h"

#include "mem/pagetable.h"
#include "vm/context.h"

#include <errno.h>

_Static_assert(OPERAND_ACCESSES == INSN_ACCESSES, "one for each");

size_t
operand_code(const struct vcpu *vcpu, uint64_t address, uint8_t *code, size_t n)
{
	while (n > 0 && gmem_read(&vcpu->machine->mem, code, address, n) < 0)
		n--;
	breaks_restore(&vcpu->machine->debug.breaks, address, code, n);
	return n;
}

int
operand_registers(struct vcpu *vcpu, struct insn_registers *regs)
{
	struct user_context c;
	const struct kvm_regs *r = &c.regs;
	int error = vcpu_user_context(vcpu, &c);

	if (error < 0)
		return error;
	/* By the numbers that instructions give them. */
	*regs = (struct insn_registers){
		.gpr = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi,
		    r->rdi, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13,
		    r->r14, r->r15 },
		.rip = r->rip,
		.fs_base = c.fs_base,
		.gs_base = c.gs_base,
	};
	return 0;
}

int
operand_accesses(struct vcpu *vcpu, struct breaks_access *access)
{
	uint8_t code[INSN_LENGTH_MAX];
	struct insn_registers regs;
	struct insn insn;
	unsigned i;
	size_t n;
	int r = operand_registers(vcpu, &regs);

	if (r < 0)
		return r;
	n = breaks_read(
	    &vcpu->machine->debug.breaks, regs.rip, code, sizeof(code));
	if (insn_decode(&insn, code, n) != INSN_OK)
		return -EINVAL;
	for (i = 0; i < insn.accesses; i++) {
		const struct insn_access *a = &insn.access[i];

		if (a->flags & INSN_OPEN_ENDED)
			return -EINVAL;
		access[i] = (struct breaks_access){
			.addr = insn_address(&insn, a, &regs),
			.len = insn_extent(&insn, a, &regs),
			.read = a->flags & INSN_READ,
			.write = a->flags & INSN_WRITE,
		};
	}
	return (int)insn.accesses;
}

/* Where the first two pages of a range cannot be read, or 0. */
static uint64_t
missing_in(const struct gmem *mem, uint64_t addr, uint64_t len)
{
	const uint64_t next = page_down(addr) + PAGE_4K;
	uint8_t byte;

	if (len == 0)
		return 0;
	if (gmem_read(mem, &byte, addr, 1) < 0)
		return addr;
	return len > next - addr && gmem_read(mem, &byte, next, 1) < 0 ? next
								       : 0;
}

uint64_t
operand_missing(struct vcpu *vcpu)
{
	const struct gmem *mem = &vcpu->machine->mem;
	struct breaks_access access[OPERAND_ACCESSES];
	const uint64_t rip = vcpu_user_rip(vcpu);
	const int n = operand_accesses(vcpu, access);
	uint64_t at = missing_in(mem, rip, 1);
	int i;

	for (i = 0; i < n && at == 0; i++)
		at = missing_in(mem, access[i].addr, access[i].len);
	return at;
}
