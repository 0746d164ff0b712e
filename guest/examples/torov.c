/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest as ToroV knows them: no process start, no runtime.  It prints by
 * hypercall 499 and ends by HLT, which is status 0.  It is built as an ELF
 * image and, by flat.lds, as a flat one.
 */
#include <hcall.h>

/* flat.lds puts this section first. */
__attribute__((section(".text.start"))) void _start(void);

void
_start(void)
{
	hc_torov_print((long)"Hello from ToroV!\n");
	for (;;)
		__asm__ volatile("hlt");
}
