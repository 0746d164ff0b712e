/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The signal state of a guest and its threads: actions, masks, queues, and the
 * timers that send signals.  It must not know how a signal is delivered
 * (signal.h).
 */
#ifndef HC_PENDING_H
#define HC_PENDING_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define HC_SIGNALS 64

/* Pending signals that keep their siginfo, in all queues together. */
#define HC_QUEUED 1024

/* Files from which the guest reads signals. */
#define HC_SIGNAL_FILES 16

struct hc_call;
struct hc_file;
struct hc_thread;

/* A set of signals: bit n - 1 is signal n, as in the kernel's sigset_t. */
typedef uint64_t hc_sigset;

/* SYS_SECCOMP of <signal.h>, which some C libraries lack: a call that is not
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

/* SA_RESTORER of the kernel, which C libraries do not define. */
#define HC_SA_RESTORER UINT64_C(0x04000000)

/* A pending signal.  Indexes count from 1; 0 is none. */
struct hc_queued {
	siginfo_t info;
	uint16_t next;
	uint16_t timer; /* the timer that sent it, from 1, or 0 */
};

/* Pending signals, oldest first.  A signal in the set but not in the list lost
 * its siginfo for want of space. */
struct hc_sigqueue {
	hc_sigset set;
	uint16_t first, last;
};

/* Timers that end in signals: the three of setitimer, and timer_create's. */
#define HC_ITIMERS 3
#define HC_TIMERS  64

/* The host's signal for an expired timer of the guest; its value is the
 * guest. */
#define HC_TICK SIGVTALRM
/* The signal that takes a host thread out of the guest: vm/kick.h. */
#define HC_KICK SIGSTKFLT

struct hc_timer {
	bool used, has_host;
	bool queued; /* its signal is pending */
	int signal;  /* 0: none */
	int tid;     /* the receiver, or 0: any thread */
	int host;    /* the host's timer */
	int overrun;
	clockid_t clock;
	union sigval value;
	int64_t next, interval; /* nanoseconds of the clock; 0: not set */
	int64_t not_before;     /* the earliest time for its signal */
};

/* A file from which the guest reads signals (signalfile.c). */
struct hc_signal_file {
	bool used;
	bool raised;      /* it says that there is something to read */
	atomic_bool gone; /* its open file has no holder any more */
	int event;        /* the host's eventfd in it */
	_Atomic hc_sigset mask;
};

struct hc_signals {
	/* Small, and first: see struct hc_guest.  The lock is for all here and
	 * hc_thread_signals, except `pending`. */
	pthread_mutex_t lock;
	struct hc_sigqueue all;    /* for any thread */
	struct hc_thread *threads; /* oldest first */
	/* Signals that novillo has received and not queued; set by signal
	 * handlers. */
	_Atomic hc_sigset outside;
	_Atomic bool ticks; /* a timer may have expired */
	/* A debugger stops the guest for a signal before it takes effect. */
	_Atomic bool observed;
	uint16_t used, unused; /* of `queued`: ever used; list of free ones */
	unsigned files;        /* of `file`, used */
	struct hc_sigaction action[HC_SIGNALS]; /* of signal n at n - 1 */
	struct hc_queued queued[HC_QUEUED];
	struct hc_timer timer[HC_TIMERS]; /* numbered from 1 */
	struct hc_signal_file file[HC_SIGNAL_FILES];
};

struct hc_thread_signals {
	hc_sigset blocked;
	hc_sigset saved;   /* the mask to restore, if `swapped` */
	bool swapped;      /* a call has replaced the mask until it ends */
	hc_sigset awaited; /* blocked, but awaited by rt_sigtimedwait */
	struct hc_sigqueue mine;
	siginfo_t fatal; /* the signal by which a call kills the guest */
	uint64_t stack, stack_size; /* sigaltstack; size 0: none */
	unsigned stack_flags;       /* SS_AUTODISARM or 0 */
	_Atomic bool pending;       /* a signal may be deliverable */
	struct hc_thread *next;
};

#endif
