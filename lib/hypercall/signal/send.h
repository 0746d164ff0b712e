/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending and taking signals, for hypercalls and timers.  Only lib/hypercall
 * includes this.  The caller has the lock unless a function says otherwise.
 */
#ifndef HC_SEND_H
#define HC_SEND_H

#include "hypercall/signal/signal.h"

/* SIGKILL and SIGSTOP cannot be blocked, handled or ignored. */
#define HC_SIGNAL_UNBLOCKABLE (HC_SIGNAL_BIT(SIGKILL) | HC_SIGNAL_BIT(SIGSTOP))

void hc_signals_lock(struct hc_guest *guest);
void hc_signals_unlock(struct hc_guest *guest);

bool hc_signal_is_ignored(const struct hc_signals *signals, int signal);

/* The thread with this number, or NULL. */
struct hc_thread *hc_signal_thread(const struct hc_guest *guest, int tid);

/* The result of sending a signal. */
enum {
	HC_SENT_NOWHERE, /* it is ignored, or pending already */
	HC_SENT_WAITS,   /* it is blocked */
	HC_SENT_COMES,   /* a thread will take it */
	HC_SENT_KILLS,   /* a thread will, and it kills the guest: the caller
			  * may end the guest at once */
};

/* Send a signal to one thread or (NULL) any; `timer` is the timer that sends
 * it, or 0.  One of the above, or -EAGAIN if its siginfo must be kept and the
 * queue is full. */
int hc_signal_send(struct hc_guest *guest, struct hc_thread *to,
    const siginfo_t *info, uint16_t timer);

/* Remove from all queues a signal; the signal of a timer. */
void hc_signal_drop(struct hc_signals *signals, int signal);
void hc_signal_forget(struct hc_signals *signals, uint16_t timer);

/* Take one of `set` that is pending for this thread or any; false if none
 * is. */
bool hc_signal_take(struct hc_guest *guest, struct hc_thread *thread,
    hc_sigset set, siginfo_t *info);

/* Without the lock: replace the mask until the current call ends. */
void hc_signal_swap(
    struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask);

/* Files that signals are read from say whether there are any; those that wait
 * for one of `sent`, which were sent right now, are woken in any case. */
void hc_signal_show(struct hc_signals *signals, hc_sigset sent);

/* Let threads that await signals look again. */
void hc_signal_rouse(struct hc_signals *signals);

/* The signal of a timer was taken, and `info` is completed; or was dropped, and
 * `info` is NULL. */
void
hc_timer_taken(struct hc_signals *signals, uint16_t timer, siginfo_t *info);

/* Send the signals of timers that have expired. */
void hc_timers_tick(struct hc_guest *guest);

/* Without the lock: take one of `set`.  If none is pending, and the call
 * `waits`, a signal of `set` wakes the thread. */
bool hc_signal_take_awaited(
    struct hc_call *call, hc_sigset set, bool waits, siginfo_t *info);

/* Without the lock: wait for a signal of `set`: 0; -EAGAIN after `time`, unless
 * that is NULL; or the result of an interrupted call. */
int64_t hc_signal_wait(struct hc_call *call, hc_sigset set,
    const struct timespec *time, siginfo_t *info);

/* Raise the signal that goes with the error `result` of a call, or with a write
 * that was cut short, if its row has one.  Without the lock, as the functions
 * below. */
void
hc_raise_error(struct hc_call *call, const struct hc_row *row, int64_t result);

/*
 * Replace the signal mask by that of `size` bytes at `va`, unless `va` is 0,
 * until the call ends: 0 or -errno.  End that with the result of the call,
 * which may change.
 */
#define HC_SIGSET 8U /* bytes of Linux's sigset_t */
int64_t hc_begin_mask(struct hc_call *call, uint64_t va, uint64_t size);
int64_t hc_end_swapped(struct hc_call *call, int64_t result);

#endif
