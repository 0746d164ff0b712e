/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps and breakpoints of one vCPU.  Nothing here may know the other vCPUs.
 */
#include "vm/step.h"

#include "image/insn.h"
#include "vm/context.h"
#include "vm/exits.h"
#include "vm/sieve.h"
#include "vm/trap.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>

#define DR6_REGISTERS UINT64_C(0x0f) /* B0 to B3, SDM vol. 3, 17.2.3 */

#define PUSHF_OPCODE 0x9c

static void
raise_event(struct vcpu *vcpu, enum debug_event_kind kind)
{
	const struct debug_event event = { .kind = kind };

	debug_raise(vcpu, &event);
}

static uint64_t
user_rsp(const struct vcpu *vcpu)
{
	return vcpu->flight.frame ? vcpu->flight.frame->rsp
				  : vcpu->kvm.run->s.regs.regs.rsp;
}

/*
 * Has the instruction been made?  One that leaves rip where it was (a round of
 * a repeated one; a loop, call or return to itself) changes rcx or rsp.  Only a
 * jump to itself changes nothing, and may be made more often.
 */
static bool
has_moved(struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;

	return vcpu_user_rip(vcpu) != v->from ||
	       vcpu_regs(vcpu)->rcx != v->from_rcx ||
	       user_rsp(vcpu) != v->from_rsp;
}

static void
read_code(struct vcpu *vcpu)
{
	struct debug_vcpu *v = &vcpu->debug;

	memset(v->code, 0, sizeof(v->code));
	breaks_read(&vcpu->machine->debug.breaks, vcpu_user_rip(vcpu), v->code,
	    sizeof(v->code));
}

/*
 * Port I/O or `syscall` may be a hypercall, which may wait.  Where it is not,
 * the step begins next, before anything can change the code.
 */
bool
step_may_block(struct vcpu *vcpu)
{
	struct debug_vcpu *v = &vcpu->debug;
	struct insn insn;

	read_code(vcpu);
	(void)insn_decode(&insn, v->code, sizeof(v->code));
	if (insn.kind == INSN_IO || insn.kind == INSN_SYSCALL)
		return true;
	v->code_at = v->want == WANT_STEP ? vcpu_user_rip(vcpu) : DEBUG_NOWHERE;
	return false;
}

/* By the debugger, and to be reported. */
static bool
is_ordered(const struct vcpu *vcpu)
{
	return vcpu->debug.want == WANT_STEP ||
	       vcpu->debug.want == WANT_RANGE || debug_is_alone(vcpu);
}

bool
step_is_due(const struct vcpu *vcpu)
{
	return is_ordered(vcpu) || vcpu->debug.followed ||
	       plant_steps(&vcpu->plant);
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

/* A breakpoint in a debug register fires before its instruction, each time,
 * unless RF is set for that once (SDM vol. 3, 17.3.1.1). */
static void
pass_hard_breakpoint(struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	uint64_t rip = vcpu_user_rip(vcpu);
	unsigned i;

	for (i = 0; i < DEBUG_REGS; i++)
		if ((b->dr7 >> (2 * i) & 1) && b->dr[i] == rip &&
		    vcpu->debug.reported == rip)
			vcpu_set_user_rflags(
			    vcpu, vcpu_user_rflags(vcpu) | RFLAGS_RF);
}

static int
set_guest_debug(struct vcpu *vcpu, uint32_t control)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	struct kvm_guest_debug debug = { .control = control };

	/* A single step starts at the rip that KVM has when it is asked for
	 * one, so it is asked each time, after the registers are set; and the
	 * debug registers may have changed. */
	if (control == vcpu->debug.control &&
	    !(control & (KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP)))
		return 0;
	memcpy(debug.arch.debugreg, b->dr, sizeof(b->dr));
	debug.arch.debugreg[7] = b->dr7;
	vcpu->debug.control = control;
	return kvmcore_set_guest_debug(&vcpu->kvm, &debug);
}

