/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host threads: each runs the guest's threads that live on one vCPU, one after
 * the other.  It must not know why a thread is made.
 *
 * The life of a vCPU: it is made for a thread (clone), runs it until that ends
 * itself (exit), is parked together with its host thread, and taken for the
 * next thread.  vCPU 0 is made with the machine, and its host thread is the
 * caller of machine_run(), or a new one for machine_start().
 *
 * The machine is over when it has an outcome or its time is up.  A host thread
 * that sees that leaves; the first that leaves kicks the others until all have
 * left.
 */
#ifndef HOSTTHREAD_H
#define HOSTTHREAD_H

#include "vm/machine.h"

/* Give the vCPU a host thread.  0 or -errno. */
int hostthread_start(struct vcpu *vcpu);

#endif
