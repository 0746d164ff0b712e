/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's registers.  Nothing here may know why a vCPU rests.
 */
#include "vm/context.h"

#include "vm/cpu.h"
#include "vm/x86.h"

#include <errno.h>

/* Of RFLAGS, what is the machine's and not the user's to see. */
#define RFLAGS_OURS ((uint64_t)(RFLAGS_IOPL | RFLAGS_RF | RFLAGS_TF))

struct kvm_regs *
vcpu_regs(struct vcpu *vcpu)
{
	return &vcpu->kvm.run->s.regs.regs;
}

void
vcpu_changed(struct vcpu *vcpu)
{
	vcpu->kvm.run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
}

uint64_t
vcpu_user_rip(struct vcpu *vcpu)
{
	return vcpu->frame ? vcpu->frame->rip : vcpu_regs(vcpu)->rip;
}

void
vcpu_set_user_rip(struct vcpu *vcpu, uint64_t rip)
{
	if (vcpu->frame) {
		vcpu->frame->rip = rip;
		return;
	}
	vcpu_regs(vcpu)->rip = rip;
	vcpu_changed(vcpu);
}

uint64_t
vcpu_user_rflags(struct vcpu *vcpu)
{
	return vcpu->frame ? vcpu->frame->rflags : vcpu_regs(vcpu)->rflags;
}

void
vcpu_set_user_rflags(struct vcpu *vcpu, uint64_t rflags)
{
	if (vcpu->frame) {
		vcpu->frame->rflags = rflags;
		return;
	}
	vcpu_regs(vcpu)->rflags = rflags;
	vcpu_changed(vcpu);
}

void
vcpu_user_regs(struct vcpu *vcpu, struct kvm_regs *regs)
{
	*regs = *vcpu_regs(vcpu);
	if (vcpu->frame) {
		regs->rip = vcpu->frame->rip;
		regs->rsp = vcpu->frame->rsp;
		regs->rflags = vcpu->frame->rflags;
	}
	regs->rflags &= ~(uint64_t)RFLAGS_IOPL;
	if (vcpu->debug.traced)
		regs->rflags &= ~(uint64_t)RFLAGS_TF;
}

void
vcpu_set_user_regs(struct vcpu *vcpu, const struct kvm_regs *new)
{
	const uint64_t ours = RFLAGS_IOPL | RFLAGS_IF | RFLAGS_FIXED;
	uint64_t rflags = (new->rflags & ~ours) |
			  (vcpu_user_rflags(vcpu) & ours);
	struct kvm_regs *regs = vcpu_regs(vcpu);
	const struct kvm_regs old = *regs;

	*regs = *new;
	regs->rflags = rflags;
	vcpu->debug.traced = false;
	vcpu_changed(vcpu);
	if (!vcpu->frame)
		return;
	vcpu->frame->rip = new->rip;
	vcpu->frame->rsp = new->rsp;
	vcpu->frame->rflags = rflags;
	regs->rip = old.rip;
	regs->rsp = old.rsp;
	regs->rflags = old.rflags;
}

/* From the exit if it brought them. */
int
vcpu_sregs(struct vcpu *vcpu, struct kvm_sregs *sregs)
{
	const struct kvm_run *run = vcpu->kvm.run;

	if (run->kvm_valid_regs & KVM_SYNC_X86_SREGS) {
		*sregs = run->s.regs.sregs;
		return 0;
	}
	return kvmcore_get_sregs(&vcpu->kvm, sregs);
}

/*
 * To be handed over at the next entry, or at once: an entry that was not told
 * to bring segments along does not take them either.
 */
static int
write_sregs(struct vcpu *vcpu, const struct kvm_sregs *sregs)
{
	struct kvm_run *run = vcpu->kvm.run;

	if (run->kvm_valid_regs & KVM_SYNC_X86_SREGS) {
		run->s.regs.sregs = *sregs;
		run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
		return 0;
	}
	return kvmcore_set_sregs(&vcpu->kvm, sregs);
}

