/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as the machine delivers them: which signal a thread gets next, and
 * its effect.  The machine enters handlers: this must not know registers, vCPUs
 * or KVM.
 *
 * A sent signal goes into the queue of its thread or of all threads.  A thread
 * that may take it gets `pending` set, and is kicked.  Before each entry into
 * the guest, a thread with `pending` calls hc_signal_next() until that is
 * false.
 */
#ifndef HC_SIGNAL_H
#define HC_SIGNAL_H

#include "hypercall/core/hypercall.h"

/* The effect of a signal that is taken. */
enum hc_signal_act {
	HC_SIGNAL_IGNORED,
	HC_SIGNAL_KILLS,
	HC_SIGNAL_HANDLED,
};

struct hc_delivery {
	enum hc_signal_act act;
	siginfo_t info;
	struct hc_sigaction action;
	hc_sigset mask; /* to be restored after the handler */
};

void hc_signals_init(struct hc_guest *guest);

/* Add a thread, with the mask of `parent` or an empty one; remove a thread. */
void hc_signals_join(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_thread *parent);
void hc_signals_leave(struct hc_guest *guest, struct hc_thread *thread);

/* Does this signal end a guest that takes it?  Async-signal-safe. */
bool hc_signal_ends(const struct hc_signals *signals, int signal);

/* Called in signal handlers: novillo received `signal`, or HC_TICK if it is 0.
 * False if the guest has no thread. */
bool hc_signal_outside(struct hc_guest *guest, int signal);

/* A debugger sends the thread a signal.  False: it has no effect, or the same
 * is pending. */
bool hc_signal_give(
    struct hc_guest *guest, struct hc_thread *thread, const siginfo_t *info);

/* Take the next signal that is neither blocked nor ignored.  False if there is
 * none; a later one sets `pending` again. */
bool hc_signal_next(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info);

/*
 * Determine the effect of delivery->info.  A signal that is `forced`, which a
 * fault raised, can be handled but not blocked or ignored.  For
 * HC_SIGNAL_HANDLED the caller enters the handler, then calls
 * hc_signal_entered().
 */
void hc_signal_judge(struct hc_guest *guest, struct hc_thread *thread,
    bool forced, struct hc_delivery *delivery);
void hc_signal_entered(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_delivery *delivery);

/* Reset the action to SIG_DFL: the handler could not be entered. */
void hc_signal_unhandle(struct hc_guest *guest, int signal);

/* Set the mask when a handler returns; restore a mask that a call replaced. */
void hc_signal_set_mask(
    struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask);
void hc_signal_unswap(struct hc_guest *guest, struct hc_thread *thread);

/* Get the stack for handlers, as a thread with the stack pointer `sp` sees it;
 * set it with Linux's checks (sigaltstack(2)): 0 or -errno. */
#define HC_MINSIGSTKSZ 2048
void hc_signal_get_stack(
    const struct hc_thread_signals *signals, stack_t *stack, uint64_t sp);
int hc_signal_set_stack(
    struct hc_thread_signals *signals, const stack_t *stack, uint64_t sp);

/* Disable the stack: a handler that wants SS_AUTODISARM is entered. */
#define HC_SS_AUTODISARM (1U << 31)
void hc_signal_disarm(struct hc_thread_signals *signals);

/* Does the signal have an effect only if it is handled? */
bool hc_signal_is_harmless(int signal);

/* Was the signal sent to novillo? */
bool hc_signal_is_outside(const siginfo_t *info);

/* Describe the origin of a signal as a clause. */
void hc_signal_describe(const siginfo_t *info, char *text, unsigned size);

#endif
