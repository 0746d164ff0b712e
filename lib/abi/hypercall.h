/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypercall gate as host and guest see it: numbers, ports, registers.
 * It must not include anything but C headers; of it, assembly sees the ports.
 *
 *	out %eax, $0x10		number in eax
 *	arguments		rdi rsi rdx r10 r8 r9 (499: rcx)
 *	result			rax, signed, -errno on error
 *	preserved		every other register, flags, memory not named
 *
 * The `syscall` instruction does the same; it also changes rcx and r11, as it
 * does on Linux.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

/*
 * I/O ports.  A 4-byte OUT needs four open bits of the TSS I/O bitmap (Intel
 * SDM vol. 1, 19.5.2), so the two gates share 0x10-0x14 and the trap port
 * stands apart: user code must not be able to reach it.
 */
#define PORT_HYPERCALL 0x10 /* user code: out %eax, $0x10 */
#define PORT_SYSCALL   0x11 /* the monitor's entry for `syscall` */
#define PORT_TRAP      0x18 /* the monitor's exception stubs */

/* Bytes of `out %eax, $imm8`, and of `syscall`. */
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

#endif
