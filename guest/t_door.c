/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the entry of `syscall`, which user code may execute: jumping to it
 * before `syscall` was ever used must not teach the VMM a wrong way back, one
 * that would leave later calls in supervisor mode.
 */
#include <hcall.h>
#include <tap.h>
#include <unistd.h>

#define DOOR 0xffffffff80003000UL /* lib/vm/monitor.h */

static unsigned
privilege(void)
{
	unsigned cs;

	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	return cs & 3;
}

/* Make a call as `syscall` would, rcx and r11 included, but by a jump. */
static long
jump_to_door(long number)
{
	register unsigned long flags __asm__("r11") = 0x202;
	long result = number;

	__asm__ volatile("lea 1f(%%rip), %%rcx\n\t"
			 "jmp *%2\n"
			 "1:"
			 : "+a"(result), "+r"(flags)
			 : "r"(DOOR)
			 : "rcx", "memory", "cc");
	return result;
}

static long
syscall_instruction(long number)
{
	long result = number;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 :
			 : "rcx", "r11", "memory", "cc");
	return result;
}

int
main(void)
{
	same(jump_to_door(HC_getpid), getpid(), "a jump to the door is a call");
	same(privilege(), 3, "which returns to user mode");
	same(syscall_instruction(HC_getpid), getpid(), "syscall is a call");
	same(privilege(), 3, "which returns to user mode");
	syscall_instruction(HC_sched_yield);
	same(privilege(), 3, "and so does the next");
	return tap_done();
}
