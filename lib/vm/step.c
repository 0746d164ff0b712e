/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps and breakpoints of one vCPU.  Nothing here may know the other vCPUs.
 */
#include "vm/step.h"

#include "vm/context.h"
#include "vm/trap.h"
#include "vm/x86.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_PF 14

#define DR6_REGISTERS UINT64_C(0x0f) /* B0 to B3, SDM vol. 3, 17.2.3 */

/*
 * Some processors report a step without having made it, when the instruction
 * met a page that had to be mapped first.  It is tried again this often.
 */
#define STEP_TRIES 8

static void
raise_event(struct vcpu *vcpu, enum debug_event_kind kind)
{
	const struct debug_event event = { .kind = kind };

	debug_raise(vcpu, &event);
}

static uint64_t
user_rsp(const struct vcpu *vcpu)
{
	return vcpu->frame ? vcpu->frame->rsp : vcpu->kvm.run->s.regs.regs.rsp;
}

/*
 * Has the instruction been made?  What leaves rip where it was, a round of a
 * repeated one, a loop, call or return to itself, changes rcx or rsp.  Only a
 * jump to itself changes nothing: made more often it is still the same.
 */
static bool
has_moved(struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;

	return vcpu_user_rip(vcpu) != v->from ||
	       vcpu_regs(vcpu)->rcx != v->from_rcx ||
	       user_rsp(vcpu) != v->from_rsp;
}

/* An OUT or `syscall` may be a hypercall, which takes its time. */
bool
step_may_block(struct vcpu *vcpu)
{
	uint8_t code[4] = { 0 };
	const uint8_t *last = code + sizeof(code) - 1;
	const uint8_t *op;

	breaks_read(&vcpu->machine->debug.breaks, vcpu_user_rip(vcpu), code,
	    sizeof(code));
	op = trap_skip_prefixes(code, last);
	return (*op & 0xf6) == 0xe6 || (*op & 0xfe) == 0x6e ||
	       (*op == 0x0f && (op == last || op[1] == 0x05));
}

static bool
is_stepping(const struct vcpu *vcpu)
{
	return vcpu->debug.want == WANT_STEP ||
	       vcpu->debug.want == WANT_RANGE ||
	       vcpu->machine->debug.alone == vcpu;
}

bool
step_in_range(struct vcpu *vcpu)
{
	uint64_t rip = vcpu_user_rip(vcpu);

	return rip >= vcpu->debug.lo && rip < vcpu->debug.hi;
}

static void
set_trace(struct vcpu *vcpu, bool on)
{
	uint64_t rflags = vcpu_user_rflags(vcpu);

	if (on == vcpu->debug.traced)
		return;
	vcpu->debug.traced = on;
	vcpu_set_user_rflags(
	    vcpu, on ? rflags | RFLAGS_TF : rflags & ~(uint64_t)RFLAGS_TF);
}

/* A breakpoint in a debug register fires before its instruction, and again
 * each time until RF says that this once it shall not (SDM vol. 3, 17.3.1.1).
 */
static void
pass_hard_breakpoint(struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	uint64_t rip = vcpu_user_rip(vcpu);
	unsigned i;

	for (i = 0; i < DEBUG_REGS; i++)
		if ((b->dr7 >> (2 * i) & 1) && b->dr[i] == rip &&
		    vcpu->debug.told == rip)
			vcpu_set_user_rflags(
			    vcpu, vcpu_user_rflags(vcpu) | RFLAGS_RF);
}

static int
set_guest_debug(struct vcpu *vcpu, uint32_t control)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	struct kvm_guest_debug debug = { .control = control };

	/* A single step starts at the rip KVM knows now, so it is told again
	 * each time, after the registers; and what is in the debug registers
	 * may have changed. */
	if (control == vcpu->debug.control &&
	    !(control & (KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP)))
		return 0;
	memcpy(debug.arch.debugreg, b->dr, sizeof(b->dr));
	debug.arch.debugreg[7] = b->dr7;
	vcpu->debug.control = control;
	return kvmcore_set_guest_debug(&vcpu->kvm, &debug);
}

static void
begin_step(struct vcpu *vcpu)
{
	struct debug_vcpu *v = &vcpu->debug;

	v->from = vcpu_user_rip(vcpu);
	v->from_rcx = vcpu_regs(vcpu)->rcx;
	v->from_rsp = user_rsp(vcpu);
	memset(v->code, 0, sizeof(v->code));
	breaks_read(
	    &vcpu->machine->debug.breaks, v->from, v->code, sizeof(v->code));
}

