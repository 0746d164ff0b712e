/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest machine: memory, vCPUs and what became of it.  It must not know the
 * command line, nor who debugs it.
 *
 * Everything that is the machine's state lives in these structures, in guest
 * RAM and in the vCPUs.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "hypercall/hypercall.h"
#include "image/image.h"
#include "kvmcore/kvmcore.h"
#include "mem/gmem.h"
#include "vm/debug.h"
#include "vm/monitor.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define MACHINE_VCPUS 256 /* so many threads a guest can have at once */

#define MACHINE_MIN_MEMORY (UINT64_C(1) << 20)
#define MACHINE_MAX_MEMORY (UINT64_C(1) << 40)

/* Addresses that a guest has beyond its memory, for what it only reserves: heap
 * arenas, guards.  With the default memory they end below 2^36, which every
 * processor with KVM can address. */
#define MACHINE_SPARE (UINT64_C(32) << 30)

/* KVM is given RAM in pieces of so much, when they are first used: the first
 * and the last at once, which is smaller.  Where it has no hardware to
 * translate addresses it keeps a record for each page it is given. */
#define MACHINE_SLOT      (UINT64_C(128) << 20)
#define MACHINE_LAST_SLOT (UINT64_C(32) << 20)
#define MACHINE_SLOTS     ((MACHINE_MAX_MEMORY + MACHINE_SPARE) / MACHINE_SLOT + 1)

/* One sentence without newline: what failed and why. */
struct machine_error {
	char text[256];
};

/* How a guest ended. */
enum outcome_kind {
	OUTCOME_RUNNING, /* not yet */
	OUTCOME_EXIT,    /* by itself: `code` is its exit status */
	OUTCOME_SIGNAL, /* by a fault: `code` is the signal Linux would raise */
	OUTCOME_TIMEOUT, /* its time was over */
	OUTCOME_FAILED,  /* novillo or KVM could not go on: see `text` */
};

struct outcome {
	/* Written last, and once: who sees it may read the rest. */
	_Atomic enum outcome_kind kind;
	int code;
	char text[256]; /* why, in one sentence; empty for OUTCOME_EXIT */
};

/* A fault, as the processor told it. */
struct trap {
	unsigned vector;
	uint64_t error;
	uint64_t address; /* CR2, of a page fault */
};

struct machine;

/* For --stats: how often the guest left, by reason. */
#define MACHINE_EXITS 64

/* A vCPU cannot be destroyed: one without a thread waits for the next. */
enum vcpu_state {
	VCPU_PARKED, /* no thread of the guest is on it */
	VCPU_TAKEN,  /* one is being made */
	VCPU_LIVE,
};

struct vcpu {
	struct kvmcore_vcpu kvm;
	struct machine *machine;
	unsigned id;
	struct hc_thread thread;
	pthread_t host; /* the host thread it runs on, once it is on one */
	_Atomic bool hosted;
	_Atomic enum vcpu_state state;
	pthread_cond_t born; /* it is live now, or the machine is over */
	bool ended;          /* its thread has ended itself */
	int status;          /* and its exit status */
	bool out;            /* its host thread is done: the machine is over */
	uint64_t flushes;    /* gmem_flushes() when memory was missing */
	/* While it rests in a stub of the monitor: the interrupted context. */
	struct trap_frame *frame;
	struct trap trap; /* of that frame, or of the last fault */
	bool faulted;     /* `trap` is what `raised` tells of */
	bool served;      /* the last exit was a hypercall's OUT */
	bool again;       /* it stands before a call that was interrupted */
	/* The result of a call that was interrupted: what becomes of it has to
	 * be decided (hc_is_interrupted()); or 0. */
	int64_t unfinished;
	siginfo_t raised; /* by the thread's own fault, not yet delivered */
	bool attend;      /* one of these two: see deliver() */
	uint64_t runs;    /* entries into the guest */
	uint64_t exits[MACHINE_EXITS];
	struct debug_vcpu debug;
};

struct machine {
	int kvm;
	int vm;
	struct gmem mem;
	uint8_t *mapping; /* RAM, monitor and tables, between guard pages */
	uint64_t mapping_size;
	uint8_t *monitor; /* host address of the monitor's pages */
	uint64_t memory;  /* how much of RAM may be filled */
	uint64_t slots[MACHINE_SLOTS / 64 + 1]; /* what KVM was given */
	_Atomic enum door_tail door;
	bool fsgsbase;      /* user code may use RDFSBASE and so on */
	uint64_t xcr0;      /* what we set it to; 0: KVM offers no XSAVE */
	uint64_t xfeatures; /* state components KVM_GET_XSAVE holds */
	struct image image;
	uint64_t stack_bottom;
	uint64_t auxv, auxv_size; /* the auxiliary vector on the stack */
	struct hc_guest guest;
	/* Of the threads: the lock is for all that is said of them here, in
	 * the state of a vCPU, and in struct debug. */
	pthread_mutex_t lock;
	pthread_cond_t left; /* a host thread is done */
	bool gathering;      /* somebody waits for all to be done */
	unsigned live;
	int last_tid;
	int main_status; /* of the first thread, if it has ended itself */
	_Atomic unsigned vcpus;
	struct vcpu vcpu[MACHINE_VCPUS];
	struct outcome outcome;
	struct vcpu *culprit; /* whose fault the outcome is, or NULL */
	/* End novillo as the signal would that it was sent; may return. */
	void (*die)(int signal);
	volatile sig_atomic_t timed_out;
	struct debug debug;
};

/*
 * Create the machine on an open /dev/kvm, which stays the caller's, with
 * `memory` bytes to fill (whole pages) and one vCPU.  *m is all zero before, as
 * static storage is and as machine_destroy() leaves it: most of it is never
 * touched.  0, or -errno with *error told; machine_destroy() is right in both
 * cases.
 */
int machine_create(
    struct machine *m, int kvm, uint64_t memory, struct machine_error *error);
void machine_destroy(struct machine *m);

/* One more vCPU, parked, not yet told what it starts with.  0 or -errno. */
int machine_add_vcpu(struct machine *m, struct machine_error *error);

/*
 * Load `m->image` from `fd`, which holds it, and make the address space: its
 * segments, the break behind them, the stack at the top of RAM.
 */
int machine_load(struct machine *m, int fd, struct machine_error *error);

/*
 * Lay out argc, argv, envp and the auxiliary vector as the psABI says
 * (x86-64 psABI 3.4.1) and let vCPU 0 start there.  `execname` is AT_EXECFN.
 */
int machine_set_start(struct machine *m, const char *execname, char **argv,
    char **envp, struct machine_error *error);

/*
 * Run until the guest has ended, its first thread on this host thread;
 * m->outcome says how.
 */
void machine_run(struct machine *m);

/*
 * From a signal handler or another thread: let the guest end with
 * OUTCOME_TIMEOUT as soon as it is out of the guest or of a blocking call.
 */
void machine_time_out(struct machine *m);

/*
 * From the handler of a signal that was sent to novillo, with its ucontext_t:
 * it is the guest's.  0: some timer of the guest's has run out.
 */
void machine_signal(struct machine *m, int signal, void *context);

#endif
