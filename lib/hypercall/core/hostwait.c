/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host calls that wait until a kick.  Nothing here may know why they wait.
 *
 * A kick could arrive between the test of the flag and the `syscall`, and be
 * lost.  So the signal handler checks rip: if rip is in between, the handler
 * moves the thread past the `syscall`.  The handler recognizes a call that the
 * kernel would restart (SA_RESTART) in the same way: the kernel has moved rip
 * back to the `syscall` then, and rcx holds the value that `syscall` wrote.
 */
#include "hypercall/core/hostcall.h"

#include "hypercall/core/hypercall.h"

#include <ucontext.h>

_Static_assert(
    HC_NOT_MADE == 513 && HC_RESTARTS == 512, "waitcall.S has these numbers");

/* Labels of waitcall.S. */
extern const char hc_wait_look[] __attribute__((visibility("hidden")));
extern const char hc_wait_syscall[] __attribute__((visibility("hidden")));
extern const char hc_wait_made[] __attribute__((visibility("hidden")));
extern const char hc_wait_not_made[] __attribute__((visibility("hidden")));
extern const char hc_wait_restarts[] __attribute__((visibility("hidden")));

void
hc_host_kicked(void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uintptr_t rip = (uintptr_t)regs[REG_RIP];

	if (rip < (uintptr_t)hc_wait_look || rip >= (uintptr_t)hc_wait_made)
		return;
	if (rip == (uintptr_t)hc_wait_syscall &&
	    (uintptr_t)regs[REG_RCX] == (uintptr_t)hc_wait_made)
		regs[REG_RIP] = (greg_t)(uintptr_t)hc_wait_restarts;
	else
		regs[REG_RIP] = (greg_t)(uintptr_t)hc_wait_not_made;
}

int64_t
hc_wait_in_turn(struct hc_thread *thread, long number, const long arg[6])
{
	return thread->turns
		   ? thread->turns->wait(thread->turns, thread, number, arg)
		   : hc_wait_call(&thread->kicked, number, arg);
}
