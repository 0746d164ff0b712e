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

#endif
