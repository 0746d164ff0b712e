/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest spends its processor time: samples of every vCPU's rip and
 * frame chain at a rate, without the guest's help.  It must not know symbols,
 * nor how samples are shown.
 *
 * A thread of novillo's own, the sampler, looks at each vCPU at each tick:
 *
 *	APART --enters the guest--> INSIDE --exit--> SERVED --enters--> INSIDE
 *
 * INSIDE: the vCPU is kicked, and takes the sample itself when it has left the
 * guest.  SERVED: a hypercall, or other work of novillo's for it, is going on.
 * The sample is due when the vCPU enters the guest again, unless its host
 * thread has waited meanwhile: waits are not counted.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "vm/machine.h"

#define PROFILE_RATE      997 /* samples a second, by default */
#define PROFILE_RATE_MOST 10000
#define PROFILE_DEPTH     64U    /* frames of a sample */
#define PROFILE_STACKS    8192U  /* different samples that are stored */
#define PROFILE_FRAMES    131072 /* and their frames */
/* A host thread has waited if it ran for less than half of the time since the
 * tick, but for this much, which the sampler itself may have taken. */
#define PROFILE_SLACK_NS 20000

/* A sample that ends in no hypercall, and one that ends in other work. */
#define PROFILE_GUEST UINT32_MAX
#define PROFILE_VMM   (UINT32_MAX - 1)

/* Samples of one kind. */
struct profile_stack {
	uint64_t count;
	uint32_t first, frames; /* in frame[]: the innermost first */
	uint32_t call;          /* a hypercall's number, or as above */
	char thread[HC_THREAD_NAME];
};

enum profile_state {
	PROFILE_APART,
	PROFILE_INSIDE,
	PROFILE_SERVED,
};

/* A vCPU's part, which the lock protects. */
struct profile_vcpu {
	pthread_mutex_t lock;
	enum profile_state state;
	clockid_t clock; /* of the host thread's processor time */
	bool wanted;     /* a kick is on its way for a sample */
	bool ticked;     /* a tick came while SERVED: at `wall` and `cpu` */
	uint64_t due;    /* samples of earlier ticks while SERVED */
	int64_t wall, cpu;
};

struct profile {
	struct machine *machine;
	unsigned rate;
	pthread_t sampler;
	bool sampling;
	pthread_mutex_t lock; /* of what follows, which vCPUs share */
	pthread_cond_t ended;
	bool ends;
	uint64_t samples, lost; /* lost: their stacks did not fit */
	uint32_t stacks, frames;
	struct profile_vcpu vcpu[MACHINE_VCPUS];
	struct profile_stack stack[PROFILE_STACKS];
	uint32_t slot[2 * PROFILE_STACKS]; /* by hash: 1 + its stack, or 0 */
	uint64_t frame[PROFILE_FRAMES];
};

/* Sample `m` from now on, with storage that is all zero.  It starts a thread: a
 * sandbox has been entered.  0 or -errno. */
int profile_start(struct profile *profile, struct machine *m, unsigned rate);

/* The guest's threads run no more: end, and take what is due. */
void profile_stop(struct profile *profile);

/* For the run loop: the vCPU enters the guest, and has left it. */
void profile_enter(struct vcpu *vcpu);
void profile_leave(struct vcpu *vcpu);

#endif
