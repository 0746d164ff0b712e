/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of writing to its own code, which is readable and executable.
 */
#include <stdint.h>
#include "frame.h"

static __attribute__((noinline)) void
write_to_text(void)
{
	volatile uint8_t *code = (volatile uint8_t *)(uintptr_t)write_to_text;

	KEEP_FRAME();
	*code = 0xcc;
}

int
main(void)
{
	write_to_text();
	return 0;
}
