/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which signal a thread gets next, and what becomes of it.  Nothing here may
 * know vCPUs or KVM, nor who asks for a signal.
 */
#include "hypercall/handlers.h"
#include "hypercall/signals.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* These two are never blocked, handled or ignored. */
#define UNBLOCKABLE HC_SIGNAL_UNBLOCKABLE

/* What does nothing unless it is handled.  Signals that stop a process are
 * among them: nobody could let it continue. */
#define HARMLESS                                              \
	(HC_SIGNAL_BIT(SIGCHLD) | HC_SIGNAL_BIT(SIGCONT) |    \
	    HC_SIGNAL_BIT(SIGURG) | HC_SIGNAL_BIT(SIGWINCH) | \
	    HC_SIGNAL_BIT(SIGSTOP) | HC_SIGNAL_BIT(SIGTSTP) | \
	    HC_SIGNAL_BIT(SIGTTIN) | HC_SIGNAL_BIT(SIGTTOU))

/* What an instruction of the thread itself raises comes before all others. */
#define SYNCHRONOUS                                          \
	(HC_SIGNAL_BIT(SIGSEGV) | HC_SIGNAL_BIT(SIGBUS) |    \
	    HC_SIGNAL_BIT(SIGILL) | HC_SIGNAL_BIT(SIGTRAP) | \
	    HC_SIGNAL_BIT(SIGFPE) | HC_SIGNAL_BIT(SIGSYS))

/* From this on each that is sent is kept; of those before, one. */
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
hc_signal_is_ignored(const struct hc_signals *signals, int signal)
{
	uint64_t handler = signals->action[signal - 1].handler;

	return handler == (uintptr_t)SIG_IGN ||
	       (handler == (uintptr_t)SIG_DFL &&
		   (HARMLESS & HC_SIGNAL_BIT(signal)));
}

bool
hc_signal_ends(const struct hc_signals *signals, int signal)
{
	return signals->action[signal - 1].handler == (uintptr_t)SIG_DFL &&
	       !hc_signal_is_ignored(signals, signal);
}

/* Places for what signals tell. */

static struct hc_queued *
place(struct hc_signals *s, uint16_t n)
{
	return &s->queued[n - 1];
}

static uint16_t
take_place(struct hc_signals *s)
{
	uint16_t n = s->unused;

	if (n)
		s->unused = place(s, n)->next;
	else if (s->used < HC_QUEUED)
		n = ++s->used;
	return n;
}

static void
free_place(struct hc_signals *s, uint16_t n)
{
	place(s, n)->next = s->unused;
	s->unused = n;
}

/* False: there is no place left. */
static bool
append(struct hc_signals *s, struct hc_sigqueue *queue, const siginfo_t *info,
    uint16_t timer)
{
	uint16_t n = take_place(s);

	if (!n)
		return false;
	*place(s, n) = (struct hc_queued){ .info = *info, .timer = timer };
	if (queue->last)
		place(s, queue->last)->next = n;
	else
		queue->first = n;
	queue->last = n;
	return true;
}

/* Take place `n` out of the list; `before` is the one before it, or 0. */
static void
unlink_place(struct hc_signals *s, struct hc_sigqueue *queue, uint16_t n,
    uint16_t before)
{
	if (before)
		place(s, before)->next = place(s, n)->next;
	else
		queue->first = place(s, n)->next;
	if (queue->last == n)
		queue->last = before;
	free_place(s, n);
}

static bool
has_more(struct hc_signals *s, const struct hc_sigqueue *queue, int signal)
{
	uint16_t n;

	for (n = queue->first; n; n = place(s, n)->next)
		if (place(s, n)->info.si_signo == signal)
			return true;
	return false;
}

/* The eldest of this signal out of the queue, and whose timer's it is.  One
 * that had no place tells nothing but its number. */
