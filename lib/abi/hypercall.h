/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypercall gate as host and guest see it: numbers, ports, registers.
 * This file may include C headers only; assembly uses its ports.
 *
 *	out %eax, $0x10		number in eax
 *	arguments		rdi rsi rdx r10 r8 r9 (499: rcx)
 *	result			rax, signed, -errno on error
 *	preserved		every other register, flags, other memory
 *
 * The `syscall` instruction does the same; it also changes rcx and r11, as it
 * does on Linux.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

/*
 * I/O ports.  A 4-byte OUT needs four open bits of the TSS I/O bitmap (Intel
 * SDM vol. 1, 19.5.2), so the two gates share 0x10-0x14, and the trap port is
 * elsewhere: user code must not be able to reach it.
 */
#define PORT_HYPERCALL 0x10 /* user code: out %eax, $0x10 */
#define PORT_SYSCALL   0x11 /* the shim's entry for `syscall` */
#define PORT_TRAP      0x18 /* the shim's exception stubs */

/*
 * The gates in bytes (Intel SDM vol. 2): `out %eax, $PORT_HYPERCALL`, and
 * `syscall`.  Each has HYPERCALL_GATE_SIZE.
 */
#define OPCODE_OUT_EAX      0xe7 /* out %eax, $imm8 */
#define HYPERCALL_GATE      OPCODE_OUT_EAX, PORT_HYPERCALL
#define HYPERCALL_SYSCALL   0x0f, 0x05
#define HYPERCALL_GATE_SIZE 2

#ifndef __ASSEMBLER__
enum hypercall_number {
#define HYPERCALL(number, name, ...) HC_##name = number,
#include "hypercall.def"
#undef HYPERCALL
};
#endif

/* One more than the highest number: the size of a table by number. */
#define HYPERCALL_END 500

/* A set of them: a bit for each, in words of 64. */
#define HYPERCALL_WORDS ((HYPERCALL_END + 63) / 64)

#endif
