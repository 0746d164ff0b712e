/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of user code, wherever its vCPU rests: in that code, in a stub
 * of the shim, or in the syscall door.  It must not know why the vCPU rests.
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
 * The registers that the last exit brought, with later changes.  The next entry
 * takes them once vcpu_changed() was called.
 */
struct kvm_regs *vcpu_regs(struct vcpu *vcpu);
void vcpu_changed(struct vcpu *vcpu);

/* Instruction pointer and flags of the user's code, to read and to change:
 * those of the frame if the vCPU rests in a stub. */
uint64_t vcpu_user_rip(struct vcpu *vcpu);
void vcpu_set_user_rip(struct vcpu *vcpu, uint64_t rip);
uint64_t vcpu_user_rflags(struct vcpu *vcpu);
void vcpu_set_user_rflags(struct vcpu *vcpu, uint64_t rflags);

/* The general registers, to read and to change; selectors stay.  TF and RF in
 * them are the user's, not a debugger's. */
void vcpu_user_regs(struct vcpu *vcpu, struct kvm_regs *regs);
void vcpu_set_user_regs(struct vcpu *vcpu, const struct kvm_regs *regs);

/* The user's instruction that such registers belong to: in the syscall door the
 * user's rip is in rcx. */
uint64_t vcpu_place(const struct kvm_regs *regs);

/*
 * All registers of struct user_context, as the user sees them: a vCPU in the
 * door has those that the door will return with.  0 or -errno: -EINVAL for a
 * new rip, FS base or GS base that is not canonical.
 */
int vcpu_user_context(struct vcpu *vcpu, struct user_context *context);
int
vcpu_set_user_context(struct vcpu *vcpu, const struct user_context *context);

/* The vCPU's segments and control registers: those of the shim while it rests
 * there.  0 or -errno. */
int vcpu_sregs(struct vcpu *vcpu, struct kvm_sregs *sregs);
int vcpu_set_sregs(struct vcpu *vcpu, const struct kvm_sregs *sregs);

/*
 * Complete what the last exit left pending, without running the guest, so that
 * the registers are up to date (api.rst, KVM_EXIT_IO).  0 or -errno.
 */
int vcpu_settle(struct vcpu *vcpu);

/* Have KVM report queued traps in run->s.regs.events: exits cost more then.  0
 * or -errno. */
int vcpu_ask_events(struct vcpu *vcpu);

/*
 * The vCPU was kicked after an instruction whose trap is known by where it led:
 * the trap that KVM may have queued is not delivered.  Setting registers drops
 * one that is pending, and not one whose delivery has begun
 * (KVM_SET_VCPU_EVENTS, api.rst).  A trap that has reached its stub stays.
 */
void vcpu_forget_trap(struct vcpu *vcpu);

/*
 * Take a vCPU out of the shim, as if the shim had returned: its registers are
 * the user's from then on.  The door's hypercall has been served, or will be
 * made again (`repeats`).  0 or -errno.
 */
int vcpu_leave_shim(struct vcpu *vcpu, bool repeats);

/* Pass changed registers to KVM now, not at the next entry.  0 or -errno. */
int vcpu_flush(struct vcpu *vcpu);

#endif
