/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the guest as a process: its end, identity, thread state and
 * randomness.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <asm/prctl.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>

#define GUEST_PPID 0 /* it has no parent */

int64_t
hc_do_exit(struct hc_call *call)
{
	hc_thread_ends(call);
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
	return HC_PID;
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
const struct utsname hc_uname = {
	.sysname = "Linux",
	.nodename = "novillo",
	.release = "6.1.0-novillo",
	.version = "#1",
	.machine = "x86_64",
	.domainname = "(none)",
};

int64_t
hc_do_uname(struct hc_call *call)
{
	return gmem_write(
	    call->guest->mem, call->arg[0], &hc_uname, sizeof(hc_uname));
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
		if (value >= SPACE_END)
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

/* A session and a group of one, led by the guest. */
int64_t
hc_do_getpgrp(struct hc_call *call)
{
	(void)call;
	return HC_PID;
}

static int64_t
of_process(const struct hc_call *call, int64_t answer)
{
	int pid = (int)call->arg[0];

	return pid == 0 || pid == HC_PID ? answer : -ESRCH;
}

int64_t
hc_do_getpgid(struct hc_call *call)
{
	return of_process(call, HC_PID);
}

int64_t
hc_do_getsid(struct hc_call *call)
{
	return of_process(call, HC_PID);
}

/* Who leads a session can leave neither it nor its group. */
int64_t
hc_do_setpgid(struct hc_call *call)
{
	return (int)call->arg[1] < 0 ? -EINVAL : of_process(call, -EPERM);
}

int64_t
hc_do_setsid(struct hc_call *call)
{
	(void)call;
	return -EPERM;
}

/* Novillo's groups: what it opens for the guest, it opens with these. */
int64_t
hc_do_getgroups(struct hc_call *call)
{
	int size = (int)call->arg[0];
	int64_t n = hc_host(SYS_getgroups, 0, NULL);
	gid_t *list;

	if (size < 0)
		return -EINVAL;
	if (n <= 0 || size == 0)
		return n;
	if (size < n)
		return -EINVAL;
	list = gmem_range(call->guest->mem, call->arg[1],
	    (uint64_t)n * sizeof(*list), GMEM_WRITE);
	return list ? hc_host(SYS_getgroups, n, list) : -EFAULT;
}

static int64_t
set_name(struct hc_call *call)
{
	char name[HC_THREAD_NAME];
	int64_t len = gmem_string(
	    call->guest->mem, name, sizeof(name), call->arg[1]);

	if (len == -EFAULT)
		return -EFAULT;
	name[len < 0 ? HC_THREAD_NAME - 1 : (size_t)len] = '\0';
	memset(call->thread->name, 0, sizeof(name));
	strcpy(call->thread->name, name);
	call->thread->named = true;
	return 0;
}

/* A switch that can only be put on. */
static int64_t
set_no_new_privs(struct hc_call *call)
{
	if (call->arg[1] != 1 || call->arg[2] || call->arg[3] || call->arg[4])
		return -EINVAL;
	call->guest->no_new_privs = true;
	return 0;
}

int64_t
hc_do_prctl(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;

	switch ((int)call->arg[0]) {
	case PR_SET_NAME: return set_name(call);
	case PR_GET_NAME:
		return gmem_write(guest->mem, call->arg[1], call->thread->name,
		    sizeof(call->thread->name));
	case PR_GET_DUMPABLE: return guest->dumpable;
	case PR_SET_DUMPABLE:
		if (call->arg[1] > 1)
			return -EINVAL;
		guest->dumpable = call->arg[1];
		return 0;
	case PR_SET_NO_NEW_PRIVS: return set_no_new_privs(call);
	case PR_GET_NO_NEW_PRIVS:
		return call->arg[1] || call->arg[2] || call->arg[3] ||
			       call->arg[4]
			   ? -EINVAL
			   : guest->no_new_privs;
	default: return -EINVAL;
	}
}

/* What asks for how a program is run, and for no other way: 0xffffffff only
 * looks. */
int64_t
hc_do_personality(struct hc_call *call)
{
	uint32_t wanted = (uint32_t)call->arg[0];

	return wanted == PER_LINUX || wanted == UINT32_MAX ? PER_LINUX
							   : -EINVAL;
}

/*
 * Identities are those of novillo, all three the same in the usual case: to
 * become who one is succeeds, and who one is not is refused.  -1 is whoever it
 * is already.
 */
static int64_t
become(long who, const uint64_t *ids, unsigned n)
{
	const int64_t self = hc_errno(syscall(who));
	unsigned i;

	for (i = 0; i < n; i++)
		if ((uint32_t)ids[i] != UINT32_MAX &&
		    (int64_t)(uint32_t)ids[i] != self)
			return -EPERM;
	return 0;
}

int64_t
hc_do_setuid(struct hc_call *call)
{
	return become(SYS_geteuid, call->arg, 1);
}

int64_t
hc_do_setgid(struct hc_call *call)
{
	return become(SYS_getegid, call->arg, 1);
}

int64_t
hc_do_setreuid(struct hc_call *call)
{
	return become(SYS_geteuid, call->arg, 2);
}

int64_t
hc_do_setregid(struct hc_call *call)
{
	return become(SYS_getegid, call->arg, 2);
}

int64_t
hc_do_setresuid(struct hc_call *call)
{
	return become(SYS_geteuid, call->arg, 3);
}

int64_t
hc_do_setresgid(struct hc_call *call)
{
	return become(SYS_getegid, call->arg, 3);
}

int64_t
hc_do_setgroups(struct hc_call *call)
{
	(void)call;
	return -EPERM;
}
