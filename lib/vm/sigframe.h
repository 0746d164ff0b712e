/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame in which Linux passes a signal to its handler, on the guest's stack
 * (struct rt_sigframe, arch/x86/include/asm/sigframe.h).  It knows registers
 * and guest memory, and must not know which signal comes or why.
 */
#ifndef SIGFRAME_H
#define SIGFRAME_H

#include "vm/machine.h"

struct sigframe {
	siginfo_t info;
	struct hc_sigaction action; /* its handler, flags, restorer */
	hc_sigset mask;             /* to be restored */
	stack_t stack; /* the stack for handlers, to be restored also */
};

/* The least size of a stack for handlers: a frame fits, wherever it ends. */
uint64_t sigframe_room(const struct machine *m);

/*
 * Save the registers of a vCPU at rest (vcpu_rest()) in a frame, and set them
 * for the handler's start.  0, or -EFAULT: the frame does not fit.
 */
int sigframe_push(struct vcpu *vcpu, const struct sigframe *frame);

/*
 * The reverse, for rt_sigreturn: load the registers and fill in `mask` and
 * `stack`.  0; -EFAULT if the frame cannot be read; -EINVAL if user code
 * cannot run with it, though it has a mask.
 */
int sigframe_pop(struct vcpu *vcpu, struct sigframe *frame);

#endif
