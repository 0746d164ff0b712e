/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls as the VMM serves them: a guest, its threads, and a call in
 * progress.  It accesses guest memory only through gmem and must not know vCPUs
 * or KVM: a handler gets arguments, not registers.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "abi/hypercall.h"
#include "hypercall/core/args.h"
#include "hypercall/core/denial.h"
#include "hypercall/core/device.h"
#include "hypercall/core/fd.h"
#include "hypercall/core/ipc.h"
#include "hypercall/core/mapped.h"
#include "hypercall/core/pending.h"
#include "hypercall/core/preemption.h"
#include "hypercall/core/replay.h"
#include "hypercall/core/set.h"
#include "hypercall/core/shared.h"
#include "hypercall/core/table.h"
#include "hypercall/core/thread.h"
#include "hypercall/core/timepage.h"
#include "hypercall/core/tree.h"
#include "mem/gmem.h"
#include "mem/space.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HC_LIMITS 16 /* by RLIMIT_* */

/* The limit, and the most that setrlimit() may raise it to. */
struct hc_limit {
	uint64_t now, most;
};

struct hc_call;
struct hc_events;
struct hc_recording;
struct hc_row;
struct hc_trace;
struct hc_guest;

/* The calls that the guest may make, and the hooks for those it may not. */
struct hc_policy {
	struct hc_set allowed;
	bool kill; /* a forbidden call ends the guest, as SIGSYS would */
	/* A call is not allowed; called once for each number. */
	void (*denied)(const struct hc_guest *guest, uint32_t number);
	/* No guest can make this call; also called once for each number. */
	void (*refused)(const struct hc_guest *guest, uint32_t number);
	struct hc_set reported; /* calls for which a hook was called */
	/* The addresses the guest may bind to and send to (netrule.h). */
	const struct hc_net_rule *net;
	unsigned nets;
	/* An address is not allowed, but would be by this rule; called once
	 * for each of the first HC_DENIED_RULES. */
	void (*denied_address)(
	    const struct hc_guest *guest, const struct hc_net_rule *would);
	struct hc_denials denials;
	/* The guest has asked for `bytes` more than its memory; called once. */
	void (*out_of_memory)(const struct hc_guest *guest, uint64_t bytes);
	atomic_bool reported_memory;
	/* Its memory counts before it is used: see struct space. */
	bool eager;
	/* Its pages may be writable and executable at once; the hook is called
	 * once if such pages are refused. */
	bool jit;
	void (*denied_jit)(const struct hc_guest *guest);
	atomic_bool reported_jit;
	/* Here the guest's calls are noted; NULL: they are not. */
	struct hc_learned *learned;
};

/* Guest addresses [from, to). */
struct hc_span {
	uint64_t from, to;
};

/* Serve call `number`; return its result as Linux does. */
typedef int64_t hc_serve(struct hc_call *call, uint32_t number);

/* The same by its row, for a call that is allowed. */
typedef int64_t
hc_serve_row(struct hc_call *call, const struct hc_row *row, uint32_t number);

/* Facts that novillo's own files report; the machine sets them at the start. */
struct hc_world {
	int program; /* its file on the host, or -1 */
	struct hc_span args, env, auxv;
	struct hc_span code, data; /* of the program, as Linux counts them */
	uint64_t stack;            /* from here to the end of memory; 0: none */
	uint64_t stack_from;       /* the first stack pointer */
	bool random_places;
	uint64_t started; /* nanoseconds of CLOCK_BOOTTIME */
	uint32_t uid, gid;
	uint32_t cpus; /* that it sees; 0: those that novillo may use */
	atomic_uint umask;
	uint8_t boot_id[16];    /* random */
	int device[HC_DEVICES]; /* the host's, or -1 */
	/* Read a leaf of the guest's CPUID; NULL: there is none. */
	void (*cpuid)(const struct hc_guest *guest, uint32_t function,
	    uint32_t index, uint32_t reg[4]);
};

#define HC_KEPT 4U /* values of prctl() without an effect */

