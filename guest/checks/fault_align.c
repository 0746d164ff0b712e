/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of an unaligned access, after it asked the processor to refuse one: flag
 * AC (Intel SDM vol. 3, 6.15, interrupt 17).  QEMU's TCG does not raise this
 * exception: the guest ends with 0 there.
 */
#include "frame.h"

static volatile unsigned numbers[2];
static volatile unsigned number;

static __attribute__((noinline)) void
read_unaligned(void)
{
	KEEP_FRAME();
	__asm__ volatile("pushfq\n\t"
			 "orl $0x40000, (%%rsp)\n\t"
			 "popfq\n\t"
			 "movl 1(%1), %0\n\t"
			 "pushfq\n\t"
			 "andl $~0x40000, (%%rsp)\n\t"
			 "popfq"
			 : "=r"(number)
			 : "r"(numbers)
			 : "memory", "cc");
}

int
main(void)
{
	read_unaligned();
	return 0;
}
