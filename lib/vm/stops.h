/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which vCPU may run: the stop machinery of a debugged machine as a state
 * machine.  It is pure: a state and a cause go in, the next state and the
 * actions come out.  It must not know KVM, threads, memory or breakpoints.
 *
 * A vCPU enters the guest in RUNNING alone (LENT is RUNNING on the
 * controller's thread, which hears of nothing else meanwhile).  The one that
 * grants a run changes the state; the thread that wakes only reads it.
 *
 *	ABSENT --BORN--> RUNNING, or STOPPING unless the machine goes
 *	RESTING --grant--> RUNNING, or LENT by RESUME
 *	LENT --HAND--> RUNNING, or STOPPING if all are to rest
 *	RUNNING --CALL--> CALLING --RETURNED--> RUNNING
 *	RUNNING --its EVENT, or all are to leave the guest--> STOPPING
 *	CALLING --all are to rest, or RETURNED when not all go--> STOPPING
 *	STOPPING, LENT --RESTED--> RESTING
 *	each of them --OVER--> LEAVING --GONE--> ABSENT
 *
 * A vCPU in CALLING is served by its host thread and cannot run guest code: a
 * lone instruction of another vCPU need not interrupt its call.
 *
 *	HELD --RESUME--> GOING        the vCPUs that are wanted run
 *	GOING --EVENT(page)--> QUIETING   all are to leave the guest
 *	      --EVENT--> GATHERING        all are to rest
 *	      --INTERRUPT--> INTERRUPTING the same; an interrupt is reported
 *	                                  if there is nothing else
 *	QUIETING --all out of the guest--> ALONE
 *	ALONE --the lone instruction is made, or is a call--> GOING, ALONE for
 *	      the next vCPU, or GATHERING for an event
 *	GATHERING, INTERRUPTING --all rest--> READY
 *	READY --TAKE--> HELD              the controller has the event
 *	every state --OVER--> OVER
 *
 * A lone instruction is one that its vCPU makes while no other is in the
 * guest: the breakpoint under it is lifted, and the watched pages that it
 * touches are open until it is made.  It is not interrupted: it ends soon, and
 * a hypercall ends it.  The one that brings the last vCPU to rest makes
 * the transition, so a lone instruction needs no controller.
 *
 * All-stop is the rule of one place, EVENT: a machine that does not stop all
 * would let the others run on.  Inserting a breakpoint while threads run is
 * QUIETING with another action at its end.
 */
#ifndef STOPS_H
#define STOPS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define STOPS_VCPUS 256
#define STOPS_NONE  UINT32_MAX /* no vCPU */

/* Where a vCPU is. */
enum stops_run {
	RUN_ABSENT,   /* no thread of the guest is on it */
	RUN_RESTING,  /* its registers are true; its thread waits */
	RUN_RUNNING,  /* its thread may enter the guest */
	RUN_CALLING,  /* a hypercall of it is being served */
	RUN_STOPPING, /* it is to rest, and must not enter any more */
	RUN_LENT,     /* the controller enters in its thread's place */
	RUN_LEAVING,  /* the machine is over; its thread ends */
};

enum stops_mode {
	MODE_HELD,
	MODE_GOING,
	MODE_QUIETING,
	MODE_ALONE,
	MODE_GATHERING,
	MODE_INTERRUPTING,
	MODE_READY,
	MODE_OVER,
};

/* An event of a vCPU that is not settled yet. */
enum stops_news {
	NEWS_NONE,
	NEWS_PAGE,  /* a watched page: it needs a lone instruction */
	NEWS_EVENT, /* something to report */
};

/* READY: the event. */
enum stops_report {
	REPORT_EVENT, /* that of the vCPU */
	REPORT_INTERRUPT,
	REPORT_GONE, /* no thread is left that was let run */
};

struct stops_vcpu {
	_Atomic uint32_t run; /* enum stops_run; a futex may wait on it */
	uint32_t tid;         /* orders threads by age */
	enum stops_news news;
	bool wanted; /* the debugger lets it run */
	bool over;   /* it rests on a breakpoint that it has met */
};

/* All zero but `lone`: a held machine without threads. */
struct stops {
	_Atomic uint32_t mode; /* enum stops_mode */
	_Atomic uint32_t lone; /* the vCPU with a lone instruction */
	uint32_t vcpus;        /* so many were ever used */
	uint32_t next;         /* its news come first */
	uint32_t reported;     /* READY: the vCPU */
	enum stops_report report;
	struct stops_vcpu vcpu[STOPS_VCPUS];
};

enum stops_cause {
	CAUSE_BORN,      /* a thread starts on the vCPU: tid, wanted */
	CAUSE_GONE,      /* and has ended */
	CAUSE_EVENT,     /* the vCPU has met something: news */
	CAUSE_RESTED,    /* it has come to rest: news, over */
	CAUSE_CALL,      /* it is about to serve a hypercall */
	CAUSE_RETURNED,  /* which is done, or `cut` by a kick */
	CAUSE_HAND,      /* its own thread is to continue what was lent */
	CAUSE_WANT,      /* before RESUME, of each: wanted, over, news */
	CAUSE_RESUME,    /* `lend`: the controller enters in its place */
	CAUSE_INTERRUPT, /* all are to rest */
	CAUSE_TAKE,      /* the controller looks */
	CAUSE_OVER,      /* the machine is over */
};

struct stops_input {
	enum stops_cause cause;
	uint32_t vcpu;
	uint32_t tid;
	enum stops_news news;
	bool wanted;
	bool over;
	bool cut;  /* RETURNED: the call will be made again */
	bool lend; /* RESUME: `vcpu` is lent */
};

/* To be done in this order.  Kicks and wakes need no lock. */
struct stops_actions {
	uint32_t ends; /* its lone instruction is over: close what it opened */
	uint32_t begins; /* lift its breakpoint, open the page of its news */
	uint32_t opens;  /* open one more page, of the event that it raised */
	uint64_t kick[STOPS_VCPUS / 64]; /* leave the guest, begin no wait */
	uint64_t wake[STOPS_VCPUS / 64]; /* look at your state */
	bool notify;                     /* the controller is to look */
	bool taken;                      /* TAKE: READY was reported */
};

/* The transition. */
void stops_step(
    struct stops *s, const struct stops_input *in, struct stops_actions *act);

/* Must it leave the guest, or its call, and rest? */
static inline bool
stops_are_awaited(const struct stops *s)
{
	return s->mode == MODE_QUIETING || s->mode == MODE_GATHERING ||
	       s->mode == MODE_INTERRUPTING;
}

#endif
