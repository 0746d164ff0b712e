/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on signals.  Nothing here may know vCPUs or KVM, nor how a handler
 * is entered.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/names.h"
#include "hypercall/signal/send.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* The flags of Linux on x86.  Others are cleared when an action is set, by
 * which a program detects that they are unknown. */
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

/* The thread of this number; the caller always exists, even if it is not in the
 * list.  The list is locked: a thread that ends gives its place to another. */
static struct hc_thread *
thread_of(const struct hc_call *call, int tid)
{
	return tid == call->thread->tid ? call->thread
					: hc_signal_thread(call->guest, tid);
}

/* Send a signal, to thread `tid` or, if it is 0, to any.  0 or -errno. */
static int64_t
send_info(struct hc_call *call, int tid, const siginfo_t *info, const char *why)
{
	struct hc_thread *to;
	int r = -ESRCH;

	hc_signals_lock(call->guest);
	to = tid ? thread_of(call, tid) : NULL;
	if (to || !tid)
		r = hc_signal_send(call->guest, to, info, 0);
	hc_signals_unlock(call->guest);
	if (r == HC_SENT_KILLS)
		kill_guest(call, info, why);
	return r < 0 ? r : 0;
}

/* Raise a signal that Linux sends together with an error. */
static void
raise_with(struct hc_call *call, int signal, const char *why)
{
	const siginfo_t info = {
		.si_signo = signal, .si_code = SI_USER, .si_pid = HC_PID
	};

	(void)send_info(call, call->thread->tid, &info, why);
}

/* Does the call have MSG_NOSIGNAL? */
static bool
has_no_signal(const struct hc_call *call, const struct hc_row *row)
{
	unsigned i;

	for (i = 0; i < row->argc; i++)
		if (hc_args(row)[i].names == HC_NAMES_msg)
			return call->arg[i] & MSG_NOSIGNAL;
	return false;
}

/* Does the file lead to a pipe that nobody reads?  It is none of an unread
 * socket's states. */
