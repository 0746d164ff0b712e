/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of executing data, which is readable and writable.
 */
#include <stdint.h>
#include "frame.h"

#define RET 0xc3

static volatile uint8_t code[1];

static __attribute__((noinline)) void
execute_data(void)
{
	void (*function)(void) = (void (*)(void))(uintptr_t)code;

	KEEP_FRAME();
	code[0] = RET;
	function();
}

int
main(void)
{
	execute_data();
	return 0;
}
