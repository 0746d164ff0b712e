/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest machine: its memory, its vCPUs and its outcome.  It must not know the
 * command line, nor who debugs it.
 *
 * All state of the machine lives in these structures, in guest RAM and in KVM's
 * vCPUs.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "hypercall/core/hypercall.h"
#include "image/image.h"
#include "kvmcore/kvmcore.h"
#include "mem/gmem.h"
#include "vm/debug.h"
#include "vm/flight.h"
#include "vm/meet.h"
#include "vm/plant.h"
#include "vm/shim.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MACHINE_VCPUS 256 /* threads that a guest can have at once */

#define MACHINE_MIN_MEMORY (UINT64_C(1) << 20)
#define MACHINE_MAX_MEMORY (UINT64_C(1) << 40)

/* Addresses that a guest has beyond its memory, to reserve for heap arenas and
 * guards.  With the default memory they end below 2^36, which every processor
 * with KVM can address. */
#define MACHINE_SPARE (UINT64_C(32) << 30)

/* KVM gets RAM in slots of this size when they are first used; it gets the
 * last, which is smaller, at once.  A KVM without hardware that
 * translates addresses keeps a record for each page, so the first slot is two:
 * most programs use only its beginning. */
#define MACHINE_SLOT       (UINT64_C(128) << 20)
#define MACHINE_FIRST_SLOT (UINT64_C(16) << 20)
#define MACHINE_LAST_SLOT  (UINT64_C(32) << 20)
#define MACHINE_FLAT_SLOT  (UINT64_C(8) << 20) /* the last of a flat image */

#define MACHINE_SLOTS ((MACHINE_MAX_MEMORY + MACHINE_SPARE) / MACHINE_SLOT + 2)

/* Below the stack: a frame that overflows it faults here. */
#define MACHINE_STACK_GUARD (16 * PAGE_4K)

/* One sentence without newline: what failed and why. */
struct machine_error {
	char text[256];
};

/* How a guest ended. */
enum outcome_kind {
	OUTCOME_RUNNING, /* not yet */
	OUTCOME_EXIT,    /* it exited: `code` is its exit status */
	OUTCOME_SIGNAL,  /* a signal ended it: `code` is its number */
	OUTCOME_KILLED,  /* the same, but the signal was sent to novillo */
	OUTCOME_TIMEOUT, /* it exceeded its time */
	OUTCOME_FAILED,  /* novillo or KVM could not go on: see `text` */
};

struct outcome {
	/* Written once, after the rest, which is valid from then on. */
	_Atomic enum outcome_kind kind;
	int code;
	char text[256]; /* the reason, in one sentence, or "" */
};

/* Did a signal end the guest? */
static inline bool
outcome_is_signal(const struct outcome *end)
{
	return end->kind == OUTCOME_SIGNAL || end->kind == OUTCOME_KILLED;
}

#define MACHINE_TIME_IS_UP (-1)
#define MACHINE_PAGE_LOST  (-2)

struct machine;

/* Exit reasons that are counted, for --stats. */
#define MACHINE_EXITS 64

#define MACHINE_CPUID 256 /* leaves of CPUID, at most */

/* KVM cannot destroy a vCPU: one without a thread waits for the next. */
enum vcpu_state {
	VCPU_PARKED, /* it has no thread of the guest */
	VCPU_TAKEN,  /* its thread is being made */
	VCPU_LIVE,
	VCPU_ENDED, /* its thread has ended, which is being reported */
};

/* The host thread of a vCPU. */
enum host_state {
	HOST_NONE, /* not made yet, or joined */
	HOST_RUNS,
	HOST_LEFT, /* it has seen that the machine is over */
};

struct vcpu {
	struct kvmcore_vcpu kvm;
	struct machine *machine;
	unsigned id;
	struct hc_thread thread;
	pthread_t host; /* the host thread that runs it */
	_Atomic enum host_state host_state;
	_Atomic enum vcpu_state state;
	pthread_cond_t born; /* it is live, or the machine is over */
	uint64_t changes;    /* gmem_changes() when memory was last missing */
	struct flight flight;
	uint32_t served; /* what the last exit was for: profile.h */
	uint64_t runs;   /* entries into the guest */
	uint64_t exits[MACHINE_EXITS];
	struct plant plant;
	/* Recording under a debugger: steps on the way to a position, and what
	 * they wrote. */
	unsigned steps;
	struct hc_position position;
	struct debug_vcpu debug;
	struct debug_lending lending;
};

