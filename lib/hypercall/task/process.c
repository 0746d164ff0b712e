/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the guest as a process: its end, identity, thread state and
 * randomness.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/task.h"

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

/* novillo's groups, with which it opens files for the guest. */
int64_t
hc_do_getgroups(struct hc_call *call)
{
	int size = (int)call->getgroups.size;
	int64_t n = hc_host(SYS_getgroups, 0, NULL);
	gid_t *list;

	if (size < 0)
		return -EINVAL;
	if (n <= 0 || size == 0)
		return n;
	if (size < n)
		return -EINVAL;
	list = gmem_range(call->guest->mem, call->getgroups.list,
	    (uint64_t)n * sizeof(*list), GMEM_WRITE);
	return list ? hc_host(SYS_getgroups, n, list) : -EFAULT;
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

/* The flag can only be set. */
static int64_t
set_no_new_privs(struct hc_call *call)
{
	if (call->prctl.arg2 != 1 || call->prctl.arg3 || call->prctl.arg4 ||
	    call->prctl.arg5)
		return -EINVAL;
	call->guest->no_new_privs = true;
	return 0;
}

/* Values that are kept and reported, and have no other effect: a guest has
 * neither parent nor child, and its rights do not change. */
static const struct kept {
	int set, get;
	bool pointed;  /* the value is reported through a pointer */
	uint64_t most; /* larger ones are EINVAL */
} kept[HC_KEPT] = {
	{ PR_SET_KEEPCAPS, PR_GET_KEEPCAPS, false, 1 },
	{ PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, true, HC_SIGNALS },
	{ PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, true, UINT64_MAX },
};

static int64_t
keep_value(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	int option = (int)call->prctl.option, value;
	uint64_t arg = call->prctl.arg2;
	unsigned i;

	for (i = 0; i < HC_KEPT; i++) {
		if (option == kept[i].set && arg > kept[i].most)
			return -EINVAL;
		if (option == kept[i].set) {
			guest->kept[i] = kept[i].most == UINT64_MAX ? arg != 0
								    : (int)arg;
			return 0;
		}
		if (option != kept[i].get)
			continue;
		value = guest->kept[i];
		return kept[i].pointed
			   ? gmem_write(guest->mem, arg, &value, sizeof(value))
			   : value;
	}
	return -EINVAL;
}

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
	case PR_SET_NO_NEW_PRIVS: return set_no_new_privs(call);
	case PR_GET_NO_NEW_PRIVS:
		return call->prctl.arg2 || call->prctl.arg3 ||
			       call->prctl.arg4 || call->prctl.arg5
			   ? -EINVAL
			   : guest->no_new_privs;
	default: return keep_value(call);
	}
}

/* PER_LINUX is the only personality; 0xffffffff asks for the current one. */
int64_t
hc_do_personality(struct hc_call *call)
{
	uint32_t wanted = (uint32_t)call->personality.persona;

	return wanted == PER_LINUX || wanted == UINT32_MAX ? PER_LINUX
							   : -EINVAL;
}

/*
 * IDs are those of novillo: real, effective and saved ID are usually the same.
 * Setting an ID to the present one succeeds, to another fails; -1 leaves it.
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
	return become(SYS_geteuid, &call->setuid.uid, 1);
}

int64_t
hc_do_setgid(struct hc_call *call)
{
	return become(SYS_getegid, &call->setgid.gid, 1);
}

int64_t
hc_do_setreuid(struct hc_call *call)
{
	const struct hc_args_setreuid *a = &call->setreuid;

	return become(
	    SYS_geteuid, (const uint64_t[]){ a->real, a->effective }, 2);
}

int64_t
hc_do_setregid(struct hc_call *call)
{
	const struct hc_args_setregid *a = &call->setregid;

	return become(
	    SYS_getegid, (const uint64_t[]){ a->real, a->effective }, 2);
}

int64_t
hc_do_setresuid(struct hc_call *call)
{
	const struct hc_args_setresuid *a = &call->setresuid;

	return become(SYS_geteuid,
	    (const uint64_t[]){ a->real, a->effective, a->saved }, 3);
}

int64_t
hc_do_setresgid(struct hc_call *call)
{
	const struct hc_args_setresgid *a = &call->setresgid;

	return become(SYS_getegid,
	    (const uint64_t[]){ a->real, a->effective, a->saved }, 3);
}

int64_t
hc_do_setgroups(struct hc_call *call)
{
	(void)call;
	return -EPERM;
}
