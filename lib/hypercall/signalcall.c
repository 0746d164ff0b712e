/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on signals.  Nothing here may know vCPUs or KVM, nor how a handler
 * is entered.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/signals.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* The flags that Linux' x86 knows; others are taken out when they are set, by
 * which a program finds out. */
#define SA_KNOWN                                                               \
	(HC_SA_RESTORER |                                                      \
	    (uint64_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | \
		       SA_RESTART | SA_NODEFER) |                              \
	    (uint64_t)SA_RESETHAND)

static void
kill_guest(struct hc_call *call, const siginfo_t *info, const char *why)
{
	call->end = HC_KILLS_GUEST;
	call->status = info->si_signo;
	call->thread->signals.fatal = *info;
	call->why = why;
}

/* Send it, to a thread or to any.  0 or -errno. */
static int64_t
send_info(struct hc_call *call, struct hc_thread *to, const siginfo_t *info,
    const char *why)
{
	int r;

	hc_signals_lock(call->guest);
	r = hc_signal_send(call->guest, to, info, 0);
	hc_signals_unlock(call->guest);
	if (r == HC_SENT_KILLS)
		kill_guest(call, info, why);
	return r < 0 ? r : 0;
}

/* For an error that Linux tells by a signal, too. */
static void
raise_with(struct hc_call *call, int signal, const char *why)
{
	const siginfo_t info = {
		.si_signo = signal, .si_code = SI_USER, .si_pid = HC_PID
	};

	(void)send_info(call, call->thread, &info, why);
}

static bool
is_write(uint32_t number)
{
	switch (number) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
	case SYS_pwritev:
	case SYS_pwritev2:
	case SYS_sendfile:
	case HC_torov_print: return true;
	default: return false;
	}
}

void
hc_broken_pipe(struct hc_call *call, uint32_t number)
{
	uint64_t flags = MSG_NOSIGNAL;

	if (is_write(number))
		flags = 0;
	else if (number == SYS_sendmsg)
		flags = call->arg[2];
	else if (number == SYS_sendto || number == SYS_sendmmsg)
		flags = call->arg[3];
	if (!(flags & MSG_NOSIGNAL))
		raise_with(call, SIGPIPE, "wrote to where nobody reads");
}

void
hc_too_large(struct hc_call *call, uint32_t number)
{
	if (!call->guest->files_limited)
		return;
	if (is_write(number) || number == SYS_ftruncate ||
	    number == SYS_truncate || number == SYS_fallocate)
		raise_with(call, SIGXFSZ, "made a file too large");
}

static int
set_action(struct hc_call *call, int signal, const struct hc_sigaction *new)
{
	struct hc_signals *signals = &call->guest->signals;
	struct hc_sigaction *action = &signals->action[signal - 1];

	if (HC_SIGNAL_UNBLOCKABLE & HC_SIGNAL_BIT(signal))
		return -EINVAL;
	*action = *new;
	action->flags &= SA_KNOWN;
	action->mask &= ~HC_SIGNAL_UNBLOCKABLE;
	if (hc_signal_is_ignored(signals, signal))
		hc_signal_drop(signals, signal);
	return 0;
}

int64_t
hc_do_rt_sigaction(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	uint64_t signal = (uint32_t)call->arg[0];
	struct hc_sigaction new, old;
	int r = 0;

	if (call->arg[3] != sizeof(hc_sigset))
		return -EINVAL;
	if (call->arg[1] && gmem_read(mem, &new, call->arg[1], sizeof(new)) < 0)
		return -EFAULT;
	if (signal < 1 || signal > HC_SIGNALS)
		return -EINVAL;
	hc_signals_lock(call->guest);
	old = call->guest->signals.action[signal - 1];
	if (call->arg[1])
		r = set_action(call, (int)signal, &new);
	hc_signals_unlock(call->guest);
	if (r == 0 && call->arg[2])
		r = gmem_write(mem, call->arg[2], &old, sizeof(old));
	return r;
}

