/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on signals: actions, masks and stacks are kept, and a signal that
 * the guest sends itself ends it where that is what the signal does.  Nothing
 * here may know vCPUs or KVM, nor call a handler.
 */
#include "hypercall/handlers.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#define BIT(signal) (UINT64_C(1) << ((signal)-1))

/* These two are never blocked, handled or ignored. */
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))

/* What does nothing unless it is handled.  Signals that stop a process are
 * among them: nobody could let it continue. */
#define HARMLESS                                                     \
	(BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH) | \
	    BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))

/* The flags that Linux' x86 knows; others are taken out when they are set, by
 * which a program finds out.  SA_RESTORER is the C library's. */
#define SA_KNOWN                                                               \
	(UINT64_C(0x04000000) |                                                \
	    (uint64_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | \
		       SA_RESTART | SA_NODEFER) |                              \
	    (uint64_t)SA_RESETHAND)

static bool
is_ignored(const struct hc_signals *signals, int signal)
{
	uint64_t handler = signals->action[signal - 1].handler;

	return handler == (uintptr_t)SIG_IGN ||
	       (handler == (uintptr_t)SIG_DFL && (HARMLESS & BIT(signal)));
}

static void
kill_guest(struct hc_call *call, int signal, const char *why)
{
	call->end = HC_KILLS_GUEST;
	call->status = signal;
	call->why = why;
}

/* A signal arrives that is neither blocked nor ignored.  -ENOSYS: it has a
 * handler. */
static int
take(struct hc_call *call, int signal, const char *why)
{
	const struct hc_signals *signals = &call->guest->signals;

	if (signals->action[signal - 1].handler != (uintptr_t)SIG_DFL)
		return -ENOSYS;
	kill_guest(call, signal, why);
	return 0;
}

/* Blocked signals wait, as on Linux also those that would be ignored. */
static int
send_to(struct hc_call *call, int signal, hc_sigset *pending, const char *why)
{
	if (call->thread->signals.blocked & BIT(signal)) {
		*pending |= BIT(signal);
		return 0;
	}
	if (is_ignored(&call->guest->signals, signal))
		return 0;
	return take(call, signal, why);
}

/* After a change of the mask: what waited and may come.  What has a handler
 * waits on. */
static void
take_pending(struct hc_call *call)
{
	struct hc_thread_signals *mine = &call->thread->signals;
	hc_sigset *all = &call->guest->signals.pending;
	int signal;

	for (signal = 1; signal <= HC_SIGNALS; signal++) {
		if (!((mine->pending | *all) & ~mine->blocked & BIT(signal)))
			continue;
		if (!is_ignored(&call->guest->signals, signal) &&
		    take(call, signal, "let it through") < 0)
			continue;
		mine->pending &= ~BIT(signal);
		*all &= ~BIT(signal);
		if (call->end != HC_GOES_ON)
			return;
	}
}

void
hc_broken_pipe(struct hc_call *call, uint32_t number)
{
	uint64_t flags = 0;

	switch (number) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
	case SYS_pwritev:
	case SYS_pwritev2:
	case SYS_sendfile:
	case HC_torov_print: break;
	case SYS_sendmsg: flags = call->arg[2]; break;
	case SYS_sendto:
	case SYS_sendmmsg: flags = call->arg[3]; break;
	default: return;
	}
	/* With a handler, which nothing calls yet, the error is all there is.
	 */
	if (!(flags & MSG_NOSIGNAL))
		(void)send_to(call, SIGPIPE, &call->thread->signals.pending,
		    "wrote to where nobody reads");
}

static int
set_action(struct hc_call *call, int signal, const struct hc_sigaction *new)
{
	struct hc_signals *signals = &call->guest->signals;
	struct hc_sigaction *action = &signals->action[signal - 1];

	if (UNBLOCKABLE & BIT(signal))
		return -EINVAL;
	*action = *new;
	action->flags &= SA_KNOWN;
	action->mask &= ~UNBLOCKABLE;
	if (is_ignored(signals, signal)) {
		signals->pending &= ~BIT(signal);
		call->thread->signals.pending &= ~BIT(signal);
	}
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
	old = call->guest->signals.action[signal - 1];
	if (call->arg[1])
		r = set_action(call, (int)signal, &new);
	if (r == 0 && call->arg[2])
		r = gmem_write(mem, call->arg[2], &old, sizeof(old));
	return r;
}

