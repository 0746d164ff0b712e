/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of struct hc_thread on the guest's threads, each a vCPU
 * on a host thread of its own (hostthread.h).  It must not know why a thread is
 * made, nor who debugs it.
 */
#ifndef THREAD_H
#define THREAD_H

#include "vm/machine.h"

/* Fill in the operations of the vCPU's struct hc_thread. */
void thread_init(struct vcpu *vcpu);

/* For a snapshot, while all rest: take the vCPU from its thread; give it to a
 * thread, whose registers follow when it has come to rest. */
void thread_take(struct vcpu *vcpu);
void thread_give(struct vcpu *vcpu, const struct hc_thread *thread);

#endif
