/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions in words and signals.  Nothing here may know how they arrived.
 */
#include "vm/trap.h"

#include "vm/x86.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#define VECTOR_GP 13
#define VECTOR_PF 14

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
	static const char *const names[] = {
#define NAME(name) [name] = #name
		NAME(SIGHUP), NAME(SIGINT), NAME(SIGQUIT), NAME(SIGILL),
		NAME(SIGTRAP), NAME(SIGABRT), NAME(SIGBUS), NAME(SIGFPE),
		NAME(SIGKILL), NAME(SIGUSR1), NAME(SIGSEGV), NAME(SIGUSR2),
		NAME(SIGPIPE), NAME(SIGALRM), NAME(SIGTERM), NAME(SIGSTKFLT),
		NAME(SIGXCPU), NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF),
		NAME(SIGIO), NAME(SIGPWR), NAME(SIGSYS)
#undef NAME
	};

	/* The rest end nobody, or have only numbers. */
	if (signal > 0 && (size_t)signal < sizeof(names) / sizeof(names[0]) &&
	    names[signal])
		return names[signal];
	return "a real-time signal";
}

void
trap_siginfo(const struct vcpu *vcpu, uint64_t rip, int signal, siginfo_t *info)
{
	const struct trap_info *trap = trap_info(vcpu->trap.vector);
	uint64_t address = rip;

	*info = (siginfo_t){ .si_signo = signal, .si_code = SI_KERNEL };
	if (vcpu->faulted) {
		info->si_code = trap->code;
		if (vcpu->trap.vector == VECTOR_PF)
			address = vcpu->trap.address;
		if (trap->code == SEGV_MAPERR && (vcpu->trap.error & 1))
			info->si_code = SEGV_ACCERR;
	}
	info->si_addr = (void *)(uintptr_t)address;
}

/* In or out of the range of addresses that the stack would grow into? */
static bool
below_stack(const struct machine *m, uint64_t va)
{
	uint64_t page;
	uint64_t entry = pt_lookup(&m->mem.pt, va, &page);

	return va < m->stack_bottom && va >= m->guest.space.top &&
	       (entry & PTE_TAKEN);
}

static const char *
page_fault_cause(const struct machine *m, const struct trap *trap)
{
	bool write = trap->error & PF_WRITE;
	bool fetch = trap->error & PF_FETCH;

	if (trap->address >= m->mem.size && (trap->error & PF_PRESENT))
		return write   ? "write to the monitor's memory at"
		       : fetch ? "jump into the monitor at"
			       : "read of the monitor's memory at";
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
	return write   ? "write to unmapped memory at"
	       : fetch ? "jump to unmapped memory at"
		       : "read of unmapped memory at";
}

/* Is the instruction at `rip` an IN or OUT (AMD APM vol. 3, appendix A)? */
static bool
is_port_io(const struct machine *m, uint64_t rip)
{
	uint8_t op;

	if (gmem_read(&m->mem, &op, rip, 1) == 0 &&
	    (op == 0x66 || op == 0xf2 || op == 0xf3))
		rip++;
	if (gmem_read(&m->mem, &op, rip, 1) < 0)
		return false;
	return (op >= 0x6c && op <= 0x6f) || (op & 0xfc) == 0xe4 ||
	       (op & 0xfc) == 0xec;
}

void
trap_describe(const struct machine *m, const struct trap *trap, uint64_t rip,
    char *text, size_t size)
{
	if (trap->vector == VECTOR_PF)
		snprintf(text, size, "%s 0x%" PRIx64, page_fault_cause(m, trap),
		    trap->address);
	else if (trap->vector == VECTOR_GP && is_port_io(m, rip))
		snprintf(text, size, "use of an I/O port that is no hypercall");
	else if (trap->vector == VECTOR_GP)
		snprintf(text, size,
		    "privileged instruction, non-canonical"
		    " address or bad selector");
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
	else if (monitor_has_error(trap->vector))
		snprintf(text, size, "error 0x%" PRIx64, trap->error);
	else
		text[0] = '\0';
}

bool
trap_is_bad_jump(const struct trap *trap)
{
	return trap->vector == VECTOR_PF && (trap->error & PF_FETCH);
}