static int
set_mask(struct hc_call *call, int how, hc_sigset set)
{
	hc_sigset *blocked = &call->thread->signals.blocked;

	set &= ~UNBLOCKABLE;
	switch (how) {
	case SIG_BLOCK: *blocked |= set; return 0;
	case SIG_UNBLOCK: *blocked &= ~set; return 0;
	case SIG_SETMASK: *blocked = set; return 0;
	default: return -EINVAL;
	}
}

int64_t
hc_do_rt_sigprocmask(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	hc_sigset old = call->thread->signals.blocked;
	hc_sigset set;
	int r = 0;

	if (call->arg[3] != sizeof(set))
		return -EINVAL;
	if (call->arg[1]) {
		if (gmem_read(mem, &set, call->arg[1], sizeof(set)) < 0)
			return -EFAULT;
		r = set_mask(call, (int)call->arg[0], set);
	}
	if (r == 0 && call->arg[2])
		r = gmem_write(mem, call->arg[2], &old, sizeof(old));
	if (r == 0)
		take_pending(call);
	return r;
}

int64_t
hc_do_rt_sigpending(struct hc_call *call)
{
	const struct hc_thread_signals *mine = &call->thread->signals;
	hc_sigset set = (mine->pending | call->guest->signals.pending) &
			mine->blocked;

	if (call->arg[1] > sizeof(set))
		return -EINVAL;
	return gmem_write(call->guest->mem, call->arg[0], &set, call->arg[1]);
}

/* The stack for handlers: Linux' checks (sigaltstack(2)). */
static int
set_stack(struct hc_thread_signals *signals, const stack_t *stack)
{
	unsigned flags = (unsigned)stack->ss_flags & SS_AUTODISARM;
	unsigned mode = (unsigned)stack->ss_flags & ~(unsigned)SS_AUTODISARM;

	if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode != SS_DISABLE && stack->ss_size < 2048)
		return -ENOMEM;
	signals->stack_flags = flags;
	signals->stack = mode == SS_DISABLE ? 0 : (uintptr_t)stack->ss_sp;
	signals->stack_size = mode == SS_DISABLE ? 0 : stack->ss_size;
	return 0;
}

int64_t
hc_do_sigaltstack(struct hc_call *call)
{
	struct hc_thread_signals *signals = &call->thread->signals;
	const struct gmem *mem = call->guest->mem;
	stack_t new, old;
	int r = 0;

	memset(&old, 0, sizeof(old));
	old.ss_sp = (void *)(uintptr_t)signals->stack;
	old.ss_size = signals->stack_size;
	old.ss_flags = (int)((signals->stack_size ? 0U : SS_DISABLE) |
			     signals->stack_flags);
	if (call->arg[0]) {
		if (gmem_read(mem, &new, call->arg[0], sizeof(new)) < 0)
			return -EFAULT;
		r = set_stack(signals, &new);
	}
	if (r == 0 && call->arg[1])
		r = gmem_write(mem, call->arg[1], &old, sizeof(old));
	return r;
}

/* Signal 0 only asks whether there is somebody. */
static int64_t
send_signal(struct hc_call *call, uint64_t number, hc_sigset *pending)
{
	uint32_t signal = (uint32_t)number;

	if (signal > HC_SIGNALS)
		return -EINVAL;
	return signal == 0 ? 0 : send_to(call, (int)signal, pending, "sent it");
}

/* To itself, or to its group, which is itself; -1 is everybody else. */
int64_t
hc_do_kill(struct hc_call *call)
{
	int pid = (int)call->arg[0];

	if (pid != HC_PID && pid != 0)
		return -ESRCH;
	return send_signal(call, call->arg[1], &call->guest->signals.pending);
}

static int64_t
send_to_thread(struct hc_call *call, int tid, uint64_t signal)
{
	if (tid <= 0)
		return -EINVAL;
	if (tid != call->thread->tid)
		return -ESRCH;
	return send_signal(call, signal, &call->thread->signals.pending);
}

int64_t
hc_do_tkill(struct hc_call *call)
{
	return send_to_thread(call, (int)call->arg[0], call->arg[1]);
}

int64_t
hc_do_tgkill(struct hc_call *call)
{
	int tgid = (int)call->arg[0];

	if (tgid <= 0)
		return -EINVAL;
	if (tgid != HC_PID)
		return (int)call->arg[1] <= 0 ? -EINVAL : -ESRCH;
	return send_to_thread(call, (int)call->arg[1], call->arg[2]);
}