/* What CPUID shows to a guest: struct kvm_cpuid2, which ends in a flexible
 * array, with room. */
struct machine_cpuid {
	uint32_t nent;
	uint32_t padding;
	struct kvm_cpuid_entry2 entries[MACHINE_CPUID];
};

struct machine {
	/* Small members lie together, as in struct hc_guest. */
	struct gmem mem;
	int kvm;
	int vm;
	uint8_t *mapping; /* RAM, shim and tables, between guard pages */
	uint64_t mapping_size;
	uint8_t *shim;   /* host address of the shim's pages */
	uint64_t memory; /* bytes of RAM that may be in use */
	_Atomic enum door_tail door;
	bool fsgsbase;      /* user code may use RDFSBASE and so on */
	uint64_t xcr0;      /* its value; 0: KVM has no XSAVE */
	uint64_t xfeatures; /* state components that KVM_GET_XSAVE holds */
	struct image image;
	struct image interp;     /* its interpreter; no segments: it has none */
	const char *interp_name; /* in the guest's tree */
	uint64_t stack_bottom;
	uint64_t auxv, auxv_size; /* the auxiliary vector on the stack */
	/* Moves the guest's places, if not 0: 20 bits the image, 20 what is
	 * mapped, 9 the break, the highest 15 the stack. */
	uint64_t random;
	bool vdso;                 /* the guest is to have one */
	bool same_counter;         /* its time stamp counter is the host's */
	uint64_t vdso_at;          /* 0: there is none */
	struct clock_page *clocks; /* as the VMM writes it, or NULL */
	pthread_mutex_t ending;    /* two threads may want to end the guest at
				 * once */
	struct outcome outcome;
	uint64_t stopped_at;  /* the instruction at which novillo stopped it */
	struct vcpu *culprit; /* whose trap caused the outcome, or NULL */
	/* A signal handler has decided the end: MACHINE_TIME_IS_UP,
	 * MACHINE_PAGE_LOST, or the number of a signal.  The outcome follows:
	 * machine_settle_end(). */
	_Atomic int ended_by;
	struct profile *profile;       /* NULL: the guest is not sampled */
	struct exit_lines *exit_lines; /* NULL: exits are not shown */
	struct meet meet;
	struct window window; /* of its trampoline, or of a plant's */
	uint64_t slots[MACHINE_SLOTS / 64 + 1]; /* those that KVM has */
	struct machine_cpuid cpuid;
	struct hc_guest guest;
	struct debug debug;
	/* The threads.  The lock protects what follows, the states of vCPUs,
	 * and struct debug. */
	pthread_mutex_t lock;
	pthread_cond_t left; /* signalled when a host thread has left */
	bool gathering;      /* a host thread waits for all to leave */
	unsigned live;
	int last_tid;
	int main_status; /* exit status of the first thread, if it has ended */
	_Atomic unsigned vcpus;
	struct vcpu vcpu[MACHINE_VCPUS];
};

static inline struct vcpu *
vcpu_of(struct hc_thread *thread)
{
	return (struct vcpu *)(void *)((char *)thread -
				       offsetof(struct vcpu, thread));
}

/* Does a thread of the guest live on this vCPU? */
static inline bool
thread_lives(const struct vcpu *vcpu)
{
	return vcpu->state == VCPU_LIVE;
}

/* The vCPU of the thread of this number, which lives; NULL: none does. */
struct vcpu *machine_thread(struct machine *m, int tid);

static inline bool
machine_is_over(const struct machine *m)
{
	return m->outcome.kind != OUTCOME_RUNNING || m->ended_by;
}

/*
 * Make the guest's own state, before its machine: volumes can be mounted, files
 * can be opened.  Without it machine_create() makes a guest that has nothing
 * and may make no call.  *m must be all zero, like static storage and after
 * machine_destroy(): most of it is never touched.
 */
void machine_init(struct machine *m);