/* A step that a kick has met goes on from where it began. */
static void
begin_step(struct vcpu *vcpu)
{
	struct debug_vcpu *v = &vcpu->debug;
	const uint64_t read = v->code_at;

	v->code_at = DEBUG_NOWHERE;
	if (v->phase == STEP_BEGUN)
		return;
	v->phase = STEP_BEGUN;
	v->from = vcpu_user_rip(vcpu);
	v->from_rcx = vcpu_regs(vcpu)->rcx;
	v->from_rsp = user_rsp(vcpu);
	if (read != v->from)
		read_code(vcpu);
}

int
step_arm(struct vcpu *vcpu)
{
	const struct debug *d = &vcpu->machine->debug;
	bool step = step_is_due(vcpu) && vcpu->debug.phase != STEP_INSIDE;
	uint32_t control = 0;
	int r = 0;

	if (d->attached || d->breaks.set.count > 0 || step)
		control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	if (d->attached && d->breaks.dr7)
		control |= KVM_GUESTDBG_USE_HW_BP;
	if (step)
		begin_step(vcpu);
	set_trace(vcpu, step && d->step_by_trap);
	pass_hard_breakpoint(vcpu);
	if (step && !d->step_by_trap) {
		control |= KVM_GUESTDBG_SINGLESTEP;
		r = vcpu_leave_shim(vcpu, false);
		if (r == 0)
			r = vcpu_flush(vcpu);
	}
	return r < 0 ? r : set_guest_debug(vcpu, control);
}

/* PUSHF has put the flag of the step on the user's stack: the flag lies in the
 * second byte of all its forms. */
static void
clean_pushed_flags(struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;
	uint64_t rsp = user_rsp(vcpu);
	struct insn insn;
	uint16_t flags;

	if (!memchr(v->code, PUSHF_OPCODE, sizeof(v->code)))
		return;
	(void)insn_decode(&insn, v->code, sizeof(v->code));
	if (insn.kind != INSN_PUSHF ||
	    gmem_read(&vcpu->machine->mem, &flags, rsp, sizeof(flags)) < 0)
		return;
	flags &= (uint16_t)~RFLAGS_TF;
	gmem_write(&vcpu->machine->mem, rsp, &flags, sizeof(flags));
}

/*
 * A step has led to this place.  A breakpoint here counts as met where the step
 * ends, since it will be passed when the thread goes on from there; in the
 * middle of a range it is passed at once unless it stops the guest.
 */
static void
arrive(struct vcpu *vcpu)
{
	const bool alone = debug_is_alone(vcpu);
	const bool goes_on = debug_goes_on(vcpu);
	const struct debug_event event = {
		.kind = EVENT_BREAK,
		.addr = vcpu_user_rip(vcpu),
	};
	const bool met = !(alone && goes_on) && vcpu->debug.want != WANT_RUN &&
			 breaks_at(&vcpu->machine->debug.breaks, event.addr);
	const bool stop = met && debug_is_stop(vcpu, &event);

	if (alone || !goes_on || stop)
		raise_event(vcpu, EVENT_STEP);
	else if (met)
		debug_pass(vcpu);
}

/* The step is an event unless more are wanted. */
static void
end_step(struct vcpu *vcpu)
{
	vcpu->debug.tries = 0;
	vcpu->debug.phase = STEP_NONE;
	clean_pushed_flags(vcpu);
	debug_followed(vcpu);
	arrive(vcpu);
}

/* A step was reported: it is made unless nothing has moved. */
static void
finish_step(struct vcpu *vcpu)
{
	if (has_moved(vcpu) || vcpu->debug.tries++ >= STEP_TRIES)
		end_step(vcpu);
}

void
step_on_made(struct vcpu *vcpu)
{
	struct debug_vcpu *v = &vcpu->debug;

	if (v->control & KVM_GUESTDBG_SINGLESTEP)
		v->traced = true;
	set_trace(vcpu, false);
	if (step_is_due(vcpu))
		end_step(vcpu);
}

/* A step that arrived in the shim: its instruction was `syscall`, or faulted,
 * and the step ends when the door or the stub has been served. */
static bool
stepped_into_shim(struct vcpu *vcpu)
{
	if (!shim_is_entered(vcpu_user_rip(vcpu)))
		return false;
	vcpu->debug.phase = STEP_INSIDE;
	return true;
}