int
vcpu_user_context(struct vcpu *vcpu, struct user_context *c)
{
	struct kvm_sregs s;
	int r = vcpu_sregs(vcpu, &s);

	if (r < 0)
		return r;
	*c = (struct user_context){
		.regs = *vcpu_regs(vcpu),
		.cs = s.cs.selector,
		.ss = s.ss.selector,
		.ds = s.ds.selector,
		.es = s.es.selector,
		.fs = s.fs.selector,
		.gs = s.gs.selector,
		.fs_base = s.fs.base,
		.gs_base = s.gs.base,
	};
	if (vcpu->frame) {
		c->regs.rip = vcpu->frame->rip;
		c->regs.rsp = vcpu->frame->rsp;
		c->regs.rflags = vcpu->frame->rflags;
		c->cs = vcpu->frame->cs;
		c->ss = vcpu->frame->ss;
	}
	c->regs.rflags &= ~RFLAGS_OURS;
	return 0;
}

/*
 * Selectors stay: user code has the only ones there are.  Of the flags the
 * machine's are kept, and the user cannot switch interrupts on.
 */
int
vcpu_set_user_context(struct vcpu *vcpu, const struct user_context *c)
{
	const uint64_t ours = RFLAGS_OURS | RFLAGS_IF | RFLAGS_FIXED;
	uint64_t kept = vcpu_user_rflags(vcpu) & ours;
	struct kvm_regs *regs = vcpu_regs(vcpu);
	struct kvm_regs rest = *regs;
	struct kvm_sregs s;
	int r = vcpu_sregs(vcpu, &s);

	if (r < 0)
		return r;
	*regs = c->regs;
	regs->rflags = (c->regs.rflags & ~ours) | kept;
	vcpu_changed(vcpu);
	if (vcpu->frame) {
		vcpu->frame->rip = regs->rip;
		vcpu->frame->rsp = regs->rsp;
		vcpu->frame->rflags = regs->rflags;
		regs->rip = rest.rip;
		regs->rsp = rest.rsp;
		regs->rflags = rest.rflags;
	}
	if (s.fs.base == c->fs_base && s.gs.base == c->gs_base)
		return 0;
	s.fs.base = c->fs_base;
	s.gs.base = c->gs_base;
	return write_sregs(vcpu, &s);
}

int
vcpu_settle(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm.run;
	int r;

	run->immediate_exit = 1;
	r = kvmcore_run(&vcpu->kvm);
	run->immediate_exit = 0;
	/* A kick that came meanwhile is for the run loop. */
	atomic_signal_fence(memory_order_seq_cst);
	if (vcpu->thread.kicked)
		run->immediate_exit = 1;
	return r == -EINTR || r == -EAGAIN ? 0 : r;
}

static int
enter_user_mode(struct vcpu *vcpu)
{
	struct kvm_sregs sregs;
	int r = vcpu_sregs(vcpu, &sregs);

	if (r < 0 || (sregs.cs.selector & 3) == 3)
		return r;
	cpu_user_segments(&sregs);
	return write_sregs(vcpu, &sregs);
}

int
vcpu_leave_monitor(struct vcpu *vcpu, bool again)
{
	struct kvm_regs *regs = vcpu_regs(vcpu);

	if (vcpu->frame) {
		regs->rip = vcpu->frame->rip;
		regs->rsp = vcpu->frame->rsp;
		regs->rflags = vcpu->frame->rflags;
		vcpu->frame = NULL;
	} else if (monitor_in_door(regs->rip)) {
		/* As SYSRET would (SDM vol. 2): from rcx and r11. */
		regs->rip = regs->rcx - (again ? HYPERCALL_GATE_SIZE : 0);
		regs->rflags = regs->r11 | RFLAGS_IOPL;
	} else {
		return 0;
	}
	vcpu_changed(vcpu);
	return enter_user_mode(vcpu);
}

int
vcpu_flush(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm.run;
	int r = 0;

	if (run->kvm_dirty_regs & KVM_SYNC_X86_SREGS)
		r = kvmcore_set_sregs(&vcpu->kvm, &run->s.regs.sregs);
	if (r == 0 && (run->kvm_dirty_regs & KVM_SYNC_X86_REGS))
		r = kvmcore_set_regs(&vcpu->kvm, &run->s.regs.regs);
	if (r == 0)
		run->kvm_dirty_regs = 0;
	return r;
}
