/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debugging a machine: all its vCPUs stop together, are inspected, and run
 * again as asked.  It must not know protocols, nor who asks.
 *
 * Each vCPU runs on a host thread of its own (hostthread.c), and rests between
 * two KVM_RUNs while the machine is held.  One more thread, the controller,
 * gives the orders and takes the events (controller.c); it waits in poll() on
 * debug_fd(), and debug_poll() then reports what happened.
 *
 * The life of a stop: a vCPU meets something (a breakpoint, the end of a step,
 * a fault) and raises an event; the other vCPUs are kicked out of the guest and
 * of blocking calls; when all rest, the controller gets the event.  Events that
 * several vCPUs meet at once are reported one at a time: each of the others
 * keeps its event for the next resume.
 *
 * Which vCPU may run is decided by the state machine in stops.h.  An
 * instruction under a breakpoint is run by its vCPU alone, the breakpoint
 * lifted, while no other vCPU is in the guest; so is one that touched a watched
 * page.  The vCPUs do that among themselves.
 *
 * The controller runs a vCPU itself, while its thread rests, when no other is
 * to run and several runs have been asked for in a row: a step, or the way to
 * the next breakpoint, then wakes no thread.  Meanwhile nobody looks at the
 * line, so the vCPU's thread looks at its vCPU every LENT_TICK_MS, and
 * continues a run that lasts; it also makes the hypercalls.
 *
 * A thread that is made while the machine is held rests before its first
 * instruction.
 */
#ifndef DEBUG_H
#define DEBUG_H

#include "vm/aside.h"
#include "vm/breaks.h"
#include "vm/copies.h"
#include "vm/flight.h"
#include "vm/sieveset.h"
#include "vm/stops.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct machine;
struct vcpu;

/* A debugger's orders for a vCPU. */
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
	EVENT_BREAK,     /* of the debugger, not executed */
	EVENT_HARDBREAK, /* the same */
	EVENT_WATCH,     /* `addr`, `len` and `type` are the watchpoint's */
	EVENT_CALL,      /* a caught hypercall has come, or for the judge a
			    traced one: flight.number */
	EVENT_RETURN,    /* it returns */
	EVENT_BORN,      /* the thread begins */
	EVENT_DIED,      /* the thread has ended: flight.status */
	EVENT_SIGNAL,    /* `signal` is about to be delivered */
	EVENT_PAGE,      /* internal: a watched page was touched */
	EVENT_GONE,      /* no thread is left that was let run */
	EVENT_ENDED,     /* the guest is over: see machine.outcome */
};

struct debug_event {
	enum debug_event_kind kind;
	unsigned vcpu;
	int signal;
	uint64_t addr, len;
	enum breaks_type type;
	struct breaks_access access; /* EVENT_PAGE */
};

/* No address of user code. */
#define DEBUG_NOWHERE UINT64_MAX

/*
 * Is the breakpoint or watchpoint that the vCPU has met a stop?  The vCPU's own
 * thread asks, so that a condition costs no wake-up; for a watched page it
 * holds the machine's lock.  The registers are those of the user, and while it
 * is asked no breakpoint is inserted nor removed.
 *
 * The judge also sees what a trace collects at: tracepoints, traced hypercalls
 * before they are made (EVENT_CALL), and each instruction made (EVENT_STEP) of
 * a vCPU that it wants followed (debug_vcpu.followed).  None of those stops it.
 */
typedef bool
debug_judge(void *ctx, struct vcpu *vcpu, const struct debug_event *event);

/* How far a single step is. */
enum step_phase {
	STEP_NONE,
	STEP_BEGUN,   /* `from` is where it began */
	STEP_INSIDE,  /* in the shim: it ends with the hypercall or trap */
	STEP_PROBING, /* not the debugger's: see step_enter_trap() */
};

