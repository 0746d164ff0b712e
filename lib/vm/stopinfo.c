/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of events.  Nothing here may know vCPUs.
 */
#include "vm/stopinfo.h"

/* si_code of a syscall stop with PTRACE_O_TRACESYSGOOD. */
#define SYSCALL_STOP (SIGTRAP | 0x80)

/* TRAP_HWBKPT of <signal.h>, which some C libraries lack. */
#define HARD_BREAK 4

siginfo_t
stopinfo_of(enum debug_event_kind kind, uint64_t rip)
{
	static const struct {
		int signal, code;
		bool addr;
	} rows[] = {
		[EVENT_INTERRUPT] = { SIGINT, SI_USER, false },
		[EVENT_STEP] = { SIGTRAP, TRAP_TRACE, true },
		[EVENT_BREAK] = { SIGTRAP, TRAP_BRKPT, true },
		[EVENT_HARDBREAK] = { SIGTRAP, HARD_BREAK, true },
		[EVENT_WATCH] = { SIGTRAP, HARD_BREAK, true },
		[EVENT_CALL] = { SIGTRAP, SYSCALL_STOP, false },
		[EVENT_RETURN] = { SIGTRAP, SYSCALL_STOP, false },
	};
	siginfo_t info = { 0 };

	if ((size_t)kind >= sizeof(rows) / sizeof(rows[0]))
		return info;
	info.si_signo = rows[kind].signal;
	info.si_code = rows[kind].code;
	if (rows[kind].addr)
		info.si_addr = (void *)(uintptr_t)rip;
	return info;
}