static void
on_step(struct vcpu *vcpu)
{
	if (!stepped_into_shim(vcpu))
		finish_step(vcpu);
}

/*
 * KVM may have a trap queued and not say so, and user code runs on if it has
 * none: so it makes one instruction at most.  If a step is due, that is the
 * step; else it counts for nothing.  The registers must not be set, since that
 * drops what is queued (__set_regs() in arch/x86/kvm/x86.c).
 */
int
step_enter_trap(struct vcpu *vcpu)
{
	const enum step_phase phase = vcpu->debug.phase;
	int r = set_guest_debug(vcpu, vcpu->debug.control |
					  KVM_GUESTDBG_ENABLE |
					  KVM_GUESTDBG_SINGLESTEP);

	if (r < 0)
		return r;
	if (step_is_due(vcpu)) {
		begin_step(vcpu);
	} else {
		vcpu->debug.phase = STEP_PROBING;
		read_code(vcpu);
	}
	vcpu->kvm.run->immediate_exit = 0;
	vcpu_enter(vcpu);
	if (vcpu->debug.phase == STEP_PROBING)
		vcpu->debug.phase = phase;
	return 0;
}

/* The one instruction of step_enter_trap() has been made. */
static bool
ends_probe(struct vcpu *vcpu)
{
	if (vcpu->debug.phase != STEP_PROBING)
		return false;
	set_trace(vcpu, false);
	clean_pushed_flags(vcpu);
	return true;
}

/* The vCPU has met a breakpoint while it steps: if the breakpoint is not at the
 * step's own instruction, that has been made, and its trap did not come. */
static bool
has_lost_trap(const struct vcpu *vcpu, uint64_t addr)
{
	return is_ordered(vcpu) && vcpu->debug.phase == STEP_BEGUN &&
	       addr != vcpu->debug.from;
}

/* An INT3 at `addr`, of a breakpoint or the guest's own, after which rip stands
 * past it. */
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
	if (has_lost_trap(vcpu, addr))
		end_step(vcpu);
	else if (debug_is_stop(vcpu, &event))
		debug_raise(vcpu, &event);
	else
		debug_pass(vcpu);
	return true;
}

/*
 * A step that is reported once more: the vCPU has not moved since it rested.
 * Some processors do that when the instruction left the guest half made.  A
 * trap by the guest's own flag comes after an instruction, and its own INT1 is
 * the instruction at rip.
 */
static bool
is_reported_again(struct vcpu *vcpu)
{
	uint64_t rip = vcpu_user_rip(vcpu);
	uint8_t code = 0;

	breaks_read(&vcpu->machine->debug.breaks, rip, &code, sizeof(code));
	return rip == vcpu->debug.rested && code != OPCODE_INT1;
}

/* pass_hard_breakpoint() passes one that does not stop the guest. */
static void
on_hard_breakpoint(struct vcpu *vcpu)
{
	const struct debug_event event = {
		.kind = EVENT_HARDBREAK,
		.addr = vcpu_user_rip(vcpu),
	};

	if (debug_is_stop(vcpu, &event))
		debug_raise(vcpu, &event);
	else
		vcpu->debug.reported = event.addr;
}

bool
step_meets(struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	const uint64_t rip = vcpu_user_rip(vcpu);

	if (breaks_at(b, rip))
		return on_int3(vcpu, rip);
	if (!breaks_has(b, rip))
		return false;
	on_hard_breakpoint(vcpu);
	return true;
}

/* True if a debug register has fired, and the step is not a reason also. */
static bool
on_debug_register(struct vcpu *vcpu, uint64_t dr6)
{
	struct breaks *b = &vcpu->machine->debug.breaks;
	uint64_t hits = breaks_watches_in(b, dr6 & DR6_REGISTERS);
	struct debug_event event;

	if (!hits && !breaks_hard_in(b, dr6 & DR6_REGISTERS))
		return false;
	vcpu->machine->debug.ways[STOP_EXIT_REGISTER]++;
	vcpu->debug.tries = 0;
	if (!hits) {
		if (!plant_shares(vcpu))
			on_hard_breakpoint(vcpu);
		return true;
	}
	breaks_look(b);
	if (!debug_watch(vcpu, hits, &event))
		return !step_is_due(vcpu);
	debug_raise(vcpu, &event);
	return true;
}

