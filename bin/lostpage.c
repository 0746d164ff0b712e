/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handling SIGBUS and SIGSEGV.  Nothing here may know why a page is accessed.
 */
#include "lostpage.h"

#include "say.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

static struct machine *machine;
static struct sigaction on_segv; /* before ours */

/* Put a page of zeros in place of the lost one: the access then succeeds. */
static bool
replace_page(void *at)
{
	void *page = (void *)((uintptr_t)at & ~(uintptr_t)PAGE_4K_MASK);

	return mmap(page, PAGE_4K, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED;
}

/*
 * KVM_RUN and the host's calls return an error for a lost page, and gmem_copy()
 * recovers here.  An access of another kind goes on with zeros, so that a guest
 * that ends for it, or has ended, has its end reported as any other.  SIGSEGV
 * is a read of the time stamp counter, which a thread that runs a recorded
 * guest may lack, or a fault of our own: it strikes again, under its former
 * action.
 */
static void
on_lost_page(int signal, siginfo_t *info, void *context)
{
	static const struct sigaction standard = { .sa_handler = SIG_DFL };

	if (gmem_recover(context))
		return;
	if (info->si_code <= 0) {
		machine_signal(machine, signal, context); /* it was sent */
		return;
	}
	if (signal == SIGSEGV && kvmcore_give_counter())
		return;
	if (signal == SIGBUS && replace_page(info->si_addr)) {
		machine_lose_page(machine, info->si_addr);
		return;
	}
	(void)sigaction(signal, signal == SIGSEGV ? &on_segv : &standard, NULL);
}

int
lostpage_expect(struct machine *m)
{
	struct sigaction action = {
		.sa_sigaction = on_lost_page,
		.sa_flags = SA_SIGINFO,
	};

	machine = m;
	if (sigaction(SIGBUS, &action, NULL) == 0 &&
	    sigaction(SIGSEGV, &action, &on_segv) == 0)
		return 0;
	say("sigaction: %s", strerror(errno));
	return -1;
}
