/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the guest as a process: its end, identity, thread state and
 * randomness.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/task.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>

#define GUEST_PPID 0 /* it has no parent */

int64_t
hc_do_exit(struct hc_call *call)
{
	hc_thread_ends(call);
	call->end = HC_ENDS_THREAD;
	call->status = (int)(call->exit.status & 0xff);
	return 0;
}

int64_t
hc_do_exit_group(struct hc_call *call)
{
	call->end = HC_ENDS_GUEST;
	call->status = (int)(call->exit_group.status & 0xff);
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
 * The interface of novillo, not the host's kernel: the same on every machine,
 * and recent enough for any C library.
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
	    call->guest->mem, call->uname.buf, &hc_uname, sizeof(hc_uname));
}

int64_t
hc_do_arch_prctl(struct hc_call *call)
{
	struct hc_thread *thread = call->thread;
	enum hc_base_register which = HC_FS;
	uint64_t value = call->arch_prctl.addr;
	int r;

	switch (call->arch_prctl.code) {
	case ARCH_SET_GS: which = HC_GS; /* fall through */
	case ARCH_SET_FS:
		if (value >= SPACE_END)
			return -EPERM;
		return thread->ops->set_base(thread, which, value);
	case ARCH_GET_GS: which = HC_GS; /* fall through */
	case ARCH_GET_FS:
		r = thread->ops->get_base(thread, which, &value);
		if (r < 0)
			return r;
		return gmem_write(call->guest->mem, call->arch_prctl.addr,
		    &value, sizeof(value));
	default: return -EINVAL;
	}
}

/* The guest leads a session and a group of one process. */
int64_t
hc_do_getpgrp(struct hc_call *call)
{
	(void)call;
	return HC_PID;
}

static int64_t
of_process(const struct hc_call *call, int pid, int64_t answer)
{
	return hc_is_task(call, pid) ? answer : -ESRCH;
}

int64_t
hc_do_getpgid(struct hc_call *call)
{
	return of_process(call, (int)call->getpgid.pid, HC_PID);
}

int64_t
hc_do_getsid(struct hc_call *call)
{
	return of_process(call, (int)call->getsid.pid, HC_PID);
}

/* The leader of a session can leave neither the session nor its group. */
int64_t
hc_do_setpgid(struct hc_call *call)
{
	return (int)call->setpgid.pgid < 0
		   ? -EINVAL
		   : of_process(call, (int)call->setpgid.pid, -EPERM);
}

int64_t
hc_do_setsid(struct hc_call *call)
{
	(void)call;
	return -EPERM;
}

static int64_t
set_name(struct hc_call *call)
{
	char name[HC_THREAD_NAME];
	int64_t len = gmem_string(
	    call->guest->mem, name, sizeof(name), call->prctl.arg2);

	if (len == -EFAULT)
		return -EFAULT;
	name[len < 0 ? HC_THREAD_NAME - 1 : (size_t)len] = '\0';
	memset(call->thread->name, 0, sizeof(name));
	strcpy(call->thread->name, name);
	call->thread->named = true;
	return 0;
}

/* Has the call arguments that mean nothing, if it `asks` also the first? */
static bool
has_others(const struct hc_call *call, bool asks)
{
	return (asks && call->prctl.arg2) || call->prctl.arg3 ||
	       call->prctl.arg4 || call->prctl.arg5;
}

/* The flag can only be set. */
static int64_t
set_no_new_privs(struct hc_call *call)
{
	if (call->prctl.arg2 != 1 || has_others(call, false))
		return -EINVAL;
	call->guest->no_new_privs = true;
	return 0;
}

/* Values that are kept and reported, and have no other effect: a guest has
 * neither parent nor child, and its rights do not change. */
static const struct kept {
	int set, get;
	bool pointed;  /* the value is reported through a pointer */
	bool strict;   /* arguments that mean nothing must be 0 */
	uint64_t most; /* larger ones are EINVAL */
} kept[HC_KEPT] = {
	{ PR_SET_KEEPCAPS, PR_GET_KEEPCAPS, false, false, 1 },
	{ PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, true, false, HC_SIGNALS },
	{ PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, true, false,
	    UINT64_MAX },
	{ PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, false, true, UINT64_MAX },
};

