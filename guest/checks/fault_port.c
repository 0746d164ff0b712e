/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of an OUT to a port other than the hypercall port, or with an argument
 * of an IN with two prefixes.
 */
#include "frame.h"

#define PORT_POST 0x80 /* a PC shows its power-on self test on it */

static __attribute__((noinline)) void
write_to_port(void)
{
	KEEP_FRAME();
	__asm__ volatile("outb %%al, %0" : : "i"(PORT_POST), "a"(0));
}

static __attribute__((noinline)) void
read_from_port(void)
{
	unsigned value;

	KEEP_FRAME();
	/* addr32 in %dx, %ax */
	__asm__ volatile(".byte 0x66, 0x67, 0xed"
			 : "=a"(value)
			 : "d"(PORT_POST));
}

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		read_from_port();
	write_to_port();
	return 0;
}
