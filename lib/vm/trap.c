/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions in words and as signals.  Nothing here may know how they arrived.
 */
#include "vm/trap.h"

#include "hypercall/core/names.h"
#include "image/insn.h"
#include "vm/x86.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define VECTOR_GP 13
#define VECTOR_MF 16
#define VECTOR_AC 17
#define VECTOR_XM 19

const struct trap_info *
trap_info(unsigned vector)
{
	static const struct trap_info infos[] = {
#define TRAP(vector, mnemonic, error, signal, code, text) \
	[vector] = { #mnemonic, text, signal, code },
#include "abi/traps.def"
#undef TRAP
	};

	if (vector < sizeof(infos) / sizeof(infos[0]) && infos[vector].mnemonic)
		return &infos[vector];
	return &infos[VECTOR_GP];
}

const char *
trap_signal_name(int signal)
{
	const struct hc_name *name;

	for (name = hc_names_signal; name->name[0]; name++)
		if (name->value == (uint64_t)signal)
			return name->name;
	return "a real-time signal";
}

/* Is `va` in the guard that the stack would grow into, or where its limit does
 * not let it grow? */
static bool
below_stack(const struct machine *m, uint64_t va)
{
	uint64_t page;
	uint64_t entry = pt_lookup(&m->mem.pt, va, &page);

	if (va >= m->stack_bottom)
		return va < m->guest.space.stack_floor && pte_waits(entry);
	return va >= m->stack_bottom - MACHINE_STACK_GUARD &&
	       (entry & PTE_TAKEN);
}

/* Did the guest touch a page for which there is no memory left? */
static bool
lacks_memory(const struct machine *m, const struct trap *trap)
{
	uint64_t page;

	return trap->vector == VECTOR_PF && trap->address < m->mem.size &&
	       !below_stack(m, trap->address) &&
	       pte_waits(pt_lookup(&m->mem.pt, trap->address, &page));
}

int
trap_signal(const struct machine *m, const struct trap *trap)
{
	return lacks_memory(m, trap) ? SIGBUS : trap_info(trap->vector)->signal;
}

/* SEGV_ACCERR: the place is mapped, but not for this access. */
static int
page_fault_code(const struct machine *m, const struct trap *trap)
{
	uint64_t page;

	/* The shim looks to user code like a kernel. */
	if (trap->address >= m->mem.size || below_stack(m, trap->address))
		return SEGV_MAPERR;
	if (trap->error & PF_PRESENT)
		return SEGV_ACCERR;
	if (lacks_memory(m, trap))
		return BUS_ADRERR;
	return pt_lookup(&m->mem.pt, trap->address, &page) & PTE_TAKEN
		   ? SEGV_ACCERR
		   : SEGV_MAPERR;
}

/* The floating point error, as in arch/x86/kernel/fpu/core.c: one that happened
 * and is not masked by MXCSR or the x87's control word. */
static int
float_code(const struct vcpu *vcpu)
{
	struct kvm_xsave xsave;
	uint32_t errors, mxcsr;
	uint16_t control, status;

	if (kvmcore_get_xsave(&vcpu->kvm, &xsave) < 0)
		return FPE_FLTINV;
	memcpy(&control, xsave.region, sizeof(control));
	memcpy(&status, (uint8_t *)xsave.region + 2, sizeof(status));
	mxcsr = xsave.region[6];
	errors = vcpu->flight.trap.vector == VECTOR_XM
		     ? mxcsr & ~(mxcsr >> 7)
		     : (uint32_t)status & ~(uint32_t)control;
	return errors & 0x01   ? FPE_FLTINV
	       : errors & 0x04 ? FPE_FLTDIV
	       : errors & 0x08 ? FPE_FLTOVF
	       : errors & 0x12 ? FPE_FLTUND
	       : errors & 0x20 ? FPE_FLTRES
			       : FPE_FLTINV;
}

static int
trap_code(const struct vcpu *vcpu)
{
	const struct trap *trap = &vcpu->flight.trap;

	switch (trap->vector) {
	case VECTOR_PF: return page_fault_code(vcpu->machine, trap);
	case VECTOR_MF:
	case VECTOR_XM: return float_code(vcpu);
	default: return trap_info(trap->vector)->code;
	}
}

void
trap_siginfo(const struct vcpu *vcpu, uint64_t rip, int signal, siginfo_t *info)
{
	uint64_t address = rip;

	*info = (siginfo_t){
		.si_signo = signal,
		.si_code = trap_code(vcpu),
	};
	if (vcpu->flight.trap.vector == VECTOR_PF)
		address = vcpu->flight.trap.address;
	/* For these Linux gives no address. */
	if (info->si_code != SI_KERNEL && vcpu->flight.trap.vector != VECTOR_AC)
		info->si_addr = (void *)(uintptr_t)address;
}

static const char *
page_fault_cause(const struct machine *m, const struct trap *trap)
{
	bool write = trap->error & PF_WRITE;
	bool fetch = trap->error & PF_FETCH;

	if (trap->address >= m->mem.size && (trap->error & PF_PRESENT))
		return write   ? "write to the shim's memory at"
		       : fetch ? "jump into the shim at"
			       : "read of the shim's memory at";
	if (trap->error & PF_PRESENT)
		return write   ? "write to read-only memory at"
		       : fetch ? "execution of non-executable memory at"
			       : "read of protected memory at";
	if (trap->address < PAGE_4K)
		return write   ? "write through a null pointer at"
		       : fetch ? "call of a null pointer at"
			       : "read through a null pointer at";
	if (below_stack(m, trap->address))
		return "stack overflow at";
	if (lacks_memory(m, trap))
		return "no memory is left for the page at";
	if (page_fault_code(m, trap) == SEGV_ACCERR)
		return write   ? "write to inaccessible memory at"
		       : fetch ? "jump to inaccessible memory at"
			       : "read of inaccessible memory at";
	return write   ? "write to unmapped memory at"
	       : fetch ? "jump to unmapped memory at"
		       : "read of unmapped memory at";
}

/* Zero if no instruction can be read at `rip`. */
static struct insn
instruction(const struct machine *m, uint64_t rip)
{
	uint8_t code[INSN_LENGTH_MAX];
	struct insn insn = { 0 };
	size_t n = gmem_span(&m->mem, rip, sizeof(code), GMEM_READ);

	if (gmem_read(&m->mem, code, rip, n) < 0)
		return insn;
	breaks_restore(&m->debug.breaks, rip, code, n);
	(void)insn_decode(&insn, code, n);
	return insn;
}

int
trap_int_number(const struct machine *m, uint64_t rip)
{
	const struct insn insn = instruction(m, rip);

	/* LOCK INT n is an undefined instruction. */
	return insn.kind == INSN_INT && insn.opcode == OPCODE_INT &&
		       !(insn.prefixes & INSN_LOCK)
		   ? (uint8_t)insn.imm
		   : -1;
}

/* The cause of a protection fault. */
static void
describe_protection(
    const struct machine *m, uint64_t rip, char *text, size_t size)
{
	const int n = trap_int_number(m, rip);

	if (instruction(m, rip).kind == INSN_IO)
		snprintf(text, size,
		    "use of an I/O port that is not the hypercall gate");
	else if (n >= 0)
		snprintf(text, size, "INT 0x%x, a %s, which is not supported",
		    (unsigned)n,
		    n == 0x80 ? "32-bit system call" : "software interrupt");
	else
		snprintf(text, size,
		    "privileged instruction, non-canonical"
		    " address or bad selector");
}

void
trap_describe(const struct machine *m, const struct trap *trap, uint64_t rip,
    char *text, size_t size)
{
	if (trap->vector == VECTOR_PF)
		snprintf(text, size, "%s 0x%" PRIx64, page_fault_cause(m, trap),
		    trap->address);
	else if (trap->vector == VECTOR_GP)
		describe_protection(m, rip, text, size);
	else
		snprintf(text, size, "%s", trap_info(trap->vector)->text);
}

void
trap_describe_error(const struct trap *trap, char *text, size_t size)
{
	if (trap->vector == VECTOR_PF)
		snprintf(text, size, "error 0x%" PRIx64 ": %s, %s, %s%s",
		    trap->error,
		    trap->error & PF_PRESENT ? "page present"
					     : "page not present",
		    trap->error & PF_WRITE   ? "write"
		    : trap->error & PF_FETCH ? "fetch"
					     : "read",
		    trap->error & PF_USER ? "user mode" : "supervisor mode",
		    trap->error & PF_RSVD ? ", reserved bit set" : "");
	else if (shim_has_error(trap->vector))
		snprintf(text, size, "error 0x%" PRIx64, trap->error);
	else
		text[0] = '\0';
}

bool
trap_is_bad_jump(const struct trap *trap)
{
	return trap->vector == VECTOR_PF && (trap->error & PF_FETCH);
}
