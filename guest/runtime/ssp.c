/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbols of the compiler's stack protector.  Guests are built without it,
 * but some toolchains use it nevertheless: Nix's wrapper appends its flags
 * last.  With -mstack-protector-guard=global the guard is this variable; the
 * usual place, %fs:0x28, does not exist in a guest.
 */
#include <stdlib.h>
#include "runtime.h"

/* Until AT_RANDOM is known, the guard has bytes that stop string functions. */
uintptr_t __stack_chk_guard = 0x00000aff0d0a0000;

void
__stack_chk_fail(void)
{
	panic("stack smashed", __builtin_return_address(0));
}