int
step_arm(struct vcpu *vcpu)
{
	const struct debug *d = &vcpu->machine->debug;
	bool step = is_stepping(vcpu) && !vcpu->debug.inside;
	uint32_t control = 0;
	int r = 0;

	if (d->attached)
		control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	if (d->attached && d->breaks.dr7)
		control |= KVM_GUESTDBG_USE_HW_BP;
	if (step)
		begin_step(vcpu);
	set_trace(vcpu, step && d->step_by_trap);
	pass_hard_breakpoint(vcpu);
	if (step && !d->step_by_trap) {
		control |= KVM_GUESTDBG_SINGLESTEP;
		r = vcpu_leave_monitor(vcpu, false);
		if (r == 0)
			r = vcpu_flush(vcpu);
	}
	return r < 0 ? r : set_guest_debug(vcpu, control);
}

/* PUSHF has put the flag of our step on the user's stack. */
static void
clean_pushed_flags(struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;
	const uint8_t *op = v->code + (v->code[0] == 0x66);
	uint64_t rsp = user_rsp(vcpu);
	uint16_t flags;

	if (*op != 0x9c ||
	    gmem_read(&vcpu->machine->mem, &flags, rsp, sizeof(flags)) < 0)
		return;
	flags &= (uint16_t)~RFLAGS_TF;
	gmem_write(&vcpu->machine->mem, rsp, &flags, sizeof(flags));
}

/* The step is made, unless it was not, or more of them are wanted. */
static void
finish_step(struct vcpu *vcpu)
{
	const struct debug *d = &vcpu->machine->debug;
	struct debug_vcpu *v = &vcpu->debug;
	uint64_t rip = vcpu_user_rip(vcpu);

	if (!has_moved(vcpu) && v->tries++ < STEP_TRIES)
		return;
	v->tries = 0;
	clean_pushed_flags(vcpu);
	if (v->want == WANT_RANGE && d->alone != vcpu && step_in_range(vcpu) &&
	    !breaks_at(&d->breaks, rip))
		return;
	raise_event(vcpu, EVENT_STEP);
}

/* A step that arrived in the monitor: `syscall` was its instruction, and it
 * ends when the door has been served. */
static bool
stepped_into_monitor(struct vcpu *vcpu)
{
	unsigned vector;
	uint64_t rip = vcpu_user_rip(vcpu);

	if (!monitor_in_door(rip) && !monitor_stub_vector(rip, &vector))
		return false;
	vcpu->debug.inside = true;
	return true;
}

static void
on_step(struct vcpu *vcpu)
{
	if (!stepped_into_monitor(vcpu))
		finish_step(vcpu);
}

/* An INT3 at `addr`: ours, or the guest's own, which ends behind it. */
static bool
on_int3(struct vcpu *vcpu, uint64_t addr)
{
	const struct breakpoint *bp = breaks_at(
	    &vcpu->machine->debug.breaks, addr);
	struct debug_event event = { .kind = EVENT_BREAK, .addr = addr };

	vcpu_set_user_rip(vcpu, bp ? addr : addr + 1);
	if (!bp)
		return false;
	if (!bp->soft)
		event.kind = EVENT_HARDBREAK;
	debug_raise(vcpu, &event);
	return true;
}

/*
 * A step that was reported once more: the vCPU has not moved since it rested.
 * Some processors do that when the instruction left the guest in its midst.
 * The guest's own flag and its own INT1 are none of these: they follow an
 * instruction, or stand on it.
 */
static bool
is_reported_again(struct vcpu *vcpu)
{
	uint64_t rip = vcpu_user_rip(vcpu);
	uint8_t code = 0;

	breaks_read(&vcpu->machine->debug.breaks, rip, &code, sizeof(code));
	return rip == vcpu->debug.told && code != OPCODE_INT1;
}