static bool
is_unread(const struct hc_file *file)
{
	struct pollfd p = { .fd = file->host,
		.events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

	return hc_host(SYS_poll, &p, 1, 0) == 1 &&
	       (p.revents & ~POLLOUT) == POLLERR;
}

/* Did a pipe lose its reader while a write waited for room?  Linux sends the
 * signal then, although the part that was written is the result. */
static bool
lost_reader(struct hc_call *call, const struct hc_row *row, int64_t result)
{
	struct hc_file *file;
	bool lost;

	if (row->needs[0] != SYS_write || result <= 0 ||
	    (uint64_t)result >= call->write.count || call->guest->replay)
		return false;
	file = hc_fd_get(&call->guest->fds, call->write.fd);
	lost = file && is_unread(file);
	if (file)
		hc_file_put(file);
	return lost;
}

void
hc_raise_error(struct hc_call *call, const struct hc_row *row, int64_t result)
{
	if (lost_reader(call, row, result))
		raise_with(call, SIGPIPE, "wrote to a pipe that nobody reads");
	if (result == -EPIPE && (row->raises & HC_SIGPIPE) &&
	    !has_no_signal(call, row))
		raise_with(call, SIGPIPE,
		    "wrote to a pipe or socket that nobody reads");
	if (result == -EFBIG && (row->raises & HC_SIGXFSZ) &&
	    call->guest->limit[RLIMIT_FSIZE].now != RLIM_INFINITY)
		raise_with(
		    call, SIGXFSZ, "exceeded the limit on the size of a file");
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
	uint64_t signal = (uint32_t)call->rt_sigaction.signal;
	struct hc_sigaction new, old;
	int r = 0;

	if (call->rt_sigaction.size != sizeof(hc_sigset))
		return -EINVAL;
	if (call->rt_sigaction.act &&
	    gmem_read(mem, &new, call->rt_sigaction.act, sizeof(new)) < 0)
		return -EFAULT;
	if (signal < 1 || signal > HC_SIGNALS)
		return -EINVAL;
	hc_signals_lock(call->guest);
	old = call->guest->signals.action[signal - 1];
	if (call->rt_sigaction.act)
		r = set_action(call, (int)signal, &new);
	hc_signals_unlock(call->guest);
	if (r == 0 && call->rt_sigaction.old)
		r = gmem_write(mem, call->rt_sigaction.old, &old, sizeof(old));
	return r;
}

int64_t
hc_do_rt_sigprocmask(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const hc_sigset old = call->thread->signals.blocked;
	hc_sigset set, new;

	if (call->rt_sigprocmask.size != sizeof(set))
		return -EINVAL;
	if (call->rt_sigprocmask.set) {
		if (gmem_read(
			mem, &set, call->rt_sigprocmask.set, sizeof(set)) < 0)
			return -EFAULT;
		switch ((int)call->rt_sigprocmask.how) {
		case SIG_BLOCK: new = old | set; break;
		case SIG_UNBLOCK: new = old & ~set; break;
		case SIG_SETMASK: new = set; break;
		default: return -EINVAL;
		}
		hc_signal_set_mask(call->guest, call->thread, new);
	}
	return call->rt_sigprocmask.old
		   ? gmem_write(
			 mem, call->rt_sigprocmask.old, &old, sizeof(old))
		   : 0;
}

int64_t
hc_do_rt_sigpending(struct hc_call *call)
{
	const struct hc_thread_signals *mine = &call->thread->signals;
	hc_sigset set;

	if (call->rt_sigpending.size > sizeof(set))
		return -EINVAL;
	hc_signals_lock(call->guest);
	set = (mine->mine.set | call->guest->signals.all.set) & mine->blocked;
	hc_signals_unlock(call->guest);
	return gmem_write(call->guest->mem, call->rt_sigpending.set, &set,
	    call->rt_sigpending.size);
}

/* The machine, which has the registers, restores the interrupted context. */
int64_t
hc_do_rt_sigreturn(struct hc_call *call)
{
	call->end = HC_LEAVES_HANDLER;
	return 0;
}

/* Is `sp` on the stack for handlers, which then cannot be changed? */
static bool
on_signal_stack(const struct hc_thread_signals *signals, uint64_t sp)
{
	/* With HC_SS_AUTODISARM the stack is disabled while it is used. */
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
	if (call->sigaltstack.stack) {
		if (gmem_read(mem, &new, call->sigaltstack.stack, sizeof(new)) <
		    0)
			return -EFAULT;
		r = hc_signal_set_stack(signals, &new, call->sp);
	}
	if (r == 0 && call->sigaltstack.old)
		r = gmem_write(mem, call->sigaltstack.old, &old, sizeof(old));
	return r;
}

/* Signal 0 only checks that the receiver exists. */
static int64_t
send_number(struct hc_call *call, int tid, uint64_t number, int code)
{
	const uint32_t signal = (uint32_t)number;
	siginfo_t info = { .si_signo = (int)signal, .si_code = code };

	if (signal > HC_SIGNALS)
		return -EINVAL;
	if (signal == 0)
		return 0;
	info.si_pid = HC_PID;
	info.si_uid = call->guest->world.uid;
	return send_info(call, tid, &info, "sent it");
}

/* Is there such a thread?  It may end at once. */
static int64_t
find_thread(struct hc_call *call, int tid)
{
	bool found;

	if (tid <= 0)
		return -EINVAL;
	hc_signals_lock(call->guest);
	found = thread_of(call, tid);
	hc_signals_unlock(call->guest);
	return found ? 0 : -ESRCH;
}

/* As on Linux, the guest can also be named by one of its other threads. */
static bool
is_us(struct hc_call *call, int pid)
{
	return pid == HC_PID || find_thread(call, pid) == 0;
}

/* The guest itself, or its group, which has no other member.  -1 is all other
 * processes. */
int64_t
hc_do_kill(struct hc_call *call)
{
	int pid = (int)call->kill.pid;

	if (pid != 0 && !is_us(call, pid))
		return -ESRCH;
	return send_number(call, 0, call->kill.signal, SI_USER);
}

int64_t
hc_do_tkill(struct hc_call *call)
{
	const int tid = (int)call->tkill.tid;
	int64_t r = find_thread(call, tid);

	return r < 0 ? r : send_number(call, tid, call->tkill.signal, SI_TKILL);
}

int64_t
hc_do_tgkill(struct hc_call *call)
{
	const int tgid = (int)call->tgkill.tgid, tid = (int)call->tgkill.tid;
	int64_t r;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	if (tgid != HC_PID)
		return -ESRCH;
	r = find_thread(call, tid);
	return r < 0 ? r
		     : send_number(call, tid, call->tgkill.signal, SI_TKILL);
}

/* Fetch a signal with siginfo. */
static int64_t
get_info(
    const struct hc_call *call, uint64_t va, uint64_t signal, siginfo_t *info)
{
	if (gmem_read(call->guest->mem, info, va, sizeof(*info)) < 0)
		return -EFAULT;
	info->si_signo = (int)signal;
	return 0;
}

/* Only to itself may a thread send a signal that claims to come from the kernel
 * or from kill(). */
static int64_t
check_claim(const struct hc_call *call, int target, const siginfo_t *info)
{
	if (target == call->thread->tid)
		return 0;
	return info->si_code >= 0 || info->si_code == SI_TKILL ? -EPERM : 0;
}

/* Send what was fetched to a receiver that exists. */
static int64_t
send_fetched(struct hc_call *call, int tid, const siginfo_t *info)
{
	if ((uint32_t)info->si_signo > HC_SIGNALS)
		return -EINVAL;
	return info->si_signo == 0 ? 0 : send_info(call, tid, info, "sent it");
}

int64_t
hc_do_rt_sigqueueinfo(struct hc_call *call)
{
	int pid = (int)call->rt_sigqueueinfo.pid;
	siginfo_t info;
	int64_t r = get_info(call, call->rt_sigqueueinfo.info,
	    call->rt_sigqueueinfo.signal, &info);

	if (r == 0)
		r = check_claim(call, pid, &info);
	if (r < 0)
		return r;
	if (!is_us(call, pid))
		return -ESRCH;
	return send_fetched(call, 0, &info);
}

int64_t
hc_do_rt_tgsigqueueinfo(struct hc_call *call)
{
	int tgid = (int)call->rt_tgsigqueueinfo.tgid;
	int tid = (int)call->rt_tgsigqueueinfo.tid;
	siginfo_t info;
	int64_t r = get_info(call, call->rt_tgsigqueueinfo.info,
	    call->rt_tgsigqueueinfo.signal, &info);

	if (r == 0 && (tgid <= 0 || tid <= 0))
		r = -EINVAL;
	if (r == 0)
		r = check_claim(call, tid, &info);
	if (r == 0)
		r = tgid == HC_PID ? find_thread(call, tid) : -ESRCH;
	return r < 0 ? r : send_fetched(call, tid, &info);
}

/* Waiting for signals. */

/* If the mask of a call let a signal through before the call began to wait, the
 * call is interrupted by that signal, and not made again. */
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

	if (call->rt_sigsuspend.size != sizeof(mask))
		return -EINVAL;
	if (gmem_read(call->guest->mem, &mask, call->rt_sigsuspend.mask,
		sizeof(mask)) < 0)
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

bool
hc_signal_take_awaited(
    struct hc_call *call, hc_sigset set, bool waits, siginfo_t *info)
{
	bool found;

	hc_signals_lock(call->guest);
	found = hc_signal_take(call->guest, call->thread, set, info);
	call->thread->signals.awaited = !found && waits ? set : 0;
	hc_signals_unlock(call->guest);
	return found;
}

int64_t
hc_signal_wait(struct hc_call *call, hc_sigset set, const struct timespec *time,
    siginfo_t *info)
{
	struct hc_wait *wait = &call->thread->wait;
	struct timespec left;
	int64_t r;

	if (time)
		hc_wait_begin(wait, CLOCK_MONOTONIC, *time);
	if (hc_signal_take_awaited(call, set, true, info))
		return 0;
	if (time)
		left = hc_wait_left(wait);
	r = hc_host_wait(
	    call->thread, SYS_ppoll, 0, 0, time ? &left : NULL, 0, 0, 0);
	if (hc_signal_take_awaited(call, set, false, info))
		r = 0;
	else if (!hc_is_interrupted(r))
		r = -EAGAIN;
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

	if (call->rt_sigtimedwait.size != sizeof(set))
		return -EINVAL;
	if (gmem_read(mem, &set, call->rt_sigtimedwait.set, sizeof(set)) < 0)
		return -EFAULT;
	if (call->rt_sigtimedwait.timeout &&
	    gmem_read(mem, &time, call->rt_sigtimedwait.timeout, sizeof(time)) <
		0)
		return -EFAULT;
	if (call->rt_sigtimedwait.timeout && !hc_is_timespec(&time))
		return -EINVAL;
	r = hc_signal_wait(call, set & ~HC_SIGNAL_UNBLOCKABLE,
	    call->rt_sigtimedwait.timeout ? &time : NULL, &info);
	if (r < 0)
		return hc_is_interrupted(r) ? -EINTR : r;
	if (call->rt_sigtimedwait.info &&
	    gmem_write(mem, call->rt_sigtimedwait.info, &info, sizeof(info)) <
		0)
		return -EFAULT;
	return info.si_signo;
}
