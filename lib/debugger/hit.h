/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hits of breakpoints: their expressions are evaluated on the machine, by the
 * thread that has met them (vm/debug.h, debug_judge).  It must not know
 * packets.
 */
#ifndef DEBUGGER_HIT_H
#define DEBUGGER_HIT_H

#include "debugger/console.h"
#include "gdb/points.h"
#include "gdb/trace.h"
#include "vm/machine.h"

struct hits {
	struct machine *machine;
	struct points points;
	struct console console;  /* what commands print */
	pthread_mutex_t tracing; /* one thread collects at a time */
	struct trace *trace;
	_Atomic bool silent; /* no debugger reads it: do not wait for one */
	/* The guest makes again what its debugger has seen: nothing is printed
	 * nor collected. */
	_Atomic bool again;
	_Atomic bool asked; /* the debugger has asked for the last stop */
};

/* None yet: `silent` is the caller's to clear. */
void hits_init(struct hits *hits, struct machine *machine, struct trace *trace);

/* The operations that expressions may use. */
extern const struct agent_env hit_agent;

/* The registers of a vCPU, of the banks asked for: 0 or -errno.  Those of a
 * machine never change. */
int hit_read_regs(struct vcpu *vcpu, struct regs *regs, unsigned banks);
const struct regs_layout *hit_regs_layout(struct machine *m);

/* Microseconds since 1970. */
uint64_t hit_now(void);

/* For debug_set_judge(), with a struct hits as its context. */
debug_judge hit_is_stop;

/* Registers that struct regs and KVM name alike. */
/* clang-format off */
#define HIT_GENERAL_REGISTERS(R)                                      \
	R(rax) R(rbx) R(rcx) R(rdx) R(rsi) R(rdi) R(rbp) R(rsp) R(r8) \
	R(r9) R(r10) R(r11) R(r12) R(r13) R(r14) R(r15) R(rip) R(rflags)
#define HIT_SYSTEM_REGISTERS(R) \
	R(cs) R(ss) R(ds) R(es) R(fs) R(gs) R(fs_base) R(gs_base)
/* clang-format on */

#endif
