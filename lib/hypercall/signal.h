/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as the VMM keeps them: actions, masks, what is pending, and which
 * signal a thread gets next.  How a handler is entered is the machine's
 * business: it must not know registers, vCPUs or KVM.
 *
 * A signal goes into a queue, of its thread or of all threads; a thread that
 * may take it is told (`look`) and kicked.  Before each entry into the guest a
 * thread that was told asks hc_signal_next(), until there is none.
 */
#ifndef HC_SIGNAL_H
#define HC_SIGNAL_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define HC_SIGNALS 64

/* So many signals can wait with what they tell, in all queues together. */
#define HC_QUEUED 1024

struct hc_guest;
struct hc_thread;

/* A set of signals: bit n - 1 is signal n.  So is the kernel's sigset_t. */
typedef uint64_t hc_sigset;

/* SYS_SECCOMP of <signal.h>, which not every C library has: a call that was not
 * allowed. */
#define HC_SYS_SECCOMP 1

#define HC_SIGNAL_BIT(signal) (UINT64_C(1) << ((signal)-1))

/* As the kernel's struct sigaction. */
struct hc_sigaction {
	uint64_t handler; /* or SIG_DFL, SIG_IGN */
	uint64_t flags;   /* SA_* */
	uint64_t restorer;
	hc_sigset mask;
};

/* SA_RESTORER, which is the C library's business and in no header of its. */
#define HC_SA_RESTORER UINT64_C(0x04000000)

/* One that waits; places count from 1, 0 is none. */
struct hc_queued {
	siginfo_t info;
	uint16_t next;
	uint16_t timer; /* which timer's it is, from 1, or 0 */
};

/* Those that wait, eldest first.  A signal can be in the set and not in the
 * list: then there was no place for what it tells. */
struct hc_sigqueue {
	hc_sigset set;
	uint16_t first, last;
};

/* Timers that end in signals: the three of setitimer, and timer_create's. */
#define HC_ITIMERS 3
#define HC_TIMERS  64

/* The host's signal when one of the host's timers for them has run out; its
 * value is the guest. */
#define HC_TICK SIGVTALRM

struct hc_timer {
	bool used, has_host;
	bool queued; /* its signal waits */
	int signal;  /* 0: none */
	int tid;     /* whom it is for, or 0 */
	int host;    /* the host's timer */
	int overrun;
	clockid_t clock;
	union sigval value;
	int64_t next, interval; /* nanoseconds of the clock; 0: not set */
	int64_t not_before;     /* its signal is not sent sooner */
};

struct hc_signals {
	pthread_mutex_t
	    lock; /* for all here, and of each thread's but `look` */
	struct hc_sigaction action[HC_SIGNALS]; /* of signal n at n - 1 */
	struct hc_sigqueue all;                 /* for any thread */
	struct hc_queued queued[HC_QUEUED];
	uint16_t used, unused; /* places ever used; the list of those free */
	struct hc_thread *threads; /* all there are, the eldest first */
	/* Of signals sent to us from outside, not yet looked at; written by
	 * signal handlers. */
	_Atomic hc_sigset outside;
	_Atomic bool ticks;               /* some timer may have run out */
	struct hc_timer timer[HC_TIMERS]; /* numbered from 1 */
	/* A debugger is told of a signal before it does anything. */
	_Atomic bool observed;
};

struct hc_thread_signals {
	hc_sigset blocked;
	hc_sigset saved;   /* what it will be again, if `swapped` */
	bool swapped;      /* for the time of a call */
	hc_sigset awaited; /* blocked, but waited for (rt_sigtimedwait) */
	struct hc_sigqueue mine;
	siginfo_t fatal; /* by which a call of the thread's kills the guest */
	uint64_t stack, stack_size; /* sigaltstack; size 0: none */
	unsigned stack_flags;       /* SS_AUTODISARM or 0 */
	_Atomic bool look;          /* there may be something to be taken */
	struct hc_thread *next;
};

/* What becomes of a signal that is taken. */
enum hc_signal_act {
	HC_SIGNAL_IGNORED,
	HC_SIGNAL_KILLS,
	HC_SIGNAL_HANDLED,
};

struct hc_delivery {
	enum hc_signal_act act;
	siginfo_t info;
	struct hc_sigaction action;
	hc_sigset mask; /* to be restored behind the handler */
};

void hc_signals_init(struct hc_guest *guest);

/* A thread is there, with the mask of `parent` or none; and is there no more. */
void hc_signals_join(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_thread *parent);
void hc_signals_leave(struct hc_guest *guest, struct hc_thread *thread);

/* Does this signal end a guest that takes it?  Also from a signal handler. */
bool hc_signal_ends(const struct hc_signals *signals, int signal);

/* From a signal handler: this came from outside.  False: nobody is there. */
bool hc_signal_outside(struct hc_guest *guest, int signal);

/* The next that is not blocked nor ignored, out of its queue.  False: there is
 * none, and none will be overlooked. */
bool hc_signal_next(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info);

/*
 * What becomes of it.  `forced`: it is a fault's, and cannot be blocked or
 * ignored, only handled.  With HC_SIGNAL_HANDLED the handler is to be entered,
 * and hc_signal_entered() says that it was.
 */
void hc_signal_judge(struct hc_guest *guest, struct hc_thread *thread,
    bool forced, struct hc_delivery *delivery);
void hc_signal_entered(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_delivery *delivery);

/* Its handler could not be entered: it has none from now on. */
void hc_signal_unhandle(struct hc_guest *guest, int signal);

/* The mask, as a handler's return leaves it; or a call's own is over. */
void hc_signal_set_mask(
    struct hc_guest *guest, struct hc_thread *thread, hc_sigset mask);
void hc_signal_unswap(struct hc_guest *guest, struct hc_thread *thread);

/* The stack for handlers: what it is to who has the stack pointer `sp`; and
 * another one, by Linux' checks (sigaltstack(2)): 0 or -errno. */
#define HC_MINSIGSTKSZ 2048
void hc_signal_get_stack(
    const struct hc_thread_signals *signals, stack_t *stack, uint64_t sp);
int hc_signal_set_stack(
    struct hc_thread_signals *signals, const stack_t *stack, uint64_t sp);

/* It is given up: a handler is entered that asked for that. */
#define HC_SS_AUTODISARM (1U << 31)
void hc_signal_disarm(struct hc_thread_signals *signals);

/* Where it came from, as a sentence. */
void hc_signal_describe(const siginfo_t *info, char *text, unsigned size);

#endif