static uint16_t
take_from(struct hc_signals *s, struct hc_sigqueue *queue, int signal,
    siginfo_t *info)
{
	uint16_t n = queue->first, before = 0, timer = 0;

	*info = (siginfo_t){ .si_signo = signal, .si_code = SI_USER };
	while (n && place(s, n)->info.si_signo != signal) {
		before = n;
		n = place(s, n)->next;
	}
	if (n) {
		*info = place(s, n)->info;
		timer = place(s, n)->timer;
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

	for (n = queue->first; n; before = n, n = place(s, n)->next) {
		if (place(s, n)->timer != timer)
			continue;
		signal = place(s, n)->info.si_signo;
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
}

static void
drop(struct hc_signals *s, struct hc_sigqueue *queue, int signal)
{
	siginfo_t info;

	while (queue->set & HC_SIGNAL_BIT(signal))
		hc_timer_taken(s, take_from(s, queue, signal, &info), NULL);
}

void
hc_signal_drop(struct hc_signals *s, int signal)
{
	struct hc_thread *t;

	drop(s, &s->all, signal);
	for (t = s->threads; t; t = t->signals.next)
		drop(s, &t->signals.mine, signal);
}

static void
drop_all(struct hc_signals *s, struct hc_sigqueue *queue)
{
	int signal;

	for (signal = 1; signal <= HC_SIGNALS; signal++)
		drop(s, queue, signal);
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
	thread->signals.look = true;
	if (thread->kick)
		thread->kick(thread);
}

/* Somebody who may take one of these, the eldest first, but for one. */
static struct hc_thread *
taker(const struct hc_signals *s, hc_sigset set, const struct hc_thread *but)
{
	struct hc_thread *t;

	for (t = s->threads; t; t = t->signals.next)
		if (t != but && wants(t, set))
			return t;
	return NULL;
}

/* This thread will not take them; another may. */
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
	/* What it was told of and had no time for. */
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

/* A blocked signal is kept even if it is ignored: that may change. */
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

	if (is_lost(s, to, signal))
		return HC_SENT_NOWHERE;
	/* Each timer of timer_create's has one of its own. */
	if (signal < FIRST_QUEUED && (queue->set & bit) && timer <= HC_ITIMERS)
		return HC_SENT_NOWHERE;
	if (!append(s, queue, info, timer) && signal >= FIRST_QUEUED &&
	    info->si_code != SI_USER && info->si_code != SI_TKILL)
		return -EAGAIN;
	queue->set |= bit;
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

/* What came from outside, and of timers, goes into the queue. */
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
	return true;
}

bool
hc_signal_next(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info)
{
	bool found;

	hc_signals_lock(guest);
	do
		found = hc_signal_take(
		    guest, thread, ~thread->signals.blocked, info);
	while (found && hc_signal_is_ignored(&guest->signals, info->si_signo));
	if (!found)
		thread->signals.look = false;
	hc_signals_unlock(guest);
	return found;
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
	/* A wait that is asked for in the handler is another. */
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

/* The mask is another: what waited may come, to this thread or others. */
static void
change_mask(struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask)
{
	struct hc_signals *s = &guest->signals;
	struct hc_thread_signals *mine = &thread->signals;
	hc_sigset closed;

	mask &= ~UNBLOCKABLE;
	closed = mask & ~mine->blocked;
	mine->blocked = mask;
	if ((mine->mine.set | s->all.set) & ~mask)
		mine->look = true;
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
	/* Nothing that has come already is waited for. */
	if (mine->look)
		thread->kicked = 1;
	hc_signals_unlock(guest);
}

void
hc_signal_unswap(struct hc_guest *guest, struct hc_thread *thread)
{
	if (thread->signals.swapped)
		hc_signal_set_mask(guest, thread, thread->signals.saved);
}

void
hc_signal_describe(const siginfo_t *info, char *text, unsigned size)
{
	const char *by = "a thread of the guest sent it";

	if (info->si_code == SI_USER && info->si_pid == 0)
		by = "it was sent to novillo, or by a debugger";
	else if (info->si_code == SI_TIMER || info->si_signo == SIGALRM ||
		 info->si_signo == SIGVTALRM || info->si_signo == SIGPROF)
		by = "a timer has run out";
	else if (info->si_code == SI_KERNEL)
		by = "a signal's frame is bad, or has no place";
	snprintf(text, size, "%s", by);
}