int64_t
hc_do_rt_sigprocmask(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const hc_sigset old = call->thread->signals.blocked;
	hc_sigset set, new;

	if (call->arg[3] != sizeof(set))
		return -EINVAL;
	if (call->arg[1]) {
		if (gmem_read(mem, &set, call->arg[1], sizeof(set)) < 0)
			return -EFAULT;
		switch ((int)call->arg[0]) {
		case SIG_BLOCK: new = old | set; break;
		case SIG_UNBLOCK: new = old & ~set; break;
		case SIG_SETMASK: new = set; break;
		default: return -EINVAL;
		}
		hc_signal_set_mask(call->guest, call->thread, new);
	}
	return call->arg[2] ? gmem_write(mem, call->arg[2], &old, sizeof(old))
			    : 0;
}

int64_t
hc_do_rt_sigpending(struct hc_call *call)
{
	const struct hc_thread_signals *mine = &call->thread->signals;
	hc_sigset set;

	if (call->arg[1] > sizeof(set))
		return -EINVAL;
	hc_signals_lock(call->guest);
	set = (mine->mine.set | call->guest->signals.all.set) & mine->blocked;
	hc_signals_unlock(call->guest);
	return gmem_write(call->guest->mem, call->arg[0], &set, call->arg[1]);
}

/* The registers hold what was interrupted, and those who have them restore
 * it. */
int64_t
hc_do_rt_sigreturn(struct hc_call *call)
{
	call->end = HC_LEAVES_HANDLER;
	return 0;
}

/* Is `sp` on the stack for handlers, so that it cannot be changed? */
static bool
on_signal_stack(const struct hc_thread_signals *signals, uint64_t sp)
{
	/* With HC_SS_AUTODISARM it is given up as soon as it is used. */
	return !(signals->stack_flags & HC_SS_AUTODISARM) &&
	       sp > signals->stack &&
	       sp - signals->stack <= signals->stack_size;
}

static int
stack_flags(const struct hc_thread_signals *signals, uint64_t sp)
{
	unsigned flags = signals->stack_flags;

	if (signals->stack_size == 0)
		flags |= SS_DISABLE;
	else if (on_signal_stack(signals, sp))
		flags |= SS_ONSTACK;
	return (int)flags;
}

int
hc_signal_set_stack(
    struct hc_thread_signals *signals, const stack_t *stack, uint64_t sp)
{
	unsigned flags = (unsigned)stack->ss_flags & HC_SS_AUTODISARM;
	unsigned mode = (unsigned)stack->ss_flags & ~(unsigned)HC_SS_AUTODISARM;

	if (on_signal_stack(signals, sp))
		return -EPERM;
	if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode != SS_DISABLE && stack->ss_size < HC_MINSIGSTKSZ)
		return -ENOMEM;
	signals->stack_flags = flags;
	signals->stack = mode == SS_DISABLE ? 0 : (uintptr_t)stack->ss_sp;
	signals->stack_size = mode == SS_DISABLE ? 0 : stack->ss_size;
	return 0;
}

void
hc_signal_get_stack(
    const struct hc_thread_signals *signals, stack_t *stack, uint64_t sp)
{
	memset(stack, 0, sizeof(*stack));
	stack->ss_sp = (void *)(uintptr_t)signals->stack;
	stack->ss_size = signals->stack_size;
	stack->ss_flags = stack_flags(signals, sp);
}

void
hc_signal_disarm(struct hc_thread_signals *signals)
{
	signals->stack = signals->stack_size = 0;
	signals->stack_flags = 0;
}

