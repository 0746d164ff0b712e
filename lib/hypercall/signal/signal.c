/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues of signals, the signal that a thread gets next, and its effect.
 * Nothing here may know vCPUs or KVM, nor the hypercalls that send signals.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/signal/send.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Signals that have no effect unless they are handled.  They include those that
 * stop a process, because no process could continue the guest. */
#define HARMLESS                                              \
	(HC_SIGNAL_BIT(SIGCHLD) | HC_SIGNAL_BIT(SIGCONT) |    \
	    HC_SIGNAL_BIT(SIGURG) | HC_SIGNAL_BIT(SIGWINCH) | \
	    HC_SIGNAL_BIT(SIGSTOP) | HC_SIGNAL_BIT(SIGTSTP) | \
	    HC_SIGNAL_BIT(SIGTTIN) | HC_SIGNAL_BIT(SIGTTOU))

/* Signals that an instruction of the thread raises are delivered first. */
#define SYNCHRONOUS                                          \
	(HC_SIGNAL_BIT(SIGSEGV) | HC_SIGNAL_BIT(SIGBUS) |    \
	    HC_SIGNAL_BIT(SIGILL) | HC_SIGNAL_BIT(SIGTRAP) | \
	    HC_SIGNAL_BIT(SIGFPE) | HC_SIGNAL_BIT(SIGSYS))

/* From this signal on, each instance is queued; of a lower one, only one. */
#define FIRST_QUEUED 32

void
hc_signals_init(struct hc_guest *guest)
{
	pthread_mutex_init(&guest->signals.lock, NULL);
}

void
hc_signals_lock(struct hc_guest *guest)
{
	pthread_mutex_lock(&guest->signals.lock);
}

void
hc_signals_unlock(struct hc_guest *guest)
{
	pthread_mutex_unlock(&guest->signals.lock);
}

bool
hc_signal_is_harmless(int signal)
{
	return HARMLESS & HC_SIGNAL_BIT(signal);
}

bool
hc_signal_is_ignored(const struct hc_signals *signals, int signal)
{
	uint64_t handler = signals->action[signal - 1].handler;

	return handler == (uintptr_t)SIG_IGN ||
	       (handler == (uintptr_t)SIG_DFL && hc_signal_is_harmless(signal));
}

bool
hc_signal_ends(const struct hc_signals *signals, int signal)
{
	return signals->action[signal - 1].handler == (uintptr_t)SIG_DFL &&
	       !hc_signal_is_ignored(signals, signal);
}

/* Entries that hold siginfo. */

static struct hc_queued *
entry(struct hc_signals *s, uint16_t n)
{
	return &s->queued[n - 1];
}

static uint16_t
take_place(struct hc_signals *s)
{
	uint16_t n = s->unused;

	if (n)
		s->unused = entry(s, n)->next;
	else if (s->used < HC_QUEUED)
		n = ++s->used;
	return n;
}

static void
free_place(struct hc_signals *s, uint16_t n)
{
	entry(s, n)->next = s->unused;
	s->unused = n;
}

/* False if no entry is free. */
static bool
append(struct hc_signals *s, struct hc_sigqueue *queue, const siginfo_t *info,
    uint16_t timer)
{
	uint16_t n = take_place(s);

	if (!n)
		return false;
	*entry(s, n) = (struct hc_queued){ .info = *info, .timer = timer };
	if (queue->last)
		entry(s, queue->last)->next = n;
	else
		queue->first = n;
	queue->last = n;
	return true;
}

/* Remove entry `n` from the list; `before` is its predecessor, or 0. */
static void
unlink_place(struct hc_signals *s, struct hc_sigqueue *queue, uint16_t n,
    uint16_t before)
{
	if (before)
		entry(s, before)->next = entry(s, n)->next;
	else
		queue->first = entry(s, n)->next;
	if (queue->last == n)
		queue->last = before;
	free_place(s, n);
}

static bool
has_more(struct hc_signals *s, const struct hc_sigqueue *queue, int signal)
{
	uint16_t n;

	for (n = queue->first; n; n = entry(s, n)->next)
		if (entry(s, n)->info.si_signo == signal)
			return true;
	return false;
}

/* Take the oldest instance of the signal, and return its timer.  An instance
 * that got no entry has only its number. */
static uint16_t
take_from(struct hc_signals *s, struct hc_sigqueue *queue, int signal,
    siginfo_t *info)
{
	uint16_t n = queue->first, before = 0, timer = 0;

	*info = (siginfo_t){ .si_signo = signal, .si_code = SI_USER };
	while (n && entry(s, n)->info.si_signo != signal) {
		before = n;
		n = entry(s, n)->next;
	}
	if (n) {
		*info = entry(s, n)->info;
		timer = entry(s, n)->timer;
		unlink_place(s, queue, n, before);
	}
	if (!has_more(s, queue, signal))
		queue->set &= ~HC_SIGNAL_BIT(signal);
	return timer;
}