/* Rights that a guest does not have, and cannot give up. */
static const struct answered {
	int option;
	uint64_t most; /* larger arguments are EINVAL */
	int answer;
} answered[] = {
	{ PR_CAPBSET_READ, CAP_LAST_CAP, 0 },
	{ PR_CAPBSET_DROP, CAP_LAST_CAP, -EPERM },
	{ PR_GET_SECUREBITS, UINT64_MAX, 0 },
	{ PR_SET_SECUREBITS, UINT64_MAX, -EPERM },
	{ PR_GET_SECCOMP, UINT64_MAX, 0 },
};

static int64_t
answer_rights(const struct hc_call *call)
{
	size_t i;

	for (i = 0; i < sizeof(answered) / sizeof(answered[0]); i++)
		if ((int)call->prctl.option == answered[i].option &&
		    call->prctl.arg2 <= answered[i].most)
			return answered[i].answer;
	return -EINVAL;
}

static int64_t
keep_value(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	int option = (int)call->prctl.option, value;
	uint64_t arg = call->prctl.arg2;
	unsigned i;

	for (i = 0; i < HC_KEPT; i++) {
		if (option != kept[i].set && option != kept[i].get)
			continue;
		if (kept[i].strict && has_others(call, option == kept[i].get))
			return -EINVAL;
		if (option == kept[i].set && arg > kept[i].most)
			return -EINVAL;
		if (option == kept[i].set) {
			guest->kept[i] = kept[i].most == UINT64_MAX ? arg != 0
								    : (int)arg;
			return 0;
		}
		value = guest->kept[i];
		return kept[i].pointed
			   ? gmem_write(guest->mem, arg, &value, sizeof(value))
			   : value;
	}
	return answer_rights(call);
}

/* The time by which the host may delay a thread's timers: recorded, and 0 is
 * Linux's default. */
#define SLACK_DEFAULT 50000 /* ns */

int64_t
hc_do_prctl(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;

	switch ((int)call->prctl.option) {
	case PR_SET_NAME: return set_name(call);
	case PR_GET_NAME:
		return gmem_write(guest->mem, call->prctl.arg2,
		    call->thread->name, sizeof(call->thread->name));
	case PR_GET_DUMPABLE: return guest->dumpable;
	case PR_SET_DUMPABLE:
		if (call->prctl.arg2 > 1)
			return -EINVAL;
		guest->dumpable = call->prctl.arg2;
		return 0;
	case PR_SET_TIMERSLACK:
		call->thread->slack = call->prctl.arg2;
		return 0;
	case PR_GET_TIMERSLACK:
		return call->thread->slack ? (int64_t)call->thread->slack
					   : SLACK_DEFAULT;
	case PR_SET_NO_NEW_PRIVS: return set_no_new_privs(call);
	case PR_GET_NO_NEW_PRIVS:
		return has_others(call, true) ? -EINVAL : guest->no_new_privs;
	default: return keep_value(call);
	}
}

/* PER_LINUX is the only personality; ADDR_NO_RANDOMIZE is recorded, since
 * addresses are the same at each start anyway.  0xffffffff asks for the present
 * one. */
int64_t
hc_do_personality(struct hc_call *call)
{
	uint32_t wanted = (uint32_t)call->personality.persona;

	if (wanted == UINT32_MAX)
		return call->guest->persona;
	if (wanted & ~(uint32_t)ADDR_NO_RANDOMIZE)
		return -EINVAL;
	return atomic_exchange(&call->guest->persona, wanted);
}

#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif

/* The guest itself is the only process; its descriptor is that of novillo, and
 * never ready, since the guest has ended then. */
int64_t
hc_do_pidfd_open(struct hc_call *call)
{
	int pid = (int)call->pidfd_open.pid;
	unsigned flags = (unsigned)call->pidfd_open.flags;
	struct hc_file *file;
	int64_t r;

	if ((flags & ~(unsigned)PIDFD_NONBLOCK) || pid <= 0)
		return -EINVAL;
	if (pid != HC_PID)
		return -ESRCH;
	r = hc_host(SYS_pidfd_open, getpid(), flags);
	if (r < 0)
		return r;
	file = hc_file_new(&call->guest->fds, (int)r);
	if (!file)
		return -ENFILE;
	file->may = HC_MAY_FLAGS;
	file->stays = true;
	return hc_fd_install(&call->guest->fds, file, 0, true);
}