int64_t
hc_do_sigaltstack(struct hc_call *call)
{
	struct hc_thread_signals *signals = &call->thread->signals;
	const struct gmem *mem = call->guest->mem;
	stack_t new, old;
	int r = 0;

	hc_signal_get_stack(signals, &old, call->sp);
	if (call->arg[0]) {
		if (gmem_read(mem, &new, call->arg[0], sizeof(new)) < 0)
			return -EFAULT;
		r = hc_signal_set_stack(signals, &new, call->sp);
	}
	if (r == 0 && call->arg[1])
		r = gmem_write(mem, call->arg[1], &old, sizeof(old));
	return r;
}

/* To itself, or to its group, which is itself; -1 is everybody else. */
static bool
is_us(int pid)
{
	return pid == HC_PID || pid == 0;
}

/* Signal 0 only asks whether there is somebody. */
static int64_t
send_number(
    struct hc_call *call, struct hc_thread *to, uint64_t number, int code)
{
	const uint32_t signal = (uint32_t)number;
	siginfo_t info = { .si_signo = (int)signal, .si_code = code };

	if (signal > HC_SIGNALS)
		return -EINVAL;
	if (signal == 0)
		return 0;
	info.si_pid = HC_PID;
	info.si_uid = call->guest->world.uid;
	return send_info(call, to, &info, "sent it");
}

int64_t
hc_do_kill(struct hc_call *call)
{
	if (!is_us((int)call->arg[0]))
		return -ESRCH;
	return send_number(call, NULL, call->arg[1], SI_USER);
}

/* The caller is always there, whoever else is. */
static int64_t
find_thread(struct hc_call *call, int tid, struct hc_thread **thread)
{
	if (tid <= 0)
		return -EINVAL;
	hc_signals_lock(call->guest);
	*thread = tid == call->thread->tid ? call->thread
					   : hc_signal_thread(call->guest, tid);
	hc_signals_unlock(call->guest);
	return *thread ? 0 : -ESRCH;
}

int64_t
hc_do_tkill(struct hc_call *call)
{
	struct hc_thread *thread;
	int64_t r = find_thread(call, (int)call->arg[0], &thread);

	return r < 0 ? r : send_number(call, thread, call->arg[1], SI_TKILL);
}

int64_t
hc_do_tgkill(struct hc_call *call)
{
	int tgid = (int)call->arg[0];
	struct hc_thread *thread;
	int64_t r;

	if (tgid <= 0 || (int)call->arg[1] <= 0)
		return -EINVAL;
	if (tgid != HC_PID)
		return -ESRCH;
	r = find_thread(call, (int)call->arg[1], &thread);
	return r < 0 ? r : send_number(call, thread, call->arg[2], SI_TKILL);
}

/* A signal with what it tells, which only the kernel may say is from it. */
static int64_t
get_info(const struct hc_call *call, uint64_t va, uint64_t signal, bool own,
    siginfo_t *info)
{
	if (gmem_read(call->guest->mem, info, va, sizeof(*info)) < 0)
		return -EFAULT;
	info->si_signo = (int)signal;
	if ((uint32_t)signal > HC_SIGNALS)
		return -EINVAL;
	if (!own && (info->si_code >= 0 || info->si_code == SI_TKILL))
		return -EPERM;
	return 0;
}

int64_t
hc_do_rt_sigqueueinfo(struct hc_call *call)
{
	siginfo_t info;
	bool us = is_us((int)call->arg[0]);
	int64_t r = get_info(call, call->arg[2], call->arg[1], us, &info);

	if (r == 0 && !us)
		r = -ESRCH;
	if (r < 0 || info.si_signo == 0)
		return r;
	return send_info(call, NULL, &info, "sent it");
}

int64_t
hc_do_rt_tgsigqueueinfo(struct hc_call *call)
{
	struct hc_thread *thread = NULL;
	siginfo_t info;
	int64_t r = get_info(call, call->arg[3], call->arg[2], true, &info);

	if (r == 0 && ((int)call->arg[0] <= 0 || (int)call->arg[1] <= 0))
		r = -EINVAL;
	if (r == 0)
		r = (int)call->arg[0] == HC_PID
			? find_thread(call, (int)call->arg[1], &thread)
			: -ESRCH;
	if (r < 0 || info.si_signo == 0)
		return r;
	return send_info(call, thread, &info, "sent it");
}