static void
forget(struct hc_signals *s, struct hc_sigqueue *queue, uint16_t timer)
{
	uint16_t n, before = 0;
	int signal;

	for (n = queue->first; n; before = n, n = entry(s, n)->next) {
		if (entry(s, n)->timer != timer)
			continue;
		signal = entry(s, n)->info.si_signo;
		unlink_place(s, queue, n, before);
		if (!has_more(s, queue, signal))
			queue->set &= ~HC_SIGNAL_BIT(signal);
		return;
	}
}

void
hc_signal_forget(struct hc_signals *s, uint16_t timer)
{
	struct hc_thread *t;

	forget(s, &s->all, timer);
	for (t = s->threads; t; t = t->signals.next)
		forget(s, &t->signals.mine, timer);
	hc_signal_show(s, 0);
}

static void
drop_signal(struct hc_signals *s, struct hc_sigqueue *queue, int signal)
{
	siginfo_t info;

	while (queue->set & HC_SIGNAL_BIT(signal))
		hc_timer_taken(s, take_from(s, queue, signal, &info), NULL);
}

void
hc_signal_drop(struct hc_signals *s, int signal)
{
	struct hc_thread *t;

	drop_signal(s, &s->all, signal);
	for (t = s->threads; t; t = t->signals.next)
		drop_signal(s, &t->signals.mine, signal);
	hc_signal_show(s, 0);
}

static void
drop_all(struct hc_signals *s, struct hc_sigqueue *queue)
{
	int signal;

	for (signal = 1; signal <= HC_SIGNALS; signal++)
		drop_signal(s, queue, signal);
}

/* Threads. */

static bool
wants(const struct hc_thread *thread, hc_sigset set)
{
	const struct hc_thread_signals *s = &thread->signals;

	return set & (~s->blocked | s->awaited);
}

static void
wake(struct hc_thread *thread)
{
	thread->signals.pending = true;
	if (thread->ops && thread->ops->kick)
		thread->ops->kick(thread);
}

void
hc_signal_rouse(struct hc_signals *s)
{
	struct hc_thread *t;

	for (t = s->threads; t; t = t->signals.next)
		if (t->signals.awaited)
			wake(t);
}

/* The oldest thread other than `but` that may take one of these. */
static struct hc_thread *
taker(const struct hc_signals *s, hc_sigset set, const struct hc_thread *but)
{
	struct hc_thread *t;

	for (t = s->threads; t; t = t->signals.next)
		if (t != but && wants(t, set))
			return t;
	return NULL;
}

/* Let other threads take these, which `but` will not take. */
static void
hand_on(struct hc_signals *s, const struct hc_thread *but, hc_sigset set)
{
	int signal;

	for (signal = 1; signal <= HC_SIGNALS; signal++) {
		hc_sigset bit = set & s->all.set & HC_SIGNAL_BIT(signal);
		struct hc_thread *t = bit ? taker(s, bit, but) : NULL;

		if (t)
			wake(t);
	}
}

void
hc_signals_join(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_thread *parent)
{
	struct hc_signals *s = &guest->signals;
	struct hc_thread **end = &s->threads;

	hc_signals_lock(guest);
	memset(&thread->signals, 0, sizeof(thread->signals));
	if (parent)
		thread->signals.blocked = parent->signals.blocked;
	while (*end)
		end = &(*end)->signals.next;
	*end = thread;
	hc_signals_unlock(guest);
}

void
hc_signals_leave(struct hc_guest *guest, struct hc_thread *thread)
{
	struct hc_signals *s = &guest->signals;
	struct hc_thread **t = &s->threads;

	hc_signals_lock(guest);
	while (*t && *t != thread)
		t = &(*t)->signals.next;
	if (*t)
		*t = thread->signals.next;
	drop_all(s, &thread->signals.mine);
	hand_on(s, thread, s->all.set);
	hc_signal_show(s, 0);
	/* Signals and ticks that the thread has not collected. */
	if ((s->outside || s->ticks) && s->threads)
		wake(s->threads);
	hc_signals_unlock(guest);
}

bool
hc_signal_outside(struct hc_guest *guest, int signal)
{
	struct hc_thread *first = guest->signals.threads;

	if (signal)
		guest->signals.outside |= HC_SIGNAL_BIT(signal);
	else
		guest->signals.ticks = true;
	if (first)
		wake(first);
	return first != NULL;
}

/* Sending. */

struct hc_thread *
hc_signal_thread(const struct hc_guest *guest, int tid)
{
	struct hc_thread *t;

	for (t = guest->signals.threads; t; t = t->signals.next)
		if (t->tid == tid)
			return t;
	return NULL;
}