/* The state that hypercalls act on. */
struct hc_guest {
	/*
	 * Page faults are much of a start's cost, and it touches small members
	 * and little of the arrays.  So small members lie together, between a
	 * structure that ends in such and one that begins with such.  The first
	 * is aligned, or storage before it would move them over pages.
	 */
	_Alignas(PAGE_4K) struct hc_tree tree;
	struct gmem *mem;
	struct space space;
	struct hc_policy policy;
	struct hc_timepage time;
	struct hc_limit limit[HC_LIMITS];
	_Atomic uint32_t limits_set; /* 1 << RLIMIT_*: by the guest */
	bool dumpable, no_new_privs; /* set by prctl() */
	atomic_int kept[HC_KEPT];    /* and other values of it: process.c */
	atomic_int io_priority;      /* set by ioprio_set() */
	_Atomic uint32_t persona;    /* set by personality() */
	atomic_uint pipes;           /* bytes of pipes that were enlarged */
	/* Calls `serve` with a trace line around it; NULL: not traced. */
	int64_t (*traced)(
	    struct hc_call *call, uint32_t number, hc_serve *serve);
	struct hc_trace *trace;
	struct hc_events *events; /* the same as a picture's events, or NULL */
	/* Makes a call by `serve` and records it, or answers it from a
	 * recording; NULL: neither.  Files are then mapped by content. */
	int64_t (*recorded)(struct hc_call *call, const struct hc_row *row,
	    uint32_t number, hc_serve_row *serve);
	/* The same for a reading of the time stamp counter: NULL, or a sentence
	 * that says why the guest cannot go on. */
	const char *(*counted)(
	    struct hc_guest *guest, struct hc_thread *thread, uint64_t *value);
	/* The same for a signal that takes effect on the thread, which is
	 * recorded; or the next that did: false if there is none here. */
	bool (*took)(
	    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info);
	/* The thread has taken all signals that it can take here: NULL, or a
	 * sentence that says why the guest cannot go on. */
	const char *(*took_all)(
	    struct hc_guest *guest, struct hc_thread *thread);
	/* NULL: no thread is preempted. */
	const struct hc_preemption *preemption;
	/* A debugger has held the guest, which goes on now: to a recording no
	 * time has passed.  All threads rest.  NULL: nobody asks. */
	void (*resumed)(struct hc_guest *guest);
	struct hc_recording *recording;
	struct hc_replay *replay;       /* NULL: the guest is not replayed */
	const struct hc_living *living; /* NULL: nor recorded */
	struct hc_world world;
	struct hc_signals signals;
	_Atomic uint64_t count[HYPERCALL_END];
	struct hc_shared_folder shared;
	char exe[HC_PATH];       /* the program, as the guest sees it; or "" */
	struct hc_mapped mapped; /* under the lock of `mem` */
	struct hc_ipc ipc;
	struct hc_fds fds;
};

static inline bool
hc_is_recorded(const struct hc_guest *guest)
{
	return guest->recorded && !guest->replay;
}

/*
 * One call.  The caller fills guest, thread and arg.  A handler reads its own
 * arguments by name, as in call->openat.path; arg[i] is for code that serves
 * any row.  A handler that ends the thread or the guest sets `end`, `status`
 * (an exit status, or the signal that kills the guest) and `why`: what the call
 * did, or for HC_STOPS_GUEST a sentence.
 */
enum hc_end {
	HC_GOES_ON,
	HC_LEAVES_HANDLER, /* rt_sigreturn: registers come from the frame */
	HC_ENDS_THREAD,
	HC_ENDS_GUEST,
	HC_KILLS_GUEST,
	HC_STOPS_GUEST, /* novillo cannot go on */
};

struct hc_call {
	struct hc_guest *guest;
	struct hc_thread *thread;
	union {
		uint64_t arg[HC_ARGS];
#define HYPERCALL(number, name, ...) struct hc_args_##name name;
#include "abi/hypercall.def"
#undef HYPERCALL
	};
	bool own_only; /* allowed only on novillo's own files and descriptors */
	bool denied;   /* not allowed */
	uint64_t sp;   /* the caller's stack pointer */
	enum hc_end end;
	int status;
	const char *why;
};

_Static_assert(offsetof(struct hc_call, own_only) ==
		   offsetof(struct hc_call, arg) + sizeof(uint64_t[HC_ARGS]),
    "no call has more arguments than there are registers for them");

/*
 * Results of an interrupted call; the guest sees only EINTR.  If no handler is
 * to run, the call is made again.  If one is to run:
 *
 *	-EINTR			the result is EINTR
 *	-HC_RESTARTS		with SA_RESTART the call is made again after the
 *				handler, else the result is EINTR
 *	-HC_NOT_MADE		the call had not begun to wait; it is made
 *				again after the handler
 */
#define HC_RESTARTS 512 /* Linux's own ERESTARTSYS */
#define HC_NOT_MADE 513

static inline bool
hc_is_interrupted(int64_t result)
{
	return result == -EINTR || result == -HC_RESTARTS ||
	       result == -HC_NOT_MADE;
}

/*
 * Called by the handler of the kick signal after it has set `kicked`.  If
 * `context`, a ucontext_t, is in a host call that is about to wait, or to
 * restart its wait, the call returns instead.
 */
void hc_host_kicked(void *context);

#endif