/* A vCPU's part. */
struct debug_vcpu {
	enum debug_want want;
	uint64_t lo, hi;
	int signal;     /* to be delivered when it runs, or 0 */
	uint64_t given; /* signals that wait, and are not reported again */
	enum flight_raised cause; /* of `info` */
	struct debug_event event;
	siginfo_t info;    /* of its last report, or of its next signal's */
	bool traced;       /* TF in the user's flags is the debugger's */
	bool settled;      /* it came to rest, and was not entered since */
	uint32_t control;  /* of the last KVM_SET_GUEST_DEBUG */
	uint64_t reported; /* rip at its last report: a breakpoint was met */
	uint64_t left;     /* it was taken out of the copy of this address */
	bool untested;     /* it left a sieve before its tests were made */
	bool passes;       /* it goes on from the breakpoint that it met */
	bool followed;     /* the judge is to see each of its instructions */
	bool arrives;      /* a call in a range has ended: step_on_rest() */
	bool waits;        /* it rests within a call: debug_rest_waiting() */
	uint64_t rested;   /* rip when it last came to rest */
	enum step_phase phase;
	uint64_t from; /* where the step began, and with which registers */
	uint64_t from_rcx, from_rsp;
	unsigned tries;
	uint8_t code[15]; /* the instruction that is stepped */
	uint64_t code_at; /* it was read at this address for the next step */
	struct aside aside;
};

/* Runs of a vCPU by the controller.  They belong to the host's threads, so no
 * copy of a guest has them. */
struct debug_lending {
	_Atomic uint32_t lends; /* runs that the controller has begun */
	_Atomic bool lasts;     /* the run may: it is not a step */
	_Atomic bool looks;     /* its thread looks how long they last */
};

/* How stops came, for --stats: by KVM_EXIT_DEBUG, or through the stubs. */
enum debug_stop_way {
	STOP_EXIT_BREAK,
	STOP_EXIT_STEP,
	STOP_EXIT_REGISTER,
	STOP_TRAP_BREAK,
	STOP_TRAP_STEP,
	STOP_TRAP_PAGE, /* a page fault in a watched page */
	STOP_LONE,      /* an instruction that was made alone for it */
	DEBUG_STOPS,
};

/* The hypercalls that stop a vCPU before and after they are made: as many as a
 * debugger names, and some more for its history. */
#define CATCH_MAX 516

struct catch_set {
	_Atomic bool on;
	unsigned n; /* 0: all of them */
	uint32_t number[CATCH_MAX];
};

/* The page faults of one instruction: of its code 2, of a gather's 16 elements
 * 32. */
#define LONE_ACCESSES 36

struct debug {
	/* Small members come last, and vCPU 0 after them: see struct
	 * hc_guest. */
	struct stops stops;
	struct catch_set catch_set;
	struct catch_set traced;                    /* hypercalls */
	_Atomic uint64_t ways[DEBUG_STOPS];         /* for --stats */
	struct breaks_access access[LONE_ACCESSES]; /* of the lone one */
	struct copies copies;
	struct sieves sieves;
	struct breaks breaks;
	bool on;                   /* there is a controller */
	_Atomic bool attached;     /* and a debugger */
	_Atomic bool deaf;         /* which does not read what it is sent */
	_Atomic int64_t held_ns;   /* the time that debuggers were attached */
	_Atomic int64_t held_from; /* since when one is, or 0 */
	bool killed;               /* it has ended the guest */
	debug_judge *judge;        /* NULL: all is a stop */
	void *judge_ctx;
	bool probed;               /* breaks.registers is known */
	_Atomic bool step_by_trap; /* this KVM lets steps reach the stubs */
	uint64_t lifted;           /* where the lone instruction is */
	unsigned faults;           /* in watched pages, that it has made */
	unsigned accesses;         /* of `access` */
	bool decoded; /* they are its operands', not those of its faults */
	_Atomic uint64_t pass;    /* signals not to report: bit n - 1 */
	_Atomic uint64_t keep;    /* those that a detached guest gets */
	_Atomic bool threads;     /* report threads that begin and end */
	enum debug_want want_new; /* of a thread that is made from now on */
	int chosen;               /* the thread that an interrupt is of */
	uint64_t resumes;         /* their number: memory stays between two */
	unsigned runs;            /* of one vCPU, asked for in a row */
	unsigned row; /* so many, and the controller makes the next */
	pthread_t controller;
	int fd;
	atomic_bool notified; /* fd is readable, or will be at once */
};

