/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of an OUT to a port that is not the hypercalls'.
 */
#include "frame.h"

#define PORT_POST 0x80 /* a PC shows its power-on self test there */

static __attribute__((noinline)) void
write_to_port(void)
{
	KEEP_FRAME();
	__asm__ volatile("outb %%al, %0" : : "i"(PORT_POST), "a"(0));
}

int
main(void)
{
	write_to_port();
	return 0;
}