bool
step_on_exit(struct vcpu *vcpu)
{
	const struct kvm_debug_exit_arch *arch = &vcpu->kvm.run->debug.arch;
	struct debug *d = &vcpu->machine->debug;

	if (arch->exception == VECTOR_BP) {
		d->ways[STOP_EXIT_BREAK]++;
		return on_int3(vcpu, arch->pc);
	}
	if (on_debug_register(vcpu, arch->dr6))
		return true;
	if (ends_probe(vcpu))
		return true;
	if (!step_is_due(vcpu))
		return is_reported_again(vcpu);
	d->ways[STOP_EXIT_STEP]++;
	on_step(vcpu);
	return true;
}

static bool
on_page(struct vcpu *vcpu)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	const uint64_t error = vcpu->flight.trap.error;
	const struct debug_event event = {
		.kind = EVENT_PAGE,
		.access = {
			.addr = vcpu->flight.trap.address,
			.len = error & PF_FETCH ? 0 : BREAKS_REACH,
			.read = !(error & PF_WRITE),
			.write = error & PF_WRITE,
		},
	};

	if (b->watches == 0 ||
	    !breaks_watched_page(b, event.access.addr, event.access.write))
		return false;
	vcpu->machine->debug.ways[STOP_TRAP_PAGE]++;
	debug_raise(vcpu, &event);
	return true;
}

/*
 * Where a hard breakpoint stands and nothing is mapped, the fetch is its hit,
 * and the fault comes when the debugger has seen that and goes on.
 */
static bool
on_missing_code(struct vcpu *vcpu)
{
	const struct trap *trap = &vcpu->flight.trap;
	const uint64_t rip = vcpu->flight.frame->rip;
	const struct debug_event event = { .kind = EVENT_HARDBREAK,
		.addr = rip };

	if (!trap_is_bad_jump(trap) || trap->address != rip ||
	    !breaks_waits_at(&vcpu->machine->debug.breaks, rip))
		return false;
	if (vcpu->debug.reported == rip || !debug_is_stop(vcpu, &event)) {
		vcpu->debug.reported = DEBUG_NOWHERE;
		return false;
	}
	debug_raise(vcpu, &event);
	return true;
}

bool
step_on_trap(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;

	if (!d->on)
		return false;
	/* A step that KVM made by TF has left TF in the frame. */
	if (vcpu->debug.control & KVM_GUESTDBG_SINGLESTEP)
		vcpu->debug.traced = true;
	set_trace(vcpu, false);
	if (vcpu->debug.phase == STEP_INSIDE)
		vcpu->debug.phase = STEP_BEGUN;
	switch (vcpu->flight.trap.vector) {
	case VECTOR_BP:
		if (!breaks_at(&d->breaks, vcpu->flight.frame->rip - 1))
			return false;
		d->ways[STOP_TRAP_BREAK]++;
		return on_int3(vcpu, vcpu->flight.frame->rip - 1);
	case VECTOR_DB:
		if (ends_probe(vcpu))
			return true;
		if (!step_is_due(vcpu))
			return is_reported_again(vcpu);
		/* KVM_SET_GUEST_DEBUG was asked for it, and it came here:
		 * setting TF is the shorter way, then. */
		d->step_by_trap = true;
		d->ways[STOP_TRAP_STEP]++;
		on_step(vcpu);
		return true;
	case VECTOR_PF: return on_page(vcpu) || on_missing_code(vcpu);
	default: return false;
	}
}

/* The call has changed the guest's mappings. */
static void
follow_mappings(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;

	sieves_follow(vcpu->machine);
	breaks_settle(&d->breaks);
	/* The pages of a lone instruction stay open until it is made; then all
	 * are protected again. */
	if (d->faults == 0)
		breaks_protect(&d->breaks);
}

