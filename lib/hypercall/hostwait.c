/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host calls that wait, and can be told not to.  Nothing here may know why.
 *
 * Between a look at the flag and the `syscall` a kick could come and be lost.
 * So its handler looks where it came: in between it moves the thread behind the
 * `syscall`.  It is told that the call would be restarted (SA_RESTART) in the
 * same way: the kernel has put rip back on the `syscall` then, and leaves in
 * rcx what `syscall` wrote there.
 */
#include "hypercall/host.h"

#include "hypercall/hypercall.h"

#include <ucontext.h>

_Static_assert(
    HC_NOT_MADE == 513 && HC_RESTARTS == 512, "waitcall.S has them as numbers");

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