/* A blocked signal is kept even if it is ignored: its action may change. */
static bool
is_lost(const struct hc_signals *s, const struct hc_thread *to, int signal)
{
	const struct hc_thread *t = to ? to : s->threads;

	return hc_signal_is_ignored(s, signal) &&
	       !(t && (t->signals.blocked & HC_SIGNAL_BIT(signal)));
}

int
hc_signal_send(struct hc_guest *guest, struct hc_thread *to,
    const siginfo_t *info, uint16_t timer)
{
	struct hc_signals *s = &guest->signals;
	struct hc_sigqueue *queue = to ? &to->signals.mine : &s->all;
	const int signal = info->si_signo;
	const hc_sigset bit = HC_SIGNAL_BIT(signal);

	/* Signals come from the recording. */
	if (guest->replay)
		return HC_SENT_WAITS;
	if (is_lost(s, to, signal))
		return HC_SENT_NOWHERE;
	/* Each timer of timer_create() has an instance of its own. */
	if (signal < FIRST_QUEUED && (queue->set & bit) && timer <= HC_ITIMERS)
		return HC_SENT_NOWHERE;
	if (!append(s, queue, info, timer) && signal >= FIRST_QUEUED &&
	    info->si_code != SI_USER && info->si_code != SI_TKILL)
		return -EAGAIN;
	queue->set |= bit;
	hc_signal_show(s, bit);
	if (!to)
		to = taker(s, bit, NULL);
	if (!to || !wants(to, bit))
		return HC_SENT_WAITS;
	wake(to);
	return hc_signal_ends(s, signal) && !s->observed &&
		       !(to->signals.awaited & bit)
		   ? HC_SENT_KILLS
		   : HC_SENT_COMES;
}

bool
hc_signal_give(
    struct hc_guest *guest, struct hc_thread *thread, const siginfo_t *info)
{
	int sent;

	hc_signals_lock(guest);
	sent = hc_signal_send(guest, thread, info, 0);
	hc_signals_unlock(guest);
	return sent >= 0 && sent != HC_SENT_NOWHERE;
}

/* Queue signals from outside, and those of timers. */
static void
collect(struct hc_guest *guest)
{
	struct hc_signals *s = &guest->signals;
	hc_sigset outside = atomic_exchange(&s->outside, 0);
	int signal;

	for (signal = 1; outside && signal <= HC_SIGNALS; signal++) {
		const siginfo_t info = {
			.si_signo = signal,
			.si_code = SI_USER,
		};

		if (outside & HC_SIGNAL_BIT(signal))
			(void)hc_signal_send(guest, NULL, &info, 0);
	}
	if (atomic_exchange(&s->ticks, false))
		hc_timers_tick(guest);
}

/* Taking. */

