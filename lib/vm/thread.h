/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's threads: each is a vCPU on a host thread of its own.  It must
 * not know why a thread is made, nor who debugs it.
 *
 * The life of a vCPU: it is made for a thread (clone), runs it until that ends
 * itself (exit), is parked together with its host thread, and taken for the
 * next.  vCPU 0 is made with the machine, and its host thread is the one that
 * calls machine_run().
 *
 * The machine is over when its outcome is told or its time is.  Whoever sees
 * that leaves; the first that leaves kicks the others, again and again until
 * all have left, for a kick that comes just before a blocking call is lost.
 */
#ifndef THREAD_H
#define THREAD_H

#include "vm/machine.h"

/* A kick is repeated after so long. */
#define THREAD_KICK_AGAIN_MS 5

/* What struct hc_thread offers to hypercalls. */
int thread_create(struct hc_thread *parent, struct hc_thread **child);
void thread_start(struct hc_thread *child, uint64_t stack, const uint64_t *tls);
bool thread_next(struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME]);

/* Is the machine over? */
bool thread_over(const struct machine *m);

/* Does a thread of the guest live on this vCPU? */
static inline bool
thread_lives(const struct vcpu *vcpu)
{
	return vcpu->state == VCPU_LIVE;
}

/* Give the vCPU a host thread.  0 or -errno. */
int thread_host(struct vcpu *vcpu);

/* On this host thread, run the threads of this vCPU until the machine is
 * over. */
void thread_run(struct vcpu *vcpu);

/*
 * Take the vCPU's host thread out of the guest and out of a blocking call, if
 * it is in one; not itself.  To be called from signal handlers too.
 */
void thread_kick(struct vcpu *vcpu);

/* What struct hc_thread offers: the same, and a thread that kicks itself will
 * not begin to wait. */
void thread_kick_hc(struct hc_thread *thread);

/* The machine is over: wait for all host threads but this one. */
void thread_join(struct machine *m);

#endif