static bool
on_debug_register(struct vcpu *vcpu, uint64_t dr6)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	const struct watchpoint *w = breaks_watch_in(b, dr6 & DR6_REGISTERS);
	struct debug_event event = { .kind = EVENT_WATCH };

	if (w) {
		breaks_look(&vcpu->machine->debug.breaks);
		event.addr = w->addr;
		event.type = w->type;
	} else if (breaks_hard_in(b, dr6 & DR6_REGISTERS)) {
		event.kind = EVENT_HARDBREAK;
		event.addr = vcpu_user_rip(vcpu);
	} else {
		return false;
	}
	vcpu->debug.tries = 0;
	debug_raise(vcpu, &event);
	return true;
}

bool
step_on_exit(struct vcpu *vcpu)
{
	const struct kvm_debug_exit_arch *arch = &vcpu->kvm.run->debug.arch;
	struct debug *d = &vcpu->machine->debug;

	if (arch->exception == VECTOR_BP) {
		d->stops[STOP_EXIT_BREAK]++;
		return on_int3(vcpu, arch->pc);
	}
	if (on_debug_register(vcpu, arch->dr6)) {
		d->stops[STOP_EXIT_REGISTER]++;
		return true;
	}
	if (!is_stepping(vcpu))
		return is_reported_again(vcpu);
	d->stops[STOP_EXIT_STEP]++;
	on_step(vcpu);
	return true;
}

static bool
on_page(struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	const struct debug_event event = {
		.kind = EVENT_PAGE,
		.addr = vcpu->trap.address,
		.write = vcpu->trap.error & PF_WRITE,
	};

	if (b->watches == 0 || !breaks_watched_page(b, event.addr, event.write))
		return false;
	debug_raise(vcpu, &event);
	return true;
}

bool
step_on_trap(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;

	if (!d->on)
		return false;
	/* A step that KVM made by the flag has left it in the frame. */
	if (vcpu->debug.control & KVM_GUESTDBG_SINGLESTEP)
		vcpu->debug.traced = true;
	set_trace(vcpu, false);
	switch (vcpu->trap.vector) {
	case VECTOR_BP:
		if (!breaks_at(&d->breaks, vcpu->frame->rip - 1))
			return false;
		d->stops[STOP_TRAP_BREAK]++;
		return on_int3(vcpu, vcpu->frame->rip - 1);
	case VECTOR_DB:
		if (!is_stepping(vcpu))
			return is_reported_again(vcpu);
		/* Asked for by KVM_SET_GUEST_DEBUG, it came here all the
		 * same: then the shorter way is to ask here. */
		d->step_by_trap = true;
		d->stops[STOP_TRAP_STEP]++;
		on_step(vcpu);
		return true;
	case VECTOR_PF: return on_page(vcpu);
	default: return false;
	}
}

/* What the call wrote may have been watched, and what it mapped too. */
static bool
touched_watch(struct vcpu *vcpu, uint32_t number)
{
	struct breaks *b = &vcpu->machine->debug.breaks;
	const struct hc_row *row = hc_row(number);
	const struct watchpoint *w;
	struct debug_event event = { .kind = EVENT_WATCH };

	if (b->watches == 0)
		return false;
	pthread_mutex_lock(&vcpu->machine->lock);
	if (row && (row->classes & HC_MEMORY))
		breaks_protect(b);
	w = breaks_hit(b, 0, true, false);
	if (w) {
		event.addr = w->addr;
		event.type = w->type;
	}
	pthread_mutex_unlock(&vcpu->machine->lock);
	if (!w)
		return false;
	debug_raise(vcpu, &event);
	return true;
}

void
step_before_hypercall(struct vcpu *vcpu)
{
	/* Only this thread can have made itself the lone one's equal. */
	if (vcpu->machine->debug.alone == vcpu)
		debug_release(vcpu);
}

void
step_on_hypercall(struct vcpu *vcpu, uint32_t number, int64_t result)
{
	struct debug_vcpu *v = &vcpu->debug;
	bool flagged = v->traced || v->inside ||
		       (v->control & KVM_GUESTDBG_SINGLESTEP);

	v->inside = false;
	/* The flag of our step, or KVM's: the door's user finds it in r11. */
	if (flagged && monitor_in_door(vcpu_regs(vcpu)->rip)) {
		vcpu_regs(vcpu)->r11 &= ~(uint64_t)RFLAGS_TF;
		vcpu_changed(vcpu);
	} else {
		set_trace(vcpu, false);
	}
	v->traced = false;
	if (!hc_is_interrupted(result) && !touched_watch(vcpu, number) &&
	    is_stepping(vcpu))
		raise_event(vcpu, EVENT_STEP);
}