/*
 * Create the machine on an open /dev/kvm, which stays the caller's, with
 * `memory` bytes (whole pages) and one vCPU, in *m that is all zero, like fresh
 * static storage, or from machine_init(), but for m->image: a flat image gets
 * less.  It belongs to this process, and not to a child.  0, or -errno with
 * *error filled in; machine_destroy() is right in both cases.  It leaves *m as
 * it is.
 */
int machine_create(
    struct machine *m, int kvm, uint64_t memory, struct machine_error *error);
void machine_destroy(struct machine *m);

/* The guest addresses of a machine with `memory` bytes, on a host that does not
 * limit them; `flat`: for a flat image. */
uint64_t machine_addresses(uint64_t memory, bool flat);

/* The bytes that KVM has in a slot < MACHINE_SLOTS: 0 until it was given them;
 * and where they begin. */
uint64_t machine_slot(const struct machine *m, unsigned slot, uint64_t *at);

/* Write the descriptor of each vCPU into fds[m->vcpus]; returns how many. */
unsigned machine_descriptors(const struct machine *m, int *fds);

/* Add a parked vCPU, which cpu_init() has to follow; there are fewer than
 * MACHINE_VCPUS.  0, or -errno with *error filled in. */
int machine_add_vcpu(struct machine *m, struct machine_error *error);

/*
 * Would a machine with `memory` bytes have room for the image?  A host that
 * limits addresses may have less.  0, or -ENOEXEC with *error filled in.
 */
int machine_fits(
    const struct image *image, uint64_t memory, struct machine_error *error);

/*
 * Load `m->image` from its file `fd`, and make the address space: the segments,
 * the break after them, the stack at the top of RAM.  If there is `m->interp`,
 * it is loaded from `interp` below the stack, and the guest will start in it.
 * 0, or -errno with *error filled in.
 */
int machine_load(
    struct machine *m, int fd, int interp, struct machine_error *error);

/*
 * Lay out argc, argv, envp and the auxiliary vector as the psABI says
 * (x86-64 psABI 3.4.1) and let vCPU 0 start there.  `execname` is AT_EXECFN.
 * 0, or -errno with *error filled in.
 */
int machine_set_start(struct machine *m, const char *execname, char **argv,
    char **envp, struct machine_error *error);

/* The end of what the first stack starts with: that of RAM, or below it where
 * places are random. */
uint64_t machine_stack_end(const struct machine *m);

/*
 * The stack pointer with which vCPU 0 starts.  machine_replace_stack() changes
 * it: the caller has written the memory from there on.
 */
uint64_t machine_start_stack(const struct machine *m);
void machine_replace_stack(struct machine *m, uint64_t sp);

/*
 * Run until the guest has ended; m->outcome says how.  This host thread runs
 * the guest's first thread.
 */
void machine_run(struct machine *m);

/*
 * The same for a debugger, whose thread goes on with debug_poll(): start the
 * guest's first thread on a host thread of its own, at rest (`stopped`) or
 * running.  0 or -errno.  After EVENT_ENDED, wait for the host threads.
 */
int machine_start(struct machine *m, bool stopped);
void machine_join(struct machine *m);

/* Can one host thread take another out of the guest and of a call?  0, or
 * -errno of a sandbox around novillo that forbids the signal. */
int machine_check_kicks(void);

/*
 * Let the guest end with OUTCOME_TIMEOUT as soon as its threads are out of the
 * guest and of blocking calls.  Signal handlers and other threads may call
 * this.
 */
void machine_time_out(struct machine *m);

/* The same with OUTCOME_KILLED by `signal`.  The machine has a debugger's
 * thread, which repeats the kicks. */
void machine_kill(struct machine *m, int signal);

/* For the handler of SIGBUS: novillo's own access found no page at the host's
 * address `at`.  If that is guest memory, the guest ends as by SIGBUS. */
void machine_lose_page(struct machine *m, const void *at);

/* Would the guest, which runs, end by this signal to novillo, with no debugger
 * that is asked first?  For signal handlers. */
bool machine_ends_by(const struct machine *m, int signal);

/*
 * Pass a signal that was sent to novillo on to the guest: from its handler,
 * with its ucontext_t.  Signal 0 means that a timer of the guest has expired.
 */
void machine_signal(struct machine *m, int signal, void *context);

#endif
