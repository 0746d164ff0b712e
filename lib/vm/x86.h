/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Architectural constants of x86-64 that kernel headers do not export, each
 * with its place in the manual.  It includes no header of novillo's.
 */
#ifndef X86_H
#define X86_H

#include <stdbool.h>
#include <stdint.h>

/* Control registers, Intel SDM vol. 3, 2.5. */
#define CR0_PE         0x00000001U
#define CR0_MP         0x00000002U
#define CR0_ET         0x00000010U
#define CR0_NE         0x00000020U
#define CR0_WP         0x00010000U
#define CR0_AM         0x00040000U
#define CR0_PG         0x80000000U
#define CR4_TSD        0x00000004U
#define CR4_PAE        0x00000020U
#define CR4_PGE        0x00000080U
#define CR4_OSFXSR     0x00000200U
#define CR4_OSXMMEXCPT 0x00000400U
#define CR4_FSGSBASE   0x00010000U
#define CR4_OSXSAVE    0x00040000U

/* EFER, SDM vol. 3, 2.2.1. */
#define EFER_SCE 0x001U
#define EFER_LME 0x100U
#define EFER_LMA 0x400U
#define EFER_NXE 0x800U

/* RFLAGS, SDM vol. 1, 3.4.3. */
#define RFLAGS_FIXED 0x00002U
#define RFLAGS_TF    0x00100U
#define RFLAGS_IF    0x00200U
#define RFLAGS_DF    0x00400U
#define RFLAGS_OF    0x00800U
#define RFLAGS_IOPL  0x03000U
#define RFLAGS_RF    0x10000U

/* CF, PF, AF, ZF and SF, which LAHF and SAHF move; with OF what arithmetic and
 * comparisons write. */
#define RFLAGS_LOW    0x000d5U
#define RFLAGS_STATUS (RFLAGS_LOW | RFLAGS_OF)

/* The bits of r11 that SYSRET loads into RFLAGS, SDM vol. 2, SYSRET. */
#define RFLAGS_SYSRET 0x3c7fd7U

/* Model-specific registers, SDM vol. 4, table 2-2. */
#define MSR_STAR    0xc0000081U
#define MSR_LSTAR   0xc0000082U
#define MSR_FMASK   0xc0000084U
#define MSR_FS_BASE 0xc0000100U
#define MSR_GS_BASE 0xc0000101U

/* IA32_APIC_BASE after reset, SDM vol. 3, 11.4.4. */
#define APIC_BASE_ENABLED 0xfee00800U
#define APIC_BASE_BSP     0x00000100U

/* Error code of a page fault, SDM vol. 3, 4.7. */
#define PF_PRESENT 0x01U
#define PF_WRITE   0x02U
#define PF_USER    0x04U
#define PF_RSVD    0x08U
#define PF_FETCH   0x10U

/* In the error code of other faults: it names a gate of the IDT (SDM vol. 3,
 * 6.13). */
#define ERROR_IDT 0x02U

/* State components of XSAVE, SDM vol. 1, 13.1. */
#define XCR0_X87_SSE     0x03U
#define XCR0_X87_SSE_AVX 0x07U
#define XCR0_AVX512      0xe0U

/* Segment selectors of the shim's GDT.  SYSRET expects user data and user code
 * at 8 and 16 bytes after STAR's base (SDM vol. 2, SYSRET). */
#define SEL_KERNEL_CODE 0x10U
#define SEL_KERNEL_DATA 0x18U
#define SEL_USER_DATA   0x2bU
#define SEL_USER_CODE   0x33U
#define SEL_TSS         0x40U

#define OPCODE_INT3   0xccU
#define OPCODE_INTO   0xceU /* undefined in 64-bit mode */
#define OPCODE_INT    0xcdU
#define OPCODE_INT1   0xf1U
#define OPCODE_HLT    0xf4U
#define OPCODE_RDTSC  0x0f, 0x31
#define OPCODE_RDTSCP 0x0f, 0x01, 0xf9

/* Addresses have 48 bits, and the others equal the highest of these (SDM vol.
 * 1, 3.3.7.1). */
static inline bool
x86_is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

#endif
