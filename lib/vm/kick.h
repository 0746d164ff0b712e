/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kicks: taking a host thread out of KVM_RUN and out of blocking calls.  It
 * must not know why.
 *
 * A kick that comes just before a blocking call is lost, so it is repeated
 * until it has had its effect.
 */
#ifndef KICK_H
#define KICK_H

#include "vm/machine.h"

#define KICK_AGAIN_MS 5 /* after which a kick is repeated */

/* The signal that is a kick.  Linux on x86-64 never sends it, and no guest
 * receives it. */
#define KICK_SIGNAL HC_KICK

/* Install the handlers of KICK_SIGNAL and of the guest's timers.  0 or
 * -errno. */
int kick_expect(void);

/* The vCPU that this host thread runs, or NULL. */
void kick_set_current(struct vcpu *vcpu);
struct vcpu *kick_current(void);

/* Kick the vCPU's host thread, unless it is this one.  Signal handlers may call
 * this. */
void kick_vcpu(struct vcpu *vcpu);

/* The same for struct hc_thread; a thread that kicks itself does not begin to
 * wait. */
void kick_thread(struct hc_thread *thread);

/* Kick a host thread, also one that is not a vCPU's own. */
void kick_host_thread(pthread_t thread);

/* Forget earlier kicks.  Call this before looking for their reasons, so that a
 * later kick is not lost. */
void kick_forget(struct vcpu *vcpu);

#endif