/* For a guest with a controller: before machine_create(), and before the
 * sandbox is closed, which would deny what is asked here: how costly it is that
 * another thread runs a vCPU. */
void debug_init(struct machine *m);

/*
 * For machine_start(): there is a controller from now on.  0 or -errno.  The
 * machine has its outcome when debug_poll() returns EVENT_ENDED.
 */
int debug_start(struct machine *m, bool stopped);

/* Readable when debug_poll() may have an event; it also may have one right
 * after debug_resume(). */
int debug_fd(const struct machine *m);

/* Milliseconds after which to call debug_poll() anyway, or -1. */
int debug_timeout(struct machine *m);

/* The next event.  False: nothing has happened, or not all rest yet. */
bool debug_poll(struct machine *m, struct debug_event *event);

/* As debug_poll(), but until debug_report() of the event a vCPU that has met
 * nothing can still meet the breakpoint that it rests on. */
bool debug_look(struct machine *m, struct debug_event *event);
void debug_report(struct machine *m, const struct debug_event *event);

/* A debugger comes, and goes: everything it inserted goes with it. */
void debug_attach(struct machine *m);
void debug_detach(struct machine *m);

/* The debugger does not read what it is sent, or reads again. */
void debug_set_deaf(struct machine *m, bool deaf);

/* Nanoseconds for which debuggers have been attached to the living guest.  For
 * signal handlers also. */
int64_t debug_held_ns(const struct machine *m);

/* Stop all vCPUs: EVENT_INTERRUPT follows, or what came first. */
void debug_interrupt(struct machine *m);

/* The same, and wait until they rest; what came first is forgotten. */
void debug_rest(struct machine *m);

/* The same for a moment: `event` is what came first, and a vCPU that has met
 * nothing can still meet the breakpoint that it rests on. */
void debug_pause(struct machine *m, struct debug_event *event);

/* At rest: change the user's registers, as vcpu_set_user_context() does.  The
 * rest of an interrupted wait comes back when rip and rsp do. */
struct user_context;
int debug_set_context(struct vcpu *vcpu, const struct user_context *context);

/* At rest: what a vCPU with a thread is to do, and what the threads that are
 * made from now on. */
void debug_want(struct vcpu *vcpu, enum debug_want want, uint64_t lo,
    uint64_t hi, int signal);
void debug_want_new(struct machine *m, enum debug_want want);

/* EVENT_INTERRUPT is of this thread, if it lives. */
void debug_choose(struct machine *m, int tid);

/* At rest: whether the vCPU has met the breakpoint at its instruction, and
 * passes it when it goes on. */
void debug_set_met(struct vcpu *vcpu, bool met);

/* Then let them, or interrupt them before they move. */
void debug_resume(struct machine *m);
void debug_stay(struct machine *m);

/* End the guest. */
void debug_kill(struct machine *m);

/* Has debug_kill() ended the guest? */
bool debug_was_killed(const struct machine *m);

/* Breakpoints and watchpoints, at rest: as breaks_insert() says. */
int debug_insert(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len);
int debug_remove(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len);

/* Before debug_start(): who decides what is a stop. */
void debug_set_judge(struct machine *m, debug_judge *judge, void *ctx);

/* From any thread, or a signal handler: let the controller look at what it
 * keeps for itself. */
void debug_call_controller(struct machine *m);

/* Signals that are delivered without a report: bit n - 1 for signal n. */
void debug_pass_signals(struct machine *m, uint64_t set);

/* Signals that the guest gets if its debugger leaves before it has decided;
 * until this is called, all but SIGINT and SIGTRAP.  A fault comes again. */
void debug_keep_signals(struct machine *m, uint64_t set);

/* Stop for EVENT_BORN and EVENT_DIED.  The last thread's end is the guest's. */
void debug_report_threads(struct machine *m, bool on);

