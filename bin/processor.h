/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor that a recording and its replay run on.
 *
 * A KVM without hardware virtualization does not serve the instruction CPUID,
 * whatever KVM_SET_CPUID2 has said: it runs natively, and its leaf 1 has the
 * APIC ID of the processor that the thread is on, which C libraries store.
 * There a recording stays on one processor, and a replay runs on the same one.
 * With hardware virtualization all of CPUID is KVM's, and nothing is bound.
 *
 * Nothing here may know what a recording is.
 */
#ifndef PROCESSOR_H
#define PROCESSOR_H

#include <stdint.h>

/* Stay on the processor where this thread is now: 0 or -errno. */
int processor_stay(void);

/* Move this thread, and those that it starts, to the processor whose leaf 1 has
 * this EBX: 0, -ESRCH if there is none that may be used, or -errno. */
int processor_move(uint32_t ebx);

#endif