/*
 * The call may have written watched memory, or mapped it again.  A write by the
 * lone instruction of another vCPU is that vCPU's: the instruction may be made
 * already, and not concluded yet.
 */
static bool
touched_watch(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;
	struct breaks *b = &d->breaks;
	const struct hc_row *row = hc_row(vcpu->flight.number);
	struct debug_event event;
	bool touched;

	if (b->watches == 0 && b->settling == 0 && !d->sieves.planted)
		return false;
	pthread_mutex_lock(&vcpu->machine->lock);
	if (row && (row->classes & HC_MEMORY))
		follow_mappings(vcpu);
	touched = debug_watch(
	    vcpu, breaks_changed(b, d->access, debug_lone_accesses(d)), &event);
	pthread_mutex_unlock(&vcpu->machine->lock);
	if (touched)
		debug_raise(vcpu, &event);
	return touched;
}

/* A step ends with the hypercall.  `syscall` has saved TF, of the step or of
 * KVM, in r11. */
void
step_leave(struct vcpu *vcpu)
{
	struct debug_vcpu *v = &vcpu->debug;
	bool flagged = v->traced || v->phase == STEP_INSIDE ||
		       (v->control & KVM_GUESTDBG_SINGLESTEP);

	v->phase = STEP_NONE;
	if (flagged && shim_in_door(vcpu_regs(vcpu)->rip)) {
		vcpu_regs(vcpu)->r11 &= ~(uint64_t)RFLAGS_TF;
		vcpu_changed(vcpu);
	} else {
		set_trace(vcpu, false);
	}
	v->traced = false;
}

/* Does the vCPU step while all others are held, and also new ones? */
static bool
steps_alone(const struct vcpu *vcpu)
{
	return vcpu->debug.want == WANT_STEP &&
	       vcpu->machine->debug.want_new == WANT_STOP;
}

bool
step_shows_call(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;
	const bool before = f->call == CALL_CAUGHT;

	if (f->call != CALL_CAUGHT && f->call != CALL_RESULT)
		return false;
	f->call = before ? CALL_WAITS : CALL_SHOWN;
	if (steps_alone(vcpu) || !debug_catches(vcpu))
		return false;
	raise_event(vcpu, before ? EVENT_CALL : EVENT_RETURN);
	return true;
}

/* Linux shows the error that a call has until it is made. */
bool
step_catches_hypercall(struct vcpu *vcpu)
{
	if (!debug_catches(vcpu))
		return false;
	step_leave(vcpu);
	vcpu->flight.call = CALL_CAUGHT;
	vcpu_regs(vcpu)->rax = (uint64_t)-ENOSYS;
	vcpu_changed(vcpu);
	if (steps_alone(vcpu))
		raise_event(vcpu, EVENT_STEP);
	else
		step_shows_call(vcpu);
	return true;
}

void
step_before_hypercall(struct vcpu *vcpu)
{
	debug_trace_hypercall(vcpu);
	debug_call(vcpu);
}

/* In a range the vCPU rests first: on some KVMs rip stands at the OUT until
 * then. */
void
step_on_hypercall(struct vcpu *vcpu, int64_t result)
{
	struct flight *f = &vcpu->flight;
	const bool cut = hc_is_interrupted(result);
	const bool ends = !cut && is_ordered(vcpu) &&
			  (steps_alone(vcpu) || !debug_catches(vcpu));

	vcpu->debug.arrives = ends && vcpu->debug.want == WANT_RANGE;
	step_leave(vcpu);
	debug_returned(vcpu, cut || vcpu->debug.arrives);
	if (f->call == CALL_SERVED && debug_catches(vcpu))
		f->call = CALL_RESULT;
	if (!cut)
		debug_followed(vcpu);
	if (!cut && !touched_watch(vcpu) && ends && !vcpu->debug.arrives)
		raise_event(vcpu, EVENT_STEP);
}

void
step_on_rest(struct vcpu *vcpu)
{
	const bool arrives = vcpu->debug.arrives;

	vcpu->debug.arrives = false;
	if (arrives && vcpu->debug.event.kind == EVENT_NONE &&
	    !debug_goes_on(vcpu))
		raise_event(vcpu, EVENT_STEP);
}
