/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the entry of `syscall`, which user code may execute: a jump to it
 * before the first `syscall` must not teach the VMM a wrong way back, one that
 * would leave later calls in supervisor mode.
 */
#include <hcall.h>
#include <signal.h>
#include <tap.h>
#include <unistd.h>

#define DOOR 0xffffffff80003000UL /* lib/vm/shim.h */

static unsigned
privilege(void)
{
	unsigned cs;

	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	return cs & 3;
}

/* Make a call as `syscall` would, rcx and r11 included, but by a jump. */
static long
jump_to_door(long number, long first, long second, unsigned long r11)
{
	register unsigned long flags_register __asm__("r11") = r11;
	long result = number;

	__asm__ volatile("lea 1f(%%rip), %%rcx\n\t"
			 "jmp *%2\n"
			 "1:"
			 : "+a"(result), "+r"(flags_register)
			 : "r"(DOOR), "D"(first), "S"(second)
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

/* Flags that no process has: IOPL, RF, VM, and the reserved ones. */
#define NEVER (~0x3c7fd7UL | 0x3000)
#define FIXED 0x202 /* bit 1, and IF */

static unsigned long saved_flags, flags;
static bool faulted;

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	(void)signal;
	(void)info;
	saved_flags = (unsigned long)uc->uc_gregs[REG_EFL];
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
			 "pushfq\n\tpop %0\n\t"
			 "lea 128(%%rsp), %%rsp"
			 : "=r"(flags));
}

/* If a jump to the door faults, the handler returns as a call would. */
static void
on_fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signal;
	(void)info;
	uc->uc_gregs[REG_RIP] = uc->uc_gregs[REG_RCX];
	faulted = true;
}

/* A signal delivered at the return from a call finds only flags that a process
 * can have, whatever r11 holds. */
static void
flags_from_r11(unsigned long r11, const char *name)
{
	struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO,
	};

	sigaction(SIGUSR1, &action, NULL);
	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	saved_flags = flags = 0;
	jump_to_door(HC_kill, getpid(), SIGUSR1, r11);
	if (faulted) {
		skip("a jump to the door is a fault here", "%s", name);
		return;
	}
	same(saved_flags & (FIXED | NEVER), FIXED, "%s", name);
	same(flags & FIXED, FIXED, "nor is the handler without interrupts");
}

int
main(void)
{
	same(jump_to_door(HC_getpid, 0, 0, FIXED), getpid(),
	    "a jump to the door is a call");
	same(privilege(), 3, "which returns to user mode");
	same(syscall_instruction(HC_getpid), getpid(), "syscall is a call");
	same(privilege(), 3, "which returns to user mode");
	syscall_instruction(HC_sched_yield);
	same(privilege(), 3, "and so does the next");
	flags_from_r11(0, "flags of a jump to the door are not without IF");
	flags_from_r11(NEVER, "nor have they what no process has");
	same(privilege(), 3, "and all is in user mode");
	return tap_done();
}
