/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debugging a machine: all its vCPUs stop together, are inspected, and run
 * again as asked.  It must not know protocols, nor who asks.
 *
 * Each vCPU runs on a host thread of its own, in debug_run(), and rests between
 * two KVM_RUNs while the machine is held.  One more thread, the controller,
 * calls everything else here; it waits in poll() on debug_fd() and then asks
 * debug_poll() what happened.
 *
 * The life of a stop: a vCPU meets something (a breakpoint, the end of a step,
 * a fault), writes it down as its event and holds the machine; the others are
 * kicked out of the guest and of blocking calls; when all rest, the controller
 * gets the event.  What several meet at once is told one at a time: the others
 * keep their events for the next resume.
 *
 * The controller makes single steps of one vCPU itself, while its thread rests,
 * when several have been asked for in a row.
 *
 * An instruction under a breakpoint is run by its vCPU alone, the breakpoint
 * lifted, while the others are held; so is one that touched a watched page.
 *
 * Threads come and go.  One that is made while the machine is held rests before
 * its first instruction; when one ends, what was waiting for it to rest goes on.
 */
#ifndef DEBUG_H
#define DEBUG_H

#include "vm/breaks.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct machine;
struct vcpu;

/* What a debugger wants of a vCPU. */
enum debug_want {
	WANT_STOP,
	WANT_RUN,
	WANT_STEP,
	WANT_RANGE, /* step while rip is in [lo, hi) */
};

enum debug_event_kind {
	EVENT_NONE,
	EVENT_INTERRUPT, /* debug_interrupt() */
	EVENT_STEP,
	EVENT_BREAK,     /* of ours, not executed */
	EVENT_HARDBREAK, /* the same */
	EVENT_WATCH,     /* `addr` was touched, `type` tells how */
	EVENT_SIGNAL,    /* a fault: `signal` is about to be delivered */
	EVENT_PAGE,      /* internal: a watched page was touched */
	EVENT_GONE,      /* who ran has ended, and the others are held */
	EVENT_ENDED,     /* the guest is over: see machine.outcome */
};

struct debug_event {
	enum debug_event_kind kind;
	unsigned vcpu;
	int signal;
	uint64_t addr;
	enum breaks_type type;
	bool write; /* EVENT_PAGE: what the access was */
};

/* A vCPU's part. */
struct debug_vcpu {
	enum debug_want want;
	uint64_t lo, hi;
	int signal;      /* to be delivered when it runs, or 0 */
	bool told_fault; /* `info` is a fault's */
	struct debug_event event;
	bool resting;
	siginfo_t info;   /* of the signal it was told of last */
	bool traced;      /* we have set TF in the user's flags */
	bool inside;      /* a step has entered the monitor */
	uint32_t control; /* what KVM_SET_GUEST_DEBUG was last told */
	uint64_t told;    /* where the debugger last saw it */
	uint64_t from;    /* where the step started, and with what */
	uint64_t from_rcx, from_rsp;
	unsigned tries;
	uint8_t code[4]; /* the instruction that is stepped */
};

/* How stops came, for --stats: by KVM_EXIT_DEBUG, or through the stubs. */
enum debug_stop_way {
	STOP_EXIT_BREAK,
	STOP_EXIT_STEP,
	STOP_EXIT_REGISTER,
	STOP_TRAP_BREAK,
	STOP_TRAP_STEP,
	DEBUG_STOPS,
};

struct debug {
	bool on;                   /* there is a controller */
	_Atomic bool attached;     /* and somebody debugs */
	bool probed;               /* breaks.registers is known */
	_Atomic bool step_by_trap; /* this KVM lets steps reach the stubs */
	bool hold;                 /* all shall rest */
	_Atomic bool running;      /* the debugger has let it run */
	bool interrupted;
	struct vcpu *alone; /* the only one that runs, over a breakpoint */
	uint64_t lifted;    /* ... which lay there */
	bool page;          /* ... or through the watched page `opened` */
	struct debug_event opened;
	_Atomic uint64_t pass;    /* signals it is not told of: bit n - 1 */
	enum debug_want want_new; /* of a thread that is made from now on */
	struct vcpu *borrowed;    /* the controller runs it, not its thread */
	unsigned steps;           /* single steps asked for in a row */
	int fd;
	atomic_bool notified; /* fd is readable */
	unsigned next;        /* whose events are looked at first */
	pthread_cond_t wake;
	struct breaks breaks;
	_Atomic uint64_t stops[DEBUG_STOPS]; /* for --stats */
};

/*
 * Start the guest's first thread, at rest (`stopped`) or running.  0 or -errno.
 * The outcome is there when debug_poll() says EVENT_ENDED.
 */
int debug_start(struct machine *m, bool stopped);

/* Readable when debug_poll() may have something to say; it also may have right
 * after debug_resume(). */
int debug_fd(const struct machine *m);

/* Milliseconds after which to call debug_poll() anyway, or -1. */
int debug_timeout(struct machine *m);

/* The next event.  False: nothing has happened, or not all rest yet. */
bool debug_poll(struct machine *m, struct debug_event *event);

/* A debugger comes, and goes: everything it inserted goes with it. */
void debug_attach(struct machine *m);
void debug_detach(struct machine *m);

/* All vCPUs shall rest: EVENT_INTERRUPT follows, or what came first. */
void debug_interrupt(struct machine *m);

/* The same, and wait until they do; what came first is forgotten. */
void debug_rest(struct machine *m);

/* From a signal handler: let the controller look. */
void debug_interrupt_from_signal(struct machine *m);

/* At rest: what each vCPU with a thread shall do, and (debug.want_new) the
 * threads they make, then let them. */
void debug_want(struct vcpu *vcpu, enum debug_want want, uint64_t lo,
    uint64_t hi, int signal);
void debug_resume(struct machine *m);

/* End the guest. */
void debug_kill(struct machine *m);

/* Breakpoints and watchpoints, at rest: as breaks_insert() says. */
int debug_insert(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len);
int debug_remove(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len);

/* For thread.c: run the vCPU's thread until it has ended or the machine is
 * over. */
void debug_run(struct vcpu *vcpu);

/* The same, with the machine's lock: a thread is born on this vCPU, or gone
 * from it; the machine is over, and a host thread done with it. */
void debug_born(struct vcpu *vcpu);
void debug_gone(struct vcpu *vcpu);
void debug_left(struct machine *m);

/* If this vCPU runs alone, let the others run too. */
void debug_release(struct vcpu *vcpu);

/* A signal is about to be delivered: true if the debugger is told first. */
bool debug_signal(struct vcpu *vcpu, const siginfo_t *info, bool fault);

/* Something has happened to this vCPU: all shall rest and hear of it. */
void debug_raise(struct vcpu *vcpu, const struct debug_event *event);

/* Wait for the vCPUs' threads, which end when the machine is over. */
void debug_join(struct machine *m);

#endif
