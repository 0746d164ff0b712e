/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers that run at once under TSan, which defers every handler until its
 * thread makes a call that TSan intercepts, or waits in one.  A kick that meets
 * a raw `syscall` would be deferred for ever: the kernel restarts the call.
 *
 * Link with -Wl,--wrap=sigaction.  A handler of SIGSTKFLT then becomes known to
 * the kernel alone.  It may be called in the midst of TSan's own code, so no
 * function of it is instrumented: tsan-ignore.txt.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SA_RESTORER 0x04000000

/* The kernel's struct, arch/x86/include/uapi/asm/signal.h. */
struct kernel_sigaction {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

int __real_sigaction(int, const struct sigaction *, struct sigaction *);
int __wrap_sigaction(int, const struct sigaction *, struct sigaction *);
void direct_return(void);

__asm__("	.text\n"
	"	.type	direct_return, @function\n"
	"direct_return:\n"
	"	mov	$15, %eax\n" /* rt_sigreturn */
	"	syscall\n"
	"	.size	direct_return, . - direct_return\n");

int
__wrap_sigaction(int signal, const struct sigaction *act, struct sigaction *old)
{
	struct kernel_sigaction direct;

	if (signal != SIGSTKFLT || !act || old)
		return __real_sigaction(signal, act, old);
	direct = (struct kernel_sigaction){
		.handler = act->sa_sigaction,
		.flags = (unsigned long)act->sa_flags | SA_RESTORER,
		.restorer = direct_return,
	};
	return (int)syscall(
	    SYS_rt_sigaction, signal, &direct, NULL, sizeof(direct.mask));
}