/* Waiting for signals. */

/* A call that has let signals through for its time, or waits for nothing else,
 * has not missed those that came before it waited. */
int64_t
hc_end_swapped(struct hc_call *call, int64_t result)
{
	if (result == -HC_NOT_MADE && call->thread->signals.swapped)
		result = -EINTR;
	if (!hc_is_interrupted(result))
		hc_signal_unswap(call->guest, call->thread);
	return result;
}

static int64_t
wait_for_ever(struct hc_call *call)
{
	int64_t r = hc_host_wait(call->thread, SYS_ppoll, 0, 0, 0, 0, 0, 0);

	return hc_is_interrupted(r) ? -EINTR : r;
}

int64_t
hc_do_pause(struct hc_call *call)
{
	return wait_for_ever(call);
}

int64_t
hc_do_rt_sigsuspend(struct hc_call *call)
{
	hc_sigset mask;

	if (call->arg[1] != sizeof(mask))
		return -EINVAL;
	if (gmem_read(call->guest->mem, &mask, call->arg[0], sizeof(mask)) < 0)
		return -EFAULT;
	hc_signal_swap(call->guest, call->thread, mask);
	return wait_for_ever(call);
}

int64_t
hc_begin_mask(struct hc_call *call, uint64_t va, uint64_t size)
{
	hc_sigset mask;

	if (va == 0)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (gmem_read(call->guest->mem, &mask, va, sizeof(mask)) < 0)
		return -EFAULT;
	hc_signal_swap(call->guest, call->thread, mask);
	return 0;
}

/* One of `set`; if there is none yet, the thread is told of it. */
static bool
take_awaited(struct hc_call *call, hc_sigset set, bool waits, siginfo_t *info)
{
	bool found;

	hc_signals_lock(call->guest);
	found = hc_signal_take(call->guest, call->thread, set, info);
	call->thread->signals.awaited = !found && waits ? set : 0;
	hc_signals_unlock(call->guest);
	return found;
}

/* Until one comes, or the time is over: -EAGAIN. */
static int64_t
wait_awaited(struct hc_call *call, hc_sigset set, const struct timespec *time,
    siginfo_t *info)
{
	struct hc_wait *wait = &call->thread->wait;
	struct timespec left;
	int64_t r;

	if (time)
		hc_wait_begin(wait, CLOCK_MONOTONIC, *time);
	if (take_awaited(call, set, true, info))
		return 0;
	if (time)
		left = hc_wait_left(wait);
	r = hc_host_wait(
	    call->thread, SYS_ppoll, 0, 0, time ? &left : NULL, 0, 0, 0);
	if (take_awaited(call, set, false, info))
		r = 0;
	else
		r = hc_is_interrupted(r) ? -EINTR : -EAGAIN;
	return hc_wait_end(wait, r);
}

int64_t
hc_do_rt_sigtimedwait(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	struct timespec time;
	hc_sigset set;
	siginfo_t info;
	int64_t r;

	if (call->arg[3] != sizeof(set))
		return -EINVAL;
	if (gmem_read(mem, &set, call->arg[0], sizeof(set)) < 0)
		return -EFAULT;
	if (call->arg[2] &&
	    gmem_read(mem, &time, call->arg[2], sizeof(time)) < 0)
		return -EFAULT;
	if (call->arg[2] && !hc_is_timespec(&time))
		return -EINVAL;
	r = wait_awaited(call, set & ~HC_SIGNAL_UNBLOCKABLE,
	    call->arg[2] ? &time : NULL, &info);
	if (r < 0)
		return r;
	if (call->arg[1] &&
	    gmem_write(mem, call->arg[1], &info, sizeof(info)) < 0)
		return -EFAULT;
	return info.si_signo;
}
