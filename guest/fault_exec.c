/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of executing data, which is readable and writable.
 */
#include <stdint.h>
#include "frame.h"

static volatile uint8_t code[] = { 0xc3 /* ret */ };

static __attribute__((noinline)) void
execute_data(void)
{
	KEEP_FRAME();
	void (*function)(void) = (void (*)(void))(uintptr_t)code;

	function();
}

int
main(void)
{
	execute_data();
	return 0;
}
