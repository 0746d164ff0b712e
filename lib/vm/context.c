/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's registers.  Nothing here may know why a vCPU rests.
 */
#include "vm/context.h"

#include "vm/cpu.h"
#include "vm/x86.h"

#include <errno.h>

/* The bits of RFLAGS that are the machine's, and hidden from the user. */
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
	return vcpu->flight.frame ? vcpu->flight.frame->rip
				  : vcpu_regs(vcpu)->rip;
}

void
vcpu_set_user_rip(struct vcpu *vcpu, uint64_t rip)
{
	if (vcpu->flight.frame) {
		vcpu->flight.frame->rip = rip;
		return;
	}
	vcpu_regs(vcpu)->rip = rip;
	vcpu_changed(vcpu);
}

uint64_t
vcpu_user_rflags(struct vcpu *vcpu)
{
	return vcpu->flight.frame ? vcpu->flight.frame->rflags
				  : vcpu_regs(vcpu)->rflags;
}

void
vcpu_set_user_rflags(struct vcpu *vcpu, uint64_t rflags)
{
	if (vcpu->flight.frame) {
		vcpu->flight.frame->rflags = rflags;
		return;
	}
	vcpu_regs(vcpu)->rflags = rflags;
	vcpu_changed(vcpu);
}

/* Set what the stub's return will set. */
static void
from_frame(struct kvm_regs *regs, const struct trap_frame *frame)
{
	regs->rip = frame->rip;
	regs->rsp = frame->rsp;
	regs->rflags = frame->rflags;
}

/* Move that part of new registers into the frame: the vCPU stays in its stub,
 * at `rest`. */
static void
put_into_frame(struct trap_frame *frame, struct kvm_regs *regs,
    const struct kvm_regs *rest)
{
	frame->rip = regs->rip;
	frame->rsp = regs->rsp;
	frame->rflags = regs->rflags;
	regs->rip = rest->rip;
	regs->rsp = rest->rsp;
	regs->rflags = rest->rflags;
}

void
vcpu_user_regs(struct vcpu *vcpu, struct kvm_regs *regs)
{
	*regs = *vcpu_regs(vcpu);
	if (vcpu->flight.frame)
		from_frame(regs, vcpu->flight.frame);
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
	if (vcpu->flight.frame)
		put_into_frame(vcpu->flight.frame, regs, &old);
}

/* They come from the last exit if it brought them. */
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

/* The next entry takes them if exits bring them; else KVM gets them at once. */
int
vcpu_set_sregs(struct vcpu *vcpu, const struct kvm_sregs *sregs)
{
	struct kvm_run *run = vcpu->kvm.run;

	if (run->kvm_valid_regs & KVM_SYNC_X86_SREGS) {
		run->s.regs.sregs = *sregs;
		run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
		return 0;
	}
	return kvmcore_set_sregs(&vcpu->kvm, sregs);
}

/*
 * Do to the registers of a vCPU in the door what SYSRET does (SDM vol. 2).  A
 * guest that jumps into the door can have any r11.  IF is set as for any user
 * code; IOPL is the machine's (cpu_set_registers()).
 */
static void
sysret(struct kvm_regs *regs)
{
	regs->rip = regs->rcx;
	regs->rflags = (regs->r11 & RFLAGS_SYSRET) | RFLAGS_FIXED | RFLAGS_IF |
		       RFLAGS_IOPL;
}

uint64_t
vcpu_place(const struct kvm_regs *regs)
{
	return shim_in_door(regs->rip) ? regs->rcx : regs->rip;
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
	if (vcpu->flight.frame) {
		from_frame(&c->regs, vcpu->flight.frame);
		c->cs = vcpu->flight.frame->cs;
		c->ss = vcpu->flight.frame->ss;
	} else if (shim_in_door(c->regs.rip)) {
		cpu_user_segments(&s);
		c->cs = s.cs.selector;
		c->ss = s.ss.selector;
		sysret(&c->regs);
	}
	c->regs.rflags &= ~RFLAGS_OURS;
	return 0;
}

/* Can the processor run with this new value of rip or of a segment's base?  KVM
 * takes any, and fails later: VM entries check them (SDM vol. 3, 26.3.1). */
static bool
can_become(uint64_t from, uint64_t to)
{
	return to == from || x86_is_canonical(to);
}

/*
 * Selectors stay, because user code has the only ones there are.  The machine's
 * flags are kept, and IF is not the user's to change.
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
	if (!can_become(vcpu_user_rip(vcpu), c->regs.rip) ||
	    !can_become(s.fs.base, c->fs_base) ||
	    !can_become(s.gs.base, c->gs_base))
		return -EINVAL;
	*regs = c->regs;
	regs->rflags = (c->regs.rflags & ~ours) | kept;
	vcpu_changed(vcpu);
	if (vcpu->flight.frame)
		put_into_frame(vcpu->flight.frame, regs, &rest);
	if (s.fs.base == c->fs_base && s.gs.base == c->gs_base)
		return 0;
	s.fs.base = c->fs_base;
	s.gs.base = c->gs_base;
	return vcpu_set_sregs(vcpu, &s);
}

int
vcpu_settle(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm.run;
	int r;

	run->immediate_exit = 1;
	r = kvmcore_run(&vcpu->kvm);
	run->immediate_exit = 0;
	/* A kick that came in between is for the run loop. */
	atomic_signal_fence(memory_order_seq_cst);
	if (vcpu->thread.kicked)
		run->immediate_exit = 1;
	return r == -EINTR || r == -EAGAIN ? 0 : r;
}

int
vcpu_ask_events(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm.run;
	const uint64_t asked = run->kvm_valid_regs;
	int r;

	if (asked & KVM_SYNC_X86_EVENTS)
		return 0;
	run->kvm_valid_regs |= KVM_SYNC_X86_EVENTS;
	r = vcpu_settle(vcpu);
	run->kvm_valid_regs = asked;
	return r;
}

/* The next entry reports an error again. */
void
vcpu_forget_trap(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm.run;

	if (vcpu->flight.frame || vcpu_ask_events(vcpu) < 0)
		return;
	run->s.regs.events.exception.injected = 0;
	run->s.regs.events.exception.pending = 0;
	run->kvm_dirty_regs |= KVM_SYNC_X86_EVENTS;
}

static int
enter_user_mode(struct vcpu *vcpu)
{
	struct kvm_sregs sregs;
	int r = vcpu_sregs(vcpu, &sregs);

	if (r < 0 || (sregs.cs.selector & 3) == 3)
		return r;
	cpu_user_segments(&sregs);
	return vcpu_set_sregs(vcpu, &sregs);
}

int
vcpu_leave_shim(struct vcpu *vcpu, bool repeats)
{
	struct kvm_regs *regs = vcpu_regs(vcpu);

	if (vcpu->flight.frame) {
		from_frame(regs, vcpu->flight.frame);
		vcpu->flight.frame = NULL;
	} else if (shim_in_door(regs->rip)) {
		sysret(regs);
		regs->rip -= repeats ? HYPERCALL_GATE_SIZE : 0;
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
	/* Events are set by the next entry. */
	if (r == 0)
		run->kvm_dirty_regs &= KVM_SYNC_X86_EVENTS;
	return r;
}
