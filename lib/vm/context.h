/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of the code that the user wrote, wherever its vCPU rests: in
 * that code, in a stub of the monitor, or in the syscall door.  It must not
 * know why it rests.
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "vm/machine.h"

struct user_context {
	struct kvm_regs regs;
	uint64_t cs, ss, ds, es, fs, gs; /* selectors */
	uint64_t fs_base, gs_base;
};

/*
 * The registers as the last exit brought them, with what was changed since.
 * They count at the next entry once vcpu_changed() was called.
 */
struct kvm_regs *vcpu_regs(struct vcpu *vcpu);
void vcpu_changed(struct vcpu *vcpu);

/* Flags, instruction and stack pointer of the user's code, for reading and for
 * changing: of the frame if the vCPU rests in a stub. */
uint64_t vcpu_user_rip(struct vcpu *vcpu);
void vcpu_set_user_rip(struct vcpu *vcpu, uint64_t rip);
uint64_t vcpu_user_rflags(struct vcpu *vcpu);
void vcpu_set_user_rflags(struct vcpu *vcpu, uint64_t rflags);

/* The general registers alone, and the same changed: selectors stay.  With TF
 * and RF, which are the user's own here, and without a debugger's. */
void vcpu_user_regs(struct vcpu *vcpu, struct kvm_regs *regs);
void vcpu_set_user_regs(struct vcpu *vcpu, const struct kvm_regs *regs);

/* All of it.  0 or -errno. */
int vcpu_user_context(struct vcpu *vcpu, struct user_context *context);
int
vcpu_set_user_context(struct vcpu *vcpu, const struct user_context *context);

/* The processor's own segments and control registers: those of the monitor
 * while it rests there.  0 or -errno. */
int vcpu_sregs(struct vcpu *vcpu, struct kvm_sregs *sregs);

/*
 * Complete what the last exit left pending, without running the guest, so that
 * registers are true (api.rst, KVM_EXIT_IO).  0 or -errno.
 */
int vcpu_settle(struct vcpu *vcpu);

/*
 * Take a vCPU that rests in the monitor out of it, as if the monitor had
 * returned: its registers are the user's from then on.  The door's hypercall
 * has been served, or (`again`) will be made again.  0 or -errno.
 */
int vcpu_leave_monitor(struct vcpu *vcpu, bool again);

/* Hand changed registers to KVM at once, not at the next entry.  0 or -errno.
 */
int vcpu_flush(struct vcpu *vcpu);

#endif