static int
lowest(hc_sigset set)
{
	if (set & SYNCHRONOUS)
		set &= SYNCHRONOUS;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

bool
hc_signal_take(struct hc_guest *guest, struct hc_thread *thread, hc_sigset set,
    siginfo_t *info)
{
	struct hc_signals *s = &guest->signals;
	struct hc_sigqueue *queue = &thread->signals.mine;
	int signal = lowest(queue->set & set);

	if (s->outside || s->ticks)
		collect(guest);
	if (!signal)
		signal = lowest(queue->set & set);
	if (!signal) {
		queue = &s->all;
		signal = lowest(queue->set & set);
	}
	if (!signal)
		return false;
	hc_timer_taken(s, take_from(s, queue, signal, info), info);
	hc_signal_show(s, 0);
	return true;
}

/* A thread that is recorded takes signals at an event; elsewhere only those
 * that end the guest, since its recording ends there. */
static hc_sigset
takable(const struct hc_guest *guest, const struct hc_thread *thread)
{
	const bool anywhere = !guest->recorded || thread->at_event;
	hc_sigset set = ~thread->signals.blocked;
	int signal;

	for (signal = 1; !anywhere && signal <= HC_SIGNALS; signal++)
		if (!hc_signal_ends(&guest->signals, signal))
			set &= ~HC_SIGNAL_BIT(signal);
	return set;
}

/* Is there a signal left, which the thread could take at its next event? */
static bool
has_delayed(const struct hc_guest *guest, const struct hc_thread *thread)
{
	return (thread->signals.mine.set | guest->signals.all.set) &
	       ~thread->signals.blocked;
}

/* The thread has taken all that it may.  A handler of the host does not wait
 * for the lock: what has come from there meanwhile is still to be collected. */
static void
settle_pending(const struct hc_guest *guest, struct hc_thread *thread)
{
	thread->signals.pending = has_delayed(guest, thread);
	if (guest->signals.outside || guest->signals.ticks)
		thread->signals.pending = true;
}

static bool
take_next(struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info)
{
	bool found;

	hc_signals_lock(guest);
	do
		found = hc_signal_take(
		    guest, thread, takable(guest, thread), info);
	while (found && hc_signal_is_ignored(&guest->signals, info->si_signo));
	if (!found)
		settle_pending(guest, thread);
	hc_signals_unlock(guest);
	return found;
}

bool
hc_signal_next(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info)
{
	if (!guest->replay)
		return take_next(guest, thread, info);
	thread->signals.pending = guest->took(guest, thread, info);
	return thread->signals.pending;
}

void
hc_signal_judge(struct hc_guest *guest, struct hc_thread *thread, bool forced,
    struct hc_delivery *d)
{
	const int signal = d->info.si_signo;
	struct hc_sigaction *action = &guest->signals.action[signal - 1];
	struct hc_thread_signals *mine = &thread->signals;

	hc_signals_lock(guest);
	d->action = *action;
	d->mask = mine->swapped ? mine->saved : mine->blocked;
	d->act = HC_SIGNAL_HANDLED;
	if (forced && ((mine->blocked & HC_SIGNAL_BIT(signal)) ||
			  action->handler == (uintptr_t)SIG_IGN))
		d->act = HC_SIGNAL_KILLS;
	else if (hc_signal_is_ignored(&guest->signals, signal) && !forced)
		d->act = HC_SIGNAL_IGNORED;
	else if (action->handler == (uintptr_t)SIG_DFL)
		d->act = HC_SIGNAL_KILLS;
	else if (action->flags & (uint64_t)SA_RESETHAND)
		action->handler = (uintptr_t)SIG_DFL;
	hc_signals_unlock(guest);
}

void
hc_signal_entered(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_delivery *d)
{
	struct hc_thread_signals *mine = &thread->signals;
	hc_sigset mask = mine->blocked | d->action.mask;

	if (!(d->action.flags & SA_NODEFER))
		mask |= HC_SIGNAL_BIT(d->info.si_signo);
	/* The handler's waits are not a continuation of this one. */
	thread->wait.interrupted = false;
	hc_signal_set_mask(guest, thread, mask);
}

void
hc_signal_unhandle(struct hc_guest *guest, int signal)
{
	hc_signals_lock(guest);
	guest->signals.action[signal - 1].handler = (uintptr_t)SIG_DFL;
	hc_signals_unlock(guest);
}

/* Change the mask: pending signals may be deliverable, here or elsewhere. */
static void
change_mask(struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask)
{
	struct hc_signals *s = &guest->signals;
	struct hc_thread_signals *mine = &thread->signals;
	hc_sigset closed;

	mask &= ~HC_SIGNAL_UNBLOCKABLE;
	closed = mask & ~mine->blocked;
	mine->blocked = mask;
	if ((mine->mine.set | s->all.set) & ~mask)
		mine->pending = true;
	if (s->all.set & closed)
		hand_on(s, thread, closed);
}

void
hc_signal_set_mask(
    struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask)
{
	hc_signals_lock(guest);
	thread->signals.swapped = false;
	change_mask(guest, thread, mask);
	hc_signals_unlock(guest);
}

void
hc_signal_swap(struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask)
{
	struct hc_thread_signals *mine = &thread->signals;

	hc_signals_lock(guest);
	mine->saved = mine->blocked;
	mine->swapped = true;
	change_mask(guest, thread, mask);
	/* Do not wait if a signal is pending already. */
	if (mine->pending)
		thread->kicked = 1;
	hc_signals_unlock(guest);
}

void
hc_signal_unswap(struct hc_guest *guest, struct hc_thread *thread)
{
	if (thread->signals.swapped)
		hc_signal_set_mask(guest, thread, thread->signals.saved);
}

/* SI_KERNEL is for setitimer(2) and alarm(2), and for a frame that failed. */
static bool
is_itimer(int signal)
{
	return signal == SIGALRM || signal == SIGVTALRM || signal == SIGPROF;
}

/* Processes of the guest have numbers from 1 on. */
bool
hc_signal_is_outside(const siginfo_t *info)
{
	return info->si_code == SI_USER && info->si_pid == 0;
}

void
hc_signal_describe(const siginfo_t *info, char *text, unsigned size)
{
	const char *by = "a thread of the guest sent it";

	if (hc_signal_is_outside(info))
		by = "it was sent to novillo";
	else if (info->si_code == SI_TIMER)
		by = "a timer expired";
	else if (info->si_code == SI_KERNEL && is_itimer(info->si_signo))
		by = "a timer expired";
	else if (info->si_code == SI_KERNEL)
		by = "a signal frame is invalid, or its stack is not writable";
	snprintf(text, size, "%s", by);
}
