/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals and limits; each call is one hypercall.
 */
#include "runtime.h"

#include <hcall.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>

int
sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int
sigaddset(sigset_t *set, int signal)
{
	*set |= 1UL << (signal - 1);
	return 0;
}

int
sigismember(const sigset_t *set, int signal)
{
	return *set >> (signal - 1) & 1;
}

void __restore_rt(void);

/* The runtime provides the way back from the handler. */
int
sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
	struct sigaction action;

	if (new) {
		action = *new;
		action.sa_flags |= SA_RESTORER;
		action.sa_restorer = __restore_rt;
		new = &action;
	}
	return (int)guest_result(hc_rt_sigaction(
	    signal, (long)new, (long)old, sizeof(sigset_t)));
}

int
sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)guest_result(
	    hc_rt_sigprocmask(how, (long)set, (long)old, sizeof(*set)));
}

int
sigpending(sigset_t *set)
{
	return (int)guest_result(hc_rt_sigpending((long)set, sizeof(*set)));
}

int
sigsuspend(const sigset_t *mask)
{
	return (int)guest_result(hc_rt_sigsuspend((long)mask, sizeof(*mask)));
}

int
sigtimedwait(
    const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	return (int)guest_result(hc_rt_sigtimedwait(
	    (long)set, (long)info, (long)timeout, sizeof(*set)));
}

int
sigaltstack(const stack_t *new, stack_t *old)
{
	return (int)guest_result(hc_sigaltstack((long)new, (long)old));
}

int
pause(void)
{
	return (int)guest_result(hc_pause());
}

int
kill(pid_t pid, int signal)
{
	return (int)guest_result(hc_kill(pid, signal));
}

int
raise(int signal)
{
	return (int)guest_result(hc_tgkill(hc_getpid(), hc_gettid(), signal));
}

int
getrlimit(int resource, struct rlimit *limit)
{
	return (int)guest_result(hc_getrlimit(resource, (long)limit));
}

int
setrlimit(int resource, const struct rlimit *limit)
{
	return (int)guest_result(hc_setrlimit(resource, (long)limit));
}

int
getrusage(int who, struct rusage *usage)
{
	return (int)guest_result(hc_getrusage(who, (long)usage));
}

int
sysinfo(struct sysinfo *info)
{
	return (int)guest_result(hc_sysinfo((long)info));
}

int
gettimeofday(struct timeval *now, void *zone)
{
	return (int)guest_result(hc_gettimeofday((long)now, (long)zone));
}