/* At rest: catch these n hypercalls, all if n is 0, none unless `on`.  0, or
 * -ENOSPC if there are more than CATCH_MAX. */
int debug_catch(struct machine *m, bool on, const uint32_t *number, size_t n);

/* At rest: insert or remove a tracepoint, as breaks_insert() says; let the
 * judge see a hypercall, or not any more.  They stay when the debugger
 * leaves. */
int debug_trace(struct machine *m, uint64_t addr, bool on);
int debug_trace_call(struct machine *m, uint32_t number, bool on);

/* The number of the hypercall that the vCPU rests in, as Linux's orig_rax: -1
 * if it is in none.  Setting another at its entry changes the call; -1 drops
 * it. */
int64_t debug_call_number(const struct vcpu *vcpu);
void debug_set_call_number(struct vcpu *vcpu, int64_t number);

/* The siginfo of the vCPU's last report, or zeros; it is delivered with its
 * signal. */
const siginfo_t *debug_siginfo(const struct vcpu *vcpu);
void debug_set_siginfo(struct vcpu *vcpu, const siginfo_t *info);

/* How often stops came each way, for --stats. */
uint64_t debug_stops(const struct machine *m, enum debug_stop_way way);

/*
 * For the run loop of a vCPU (hostthread.c): before its first entry; rest until
 * it may run, false if the thread or the machine is over; enter the guest; the
 * thread has ended.
 */
void debug_begin(struct vcpu *vcpu);
bool debug_wait(struct vcpu *vcpu);
void debug_enter(struct vcpu *vcpu);
void debug_end(struct vcpu *vcpu);

/* Within a call, or before its first instruction, the vCPU's thread waits for
 * what another has to do.  Is it to rest?  Then it does, until it may wait on,
 * and its registers are the user's meanwhile. */
bool debug_rest_waiting(struct vcpu *vcpu);

/* For thread.c, with the machine's lock: a thread is born on this vCPU, or
 * gone from it; the machine is over, and a host thread done with it. */
void debug_born(struct vcpu *vcpu);
void debug_gone(struct vcpu *vcpu);
void debug_left(struct machine *m);

/* Does the vCPU rest for the debugger? */
bool debug_holds(const struct vcpu *vcpu);

/* For step.c: does the vCPU make a lone instruction?  Is the end of a step here
 * not what the debugger waits for? */
bool debug_is_alone(const struct vcpu *vcpu);
bool debug_goes_on(struct vcpu *vcpu);

/* With the lock: how many of access[] the lone instruction has; 0 if it touches
 * no watched page, or if there is none. */
unsigned debug_lone_accesses(const struct debug *d);

/* Does the controller run the vCPU? */
bool debug_is_lent(const struct vcpu *vcpu);

/* Does the debugger catch the vCPU's hypercall?  It is about to serve that, or
 * has, or it was `cut` short. */
bool debug_catches(const struct vcpu *vcpu);
void debug_call(struct vcpu *vcpu);
void debug_returned(struct vcpu *vcpu, bool cut);

/* A signal is about to be delivered: true if it is reported first. */
bool debug_signal(
    struct vcpu *vcpu, const siginfo_t *info, enum flight_raised cause);

/* The vCPU has met something: it comes to rest before it enters again. */
void debug_raise(struct vcpu *vcpu, const struct debug_event *event);

/* The judge sees an instruction of a vCPU that is followed, and the hypercall
 * that the vCPU is about to make. */
void debug_followed(struct vcpu *vcpu);
void debug_trace_hypercall(struct vcpu *vcpu);

/* Is it a stop that the vCPU has met?  If not, it comes to rest to pass the
 * breakpoint. */
bool debug_is_stop(struct vcpu *vcpu, const struct debug_event *event);
void debug_pass(struct vcpu *vcpu);

/* After an exit: rip is not in a copy any more, but at the original. */
void debug_leave_copy(struct vcpu *vcpu);

/* The first of these watchpoints (bit i: breaks.watch[i]) that is a stop, as an
 * event; false if none is. */
bool debug_watch(struct vcpu *vcpu, uint64_t hits, struct debug_event *event);

#endif
