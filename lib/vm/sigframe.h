/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame in which Linux hands a signal to its handler, on the guest's stack
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
	stack_t stack;              /* the stack for handlers, and to be that */
};

/*
 * Put the registers of a vCPU at rest (vcpu_rest()) into a frame, and let them
 * be those of the handler's start.  0, or -EFAULT: there is no place for it.
 */
int sigframe_push(struct vcpu *vcpu, const struct sigframe *frame);

/*
 * The reverse, in rt_sigreturn: `mask` and `stack` are filled.  -EFAULT: there
 * is no frame; -EINVAL: it has its mask, but user code cannot run with it.
 */
int sigframe_pop(struct vcpu *vcpu, struct sigframe *frame);

#endif
