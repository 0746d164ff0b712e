/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, as hypercalls and timers send and take them.  Only lib/hypercall
 * includes this.  Unless it says otherwise, the caller has the lock.
 */
#ifndef HC_SIGNALS_H
#define HC_SIGNALS_H

#include "hypercall/hypercall.h"

/* These two are never blocked, handled or ignored. */
#define HC_SIGNAL_UNBLOCKABLE (HC_SIGNAL_BIT(SIGKILL) | HC_SIGNAL_BIT(SIGSTOP))

void hc_signals_lock(struct hc_guest *guest);
void hc_signals_unlock(struct hc_guest *guest);

bool hc_signal_is_ignored(const struct hc_signals *signals, int signal);

/* The thread with this number, or NULL. */
struct hc_thread *hc_signal_thread(const struct hc_guest *guest, int tid);

/* What became of a signal that was sent. */
enum {
	HC_SENT_NOWHERE, /* it is ignored, or waits already */
	HC_SENT_WAITS,   /* it is blocked */
	HC_SENT_COMES,   /* somebody will take it */
	HC_SENT_KILLS,   /* and the guest dies of it: the caller may end it */
};

/* Send it, to one thread or (NULL) any; `timer`: whose it is, or 0.  One of the
 * above or -EAGAIN: it must be kept, and there is no place. */
int hc_signal_send(struct hc_guest *guest, struct hc_thread *to,
    const siginfo_t *info, uint16_t timer);

/* Out of all queues: a signal, and that of a timer. */
void hc_signal_drop(struct hc_signals *signals, int signal);
void hc_signal_forget(struct hc_signals *signals, uint16_t timer);

/* One of these, if it waits for this thread or any. */
bool hc_signal_take(struct hc_guest *guest, struct hc_thread *thread,
    hc_sigset set, siginfo_t *info);

/* Without the lock: another mask, until the call that asks has ended. */
void hc_signal_swap(
    struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask);

/* The signal of a timer was taken (`info` is to be completed), or dropped. */
void
hc_timer_taken(struct hc_signals *signals, uint16_t timer, siginfo_t *info);

/* Some timer may have run out. */
void hc_timers_tick(struct hc_guest *guest);

#endif
