/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's system calls by number: a handler makes those that its row needs,
 * which the sandbox lets through.  A function of the C library might make other
 * calls.  Only lib/hypercall includes this.
 */
#ifndef HC_HOSTCALL_H
#define HC_HOSTCALL_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls of kernels newer than the headers. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* The result as the kernel gives it: -errno on error. */
#define hc_host(number, ...) hc_errno(syscall(number, __VA_ARGS__))

static inline int64_t
hc_errno(long r)
{
	return r < 0 ? -errno : r;
}

/*
 * A host call that may wait.  A kick keeps it from waiting or ends its wait:
 * then the result is -EINTR, -HC_RESTARTS if the kernel would restart the call,
 * or -HC_NOT_MADE (hypercall.h).
 */
#define hc_host_wait(thread, number, a, b, c, d, e, f)                  \
	hc_wait_in_turn(thread, number,                                 \
	    (const long[]){ (long)(a), (long)(b), (long)(c), (long)(d), \
		(long)(e), (long)(f) })

/* The same while a lock is held: threads that take turns also wait. */
#define hc_host_wait_alone(thread, number, a, b, c, d, e, f)            \
	hc_wait_call(&(thread)->kicked, number,                         \
	    (const long[]){ (long)(a), (long)(b), (long)(c), (long)(d), \
		(long)(e), (long)(f) })

int64_t
hc_wait_call(const volatile int *kicked, long number, const long arg[6]);

struct hc_thread;
int64_t
hc_wait_in_turn(struct hc_thread *thread, long number, const long arg[6]);

#endif
