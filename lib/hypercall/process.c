/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the guest as a process: its end, identity, thread state and
 * randomness.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"

#include <asm/prctl.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

/* A guest is the only process of its world. */
#define GUEST_PID  1
#define GUEST_PPID 0

/* User addresses are below this (AMD APM vol. 2, 5.3.1: canonical form). */
#define USER_END UINT64_C(0x7ffffffff000)

int64_t
hc_do_exit(struct hc_call *call)
{
	call->end = HC_ENDS_THREAD;
	call->status = (int)(call->arg[0] & 0xff);
	return 0;
}

int64_t
hc_do_exit_group(struct hc_call *call)
{
	call->end = HC_ENDS_GUEST;
	call->status = (int)(call->arg[0] & 0xff);
	return 0;
}

int64_t
hc_do_getpid(struct hc_call *call)
{
	(void)call;
	return GUEST_PID;
}

int64_t
hc_do_getppid(struct hc_call *call)
{
	(void)call;
	return GUEST_PPID;
}

int64_t
hc_do_gettid(struct hc_call *call)
{
	return call->thread->tid;
}

/*
 * The interface that is spoken here, not the host's: the same on every
 * machine, and recent enough for any C library.
 */
int64_t
hc_do_uname(struct hc_call *call)
{
	static const struct utsname us = {
		.sysname = "Linux",
		.nodename = "novillo",
		.release = "6.1.0-novillo",
		.version = "#1",
		.machine = "x86_64",
		.domainname = "(none)",
	};

	return gmem_write(call->guest->mem, call->arg[0], &us, sizeof(us));
}

/* The address is where a thread's end will be told; there is no other
 * thread to be told of it yet. */
int64_t
hc_do_set_tid_address(struct hc_call *call)
{
	return call->thread->tid;
}

int64_t
hc_do_arch_prctl(struct hc_call *call)
{
	struct hc_thread *thread = call->thread;
	enum hc_base_register which = HC_FS;
	uint64_t value = call->arg[1];
	int r;

	switch (call->arg[0]) {
	case ARCH_SET_GS: which = HC_GS; /* fall through */
	case ARCH_SET_FS:
		if (value >= USER_END)
			return -EPERM;
		return thread->set_base(thread, which, value);
	case ARCH_GET_GS: which = HC_GS; /* fall through */
	case ARCH_GET_FS:
		r = thread->get_base(thread, which, &value);
		if (r < 0)
			return r;
		return gmem_write(
		    call->guest->mem, call->arg[1], &value, sizeof(value));
	default: return -EINVAL;
	}
}
