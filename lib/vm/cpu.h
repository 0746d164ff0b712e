/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor that a guest starts on.  It must not know images or hypercalls.
 */
#ifndef CPU_H
#define CPU_H

#include "vm/machine.h"

/*
 * Give the vCPU its CPUID, control registers, segments, XCR0 and MSRs, and let
 * it start in user mode at `rip` with `rsp` and every other register 0.  0, or
 * -errno with *error filled in.
 */
int cpu_init(
    struct vcpu *vcpu, uint64_t rip, uint64_t rsp, struct machine_error *error);

/*
 * Let the vCPU start in user mode with these registers instead, those of
 * another vCPU's user code.
 */
struct user_context;
void cpu_set_registers(struct vcpu *vcpu, const struct user_context *context);

/* The code and stack segments of user mode. */
void cpu_user_segments(struct kvm_sregs *sregs);

/* AT_HWCAP and AT_HWCAP2 for the CPUID that cpu_init() gave. */
void cpu_hwcap(const struct machine *m, uint64_t *hwcap, uint64_t *hwcap2);

/* eax, ebx, ecx and edx of a leaf of the guest's CPUID; unchanged if there is
 * no such leaf. */
void cpu_id(const struct machine *m, uint32_t function, uint32_t index,
    uint32_t reg[4]);

/* Read what KVM supports, for the CPUID of all vCPUs: before cpu_init().  It is
 * not for flat images.  0, or -errno with *error filled in. */
int cpu_probe(struct machine *m, struct machine_error *error);

/*
 * Before cpu_init(): let CPUID show the processor to a flat image, which needs
 * it if the image may ask, if it has more than CPU_PLAIN_ADDRESSES, or if it is
 * recorded.  Otherwise KVM has no CPUID for it, as for ToroV's guests, and
 * takes it for a processor with 36 bits of addresses.  No effect on others, nor
 * on one that has a CPUID, such as the recorded one.
 */
#define CPU_PLAIN_ADDRESSES (UINT64_C(1) << 35)
void cpu_show_plain(struct machine *m);

/*
 * Where state component `i` lies in the XSAVE area of this host (SDM vol. 1,
 * 13.4.3: it differs by processor).  False if there is no such component.
 */
bool cpu_xsave_component(
    const struct machine *m, unsigned i, uint32_t *offset, uint32_t *size);

/* The size of an XSAVE area with all components of a guest. */
uint32_t cpu_xsave_size(const struct machine *m);

/* Where such an area has the registers of SSE (SDM vol. 1, 13.4.1). */
#define CPU_XSAVE_SSE 160U

/* Make areas with the same registers equal: put zeros where the bytes do not
 * count, and for the components that are as after a reset.  The x87's words for
 * its last instruction and operand do not count either. */
void cpu_xsave_settle(const struct machine *m, void *area);

#endif
