/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of reading a non-canonical address: bits 63 to 47 differ (Intel SDM
 * vol. 1, 3.3.7.1).  The processor does not report the address.
 */
#include <stdint.h>
#include "frame.h"

static volatile uintptr_t address = 0x0123456789abcdef;

static __attribute__((noinline)) void
read_noncanonical(void)
{
	KEEP_FRAME();
	(void)*(volatile char *)address;
}

int
main(void)
{
	read_noncanonical();
	return 0;
}
