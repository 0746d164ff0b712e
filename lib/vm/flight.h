/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work that a vCPU has in flight between an exit and the next entry.  It
 * must not know how that came about.
 *
 * Every entry starts with nothing in flight.  The exit records here what
 * remains to be done, and rest.c and deliver.c do it before the next entry:
 *
 *	   +------------------------ KVM_RUN <----------------------+
 *	   |              |             |                           |
 *	   | hypercall    | trap        | kicked                    |
 *	   v              v             v                           |
 *	CALL_SERVED   RAISED_TRAP    nothing                        |
 *	CALL_RETURNS  RAISED_FORCED     |                           |
 *	CALL_CUT         |              |                           |
 *	CALL_EXITED      |              |                           |
 *	CALL_CAUGHT      |              |                           |
 *	CALL_RESULT      |              |                           |
 *	   |             |              |                           |
 *	   |  vcpu_rest(): CALL_SERVED becomes CALL_NONE; a call    |
 *	   |  that was not begun becomes CALL_REPEATS               |
 *	   v             v              v                           |
 *	   deliver(): CALL_RETURNS becomes CALL_NONE; CALL_CUT      |
 *	   becomes CALL_REPEATS, or CALL_NONE and EINTR; what is ---+
 *	   raised enters a handler or ends the guest, or the
 *	   debugger is asked first: RAISED_ASKED
 *
 * CALL_EXITED is the end of the thread; the next thread on the vCPU starts with
 * nothing in flight.
 *
 * A call that the debugger catches stops twice, in the states of Linux's
 * syscall stops (ptrace(2)): rip is past the call, and orig_rax is its number.
 *
 *	gate --> CALL_CAUGHT
 *	CALL_CAUGHT --> CALL_WAITS     stop at the entry: rax is -ENOSYS
 *	CALL_WAITS --resumed--> the call is made: CALL_RESULT, or CALL_CUT
 *	CALL_RESULT --> CALL_SHOWN     stop at the return: rax is the result
 *	CALL_CUT --a signal comes--> CALL_CUT_SHOWN   the same: rax is `cut`
 *	         --else--> CALL_WAITS  no stop: it is the same call
 *	CALL_SHOWN --> entry into the guest
 *	CALL_CUT_SHOWN --> as CALL_CUT, by deliver()
 *
 * A call that is met while the controller runs the vCPU (RUN_LENT in stops.h)
 * is left to the vCPU's own thread, before it is begun:
 *
 *	gate --> CALL_HANDED --HAND--> the call is made
 *
 * A thread that steps while all others are held reports the end of the step
 * instead, since gdb 13 steps over a breakpoint so and does not expect anything
 * else; it stops at the entry or return when it is next let run.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "vm/shim.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* A fault, as the processor reported it. */
struct trap {
	unsigned vector;
	uint64_t error;
	uint64_t address; /* CR2, of a page fault */
};

/* The hypercall of the last exit.  While `frame` is NULL, KVM completes its OUT
 * at the next entry (api.rst, KVM_EXIT_IO). */
enum flight_call {
	CALL_NONE,
	CALL_SERVED,    /* its result is in rax */
	CALL_CUT,       /* it was interrupted; a signal decides its result */
	CALL_RETURNS,   /* rt_sigreturn: pop the handler's frame */
	CALL_REPEATS,   /* rip stands before it, and it will be made again */
	CALL_EXITED,    /* the thread has ended itself */
	CALL_HANDED,    /* its own thread will make it */
	CALL_CAUGHT,    /* to be shown to the debugger before it is made */
	CALL_WAITS,     /* it was shown, and will be made */
	CALL_RESULT,    /* its result is in rax, to be shown */
	CALL_SHOWN,     /* it was shown */
	CALL_CUT_SHOWN, /* CALL_CUT, and it was shown as its return */
};

/* The cause of the thread's own signal that is to be delivered. */
enum flight_raised {
	RAISED_NONE,
	RAISED_TRAP,   /* `info`, of `trap` */
	RAISED_FORCED, /* `info`, not of a trap: a bad frame, a lost page */
	RAISED_ASKED,  /* the debugger decides: see struct debug_vcpu */
};

struct flight {
	/* The interrupted context while the vCPU rests in a stub, else NULL. */
	struct trap_frame *frame;
	struct trap trap; /* of that frame, or of the last fault */
	enum flight_call call;
	uint32_t number; /* of the last hypercall */
	int64_t cut; /* CALL_CUT: its result, as hc_is_interrupted() takes it */
	int status;  /* CALL_EXITED: of the thread */
	enum flight_raised raised;
	siginfo_t info;
	/* Addresses in the middle of a jump to a trampoline (plant.h), or 0:
	 * the fault there was taken; it may be queued in KVM. */
	uint64_t inside, doubted;
	bool copied; /* the vCPU left the guest in a trampoline */
};

/* Raise a signal that is not of a trap. */
static inline void
flight_force(struct flight *f, int signal, int code)
{
	f->raised = RAISED_FORCED;
	f->info = (siginfo_t){ .si_signo = signal, .si_code = code };
}

/* Is the fate of a call undecided? */
static inline bool
flight_is_open(const struct flight *f)
{
	return f->call == CALL_CUT || f->call == CALL_RETURNS;
}

/* Is there a call that is not made yet? */
static inline bool
flight_is_before(const struct flight *f)
{
	return f->call == CALL_HANDED || f->call == CALL_CAUGHT ||
	       f->call == CALL_WAITS;
}

/* Is there a call to be shown or made before the next entry? */
static inline bool
flight_waits(const struct flight *f)
{
	return flight_is_before(f) || f->call == CALL_RESULT;
}

/* Does the debugger see the thread in a call? */
static inline bool
flight_is_shown(const struct flight *f)
{
	return (flight_waits(f) && f->call != CALL_HANDED) ||
	       f->call == CALL_SHOWN || f->call == CALL_CUT_SHOWN;
}

/* Must deliver() act before the next entry? */
static inline bool
flight_is_due(const struct flight *f)
{
	return f->raised != RAISED_NONE || flight_is_open(f) ||
	       f->call == CALL_CUT_SHOWN;
}

#endif
