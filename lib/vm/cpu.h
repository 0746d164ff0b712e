/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor a guest starts on.  It must not know images or hypercalls.
 */
#ifndef CPU_H
#define CPU_H

#include "vm/machine.h"

/*
 * Give the vCPU its CPUID, control registers, segments, XCR0 and MSRs, and let
 * it start in user mode at `rip` with `rsp` and every other register 0.
 */
int cpu_init(
    struct vcpu *vcpu, uint64_t rip, uint64_t rsp, struct machine_error *error);

/*
 * Let it start in user mode with these registers instead: those of another
 * vCPU's user code.
 */
struct user_context;
void cpu_set_registers(struct vcpu *vcpu, const struct user_context *context);

/* The code and stack segments of user mode. */
void cpu_user_segments(struct kvm_sregs *sregs);

/* AT_HWCAP and AT_HWCAP2 for the CPUID that cpu_init() gave. */
void cpu_hwcap(const struct machine *m, uint64_t *hwcap, uint64_t *hwcap2);

/* What CPUID says there: eax, ebx, ecx and edx, untouched where it has none. */
void cpu_id(uint32_t function, uint32_t index, uint32_t reg[4]);

/* Fetch what CPUID may say; cpu_init() needs it done once. */
int cpu_probe(struct machine *m, struct machine_error *error);

/*
 * Where state component `i` lies in the XSAVE area of this host (SDM vol. 1,
 * 13.4.3: it differs by processor).  False if there is no such component.
 */
bool cpu_xsave_component(unsigned i, uint32_t *offset, uint32_t *size);

/* The size of an XSAVE area with all components of a guest. */
uint32_t cpu_xsave_size(const struct machine *m);

#endif
