/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of writing through a null pointer: page 0 is absent.
 */
#include <stddef.h>
#include "frame.h"

static int *volatile nowhere = NULL;

static __attribute__((noinline)) void
write_to_null(void)
{
	KEEP_FRAME();
	*nowhere = 1;
}

int
main(void)
{
	write_to_null();
	return 0;
}
