/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of exits.  Nothing here may know what a hypercall does.
 */
#include "vm/exits.h"

#include "hypercall/dispatch/dispatch.h"
#include "hypercall/trace/trace.h"
#include "vm/context.h"
#include "vm/error.h"
#include "vm/exitline.h"
#include "vm/operand.h"
#include "vm/plant.h"
#include "vm/profile.h"
#include "vm/sieve.h"
#include "vm/step.h"
#include "vm/trap.h"
#include "vm/x86.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

static void
end_by_call(struct vcpu *vcpu, const struct hc_call *call, uint32_t number)
{
	struct machine *m = vcpu->machine;

	if (call->end == HC_KILLS_GUEST) {
		hc_trace_signal(
		    &m->guest, vcpu->thread.tid, &vcpu->thread.signals.fatal);
		machine_end(m, OUTCOME_SIGNAL, call->status,
		    "hypercall %u (%s) %s", number, hc_row(number)->name,
		    call->why);
		return;
	}
	if (call->end == HC_STOPS_GUEST) {
		m->stopped_at = vcpu_user_rip(vcpu) - HYPERCALL_GATE_SIZE;
		machine_end(m, OUTCOME_FAILED, 0, "%s", call->why);
		return;
	}
	if (call->end == HC_ENDS_GUEST) {
		machine_end_quietly(m, OUTCOME_EXIT, call->status);
		return;
	}
	vcpu->flight.call = CALL_EXITED;
	vcpu->flight.status = call->status;
}

/* A call goes on after its result, or the handler of a signal decides it. */
static void
finish_hypercall(struct vcpu *vcpu, const struct hc_call *call, int64_t result)
{
	struct flight *f = &vcpu->flight;

	if (call->end == HC_LEAVES_HANDLER) {
		f->call = CALL_RETURNS;
	} else if (hc_is_interrupted(result)) {
		f->call = CALL_CUT;
		f->cut = result;
	} else {
		vcpu_regs(vcpu)->rax = (uint64_t)result;
		vcpu_changed(vcpu);
	}
}

/* It costs one KVM_RUN, and no other ioctl. */
static void
make_hypercall(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;
	const struct kvm_regs *regs = vcpu_regs(vcpu);
	struct hc_call call = {
		.guest = &vcpu->machine->guest,
		.thread = &vcpu->thread,
		.arg = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8,
		    regs->r9, regs->rcx },
		.sp = f->frame ? f->frame->rsp : regs->rsp,
	};
	bool debugged = vcpu->machine->debug.on;
	int64_t result;

	f->call = CALL_SERVED;
	vcpu->served = f->number;
	if (debugged)
		step_before_hypercall(vcpu);
	result = hc_dispatch(&call, f->number);
	if (call.end != HC_GOES_ON && call.end != HC_LEAVES_HANDLER) {
		end_by_call(vcpu, &call, f->number);
		return;
	}
	finish_hypercall(vcpu, &call, result);
	if (debugged)
		step_on_hypercall(vcpu, result);
}

/* A hypercall: the registers hold number and arguments, whichever gate was
 * used. */
static void
serve_hypercall(struct vcpu *vcpu)
{
	vcpu->flight.number = (uint32_t)vcpu_regs(vcpu)->rax;
	if (vcpu->machine->debug.on && step_catches_hypercall(vcpu))
		return;
	if (debug_is_lent(vcpu))
		vcpu->flight.call = CALL_HANDED;
	else
		make_hypercall(vcpu);
}

bool
vcpu_finish_call(struct vcpu *vcpu)
{
	if (!flight_waits(&vcpu->flight))
		return true;
	if (step_shows_call(vcpu))
		return false;
	if (!flight_is_before(&vcpu->flight))
		return true;
	/* A signal that came meanwhile interrupts it, if it blocks. */
	if (vcpu->debug.signal || vcpu->thread.signals.pending)
		vcpu->thread.kicked = 1;
	make_hypercall(vcpu);
	return false;
}

/* Raise the signal of a trap in the code at `rip`. */
static void
fault(struct vcpu *vcpu, const struct trap *trap, uint64_t rip)
{
	struct flight *f = &vcpu->flight;

	f->trap = *trap;
	f->raised = RAISED_TRAP;
	trap_siginfo(vcpu, rip, trap_signal(vcpu->machine, trap), &f->info);
}

/*
 * The door was reached for the first time: learn in which mode `syscall`
 * arrives on this KVM, and write the tail that returns from there.
 *
 * An arrival in supervisor mode is proof: only `syscall` leads there.  An
 * arrival in user mode may be a jump by the guest, to make us write the wrong
 * tail, which would leave the guest in supervisor mode.  So try a `syscall` of
 * our own, which a guest cannot forge.
 */
static int
try_door(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct kvm_run *run = vcpu->kvm.run;
	struct kvm_regs regs, trial;
	struct kvm_sregs sregs;
	enum door_tail tail;
	int r = kvmcore_get_sregs(&vcpu->kvm, &sregs);

	if (r < 0)
		return r;
	regs = *vcpu_regs(vcpu);
	if ((sregs.cs.selector & 3) != 0) {
		trial = regs;
		trial.rip = shim_door_trial();
		*vcpu_regs(vcpu) = trial;
		run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
		/* A kick is for the run loop, which finds its reason. */
		while ((r = kvmcore_run(&vcpu->kvm)) == -EINTR)
			run->immediate_exit = 0;
		if (r == 0 && run->exit_reason != KVM_EXIT_IO)
			r = -EPROTO;
		if (r == 0)
			r = kvmcore_get_sregs(&vcpu->kvm, &sregs);
		*vcpu_regs(vcpu) = regs;
		vcpu_changed(vcpu);
	}
	if (r < 0)
		return r;
	tail = sregs.cs.selector & 3 ? DOOR_JUMP : DOOR_SYSRET;
	shim_set_door(m->shim, tail);
	/* Last: a thread that finds it known uses the tail at once. */
	m->door = tail;
	return 0;
}

/* Two threads may reach the door for the first time together. */
static int
learn_door(struct vcpu *vcpu)
{
	static pthread_mutex_t learning = PTHREAD_MUTEX_INITIALIZER;
	int r = 0;

	pthread_mutex_lock(&learning);
	if (vcpu->machine->door == DOOR_UNKNOWN)
		r = try_door(vcpu);
	pthread_mutex_unlock(&learning);
	return r;
}

static void
on_syscall(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	int r = m->door == DOOR_UNKNOWN ? learn_door(vcpu) : 0;

	if (r < 0)
		machine_end(m, OUTCOME_FAILED, 0,
		    "syscall entry: trial of the processor: %s", strerror(-r));
	else
		serve_hypercall(vcpu);
}

static bool
code_is(const struct machine *m, uint64_t rip, const uint8_t *code, size_t len)
{
	uint8_t there[4];

	return gmem_read(&m->mem, there, rip, len) == 0 &&
	       memcmp(there, code, len) == 0;
}

/*
 * INT n arrives as an undefined instruction on a KVM without hardware
 * virtualization.  A processor raises #GP, because the gate is not for user
 * mode (SDM vol. 2, INT n; vol. 3, 6.13, the error code).
 */
static void
correct_int(const struct machine *m, uint64_t rip, struct trap *trap)
{
	int n = trap->vector == VECTOR_UD ? trap_int_number(m, rip) : -1;

	if (n < 0)
		return;
	trap->vector = 13;
	trap->error = (uint64_t)n << 3 | ERROR_IDT;
}

/*
 * Is the access allowed?  Then another thread was changing the mapping when the
 * processor looked, or the processor had not noticed a right that was given, or
 * the page waited for its first use.  As on Linux, the fault waits for the
 * change, and the instruction is made again: the stub returns to it.
 */
static bool
is_spurious(struct vcpu *vcpu, const struct trap *trap)
{
	const uint64_t need = PTE_PRESENT | PTE_USER |
			      (trap->error & PF_WRITE ? PTE_WRITE : 0);
	uint64_t entry;

	if (trap->vector != 14 || (trap->error & PF_RSVD))
		return false;
	entry = gmem_touch(&vcpu->machine->mem, trap->address);
	if (pte_waits(entry))
		hc_report_memory(&vcpu->machine->guest);
	return (entry & need) == need &&
	       !((trap->error & PF_FETCH) && (entry & PTE_NX));
}

/* RDTSC and RDTSCP in a guest that is recorded or replayed: CR4.TSD makes them
 * traps.  The size of the instruction; 0: it is another. */
static unsigned
counter_size(const struct vcpu *vcpu, const struct trap *trap, uint64_t rip)
{
	static const uint8_t rdtsc[] = { OPCODE_RDTSC };
	static const uint8_t rdtscp[] = { OPCODE_RDTSCP };
	const struct machine *m = vcpu->machine;

	if (trap->vector != 13 || !m->guest.counted)
		return 0;
	if (code_is(m, rip, rdtsc, sizeof(rdtsc)))
		return sizeof(rdtsc);
	return code_is(m, rip, rdtscp, sizeof(rdtscp)) ? sizeof(rdtscp) : 0;
}

/* The guest reads the time stamp counter by an instruction of `size` bytes. */
static void
read_counter(struct vcpu *vcpu, unsigned size)
{
	struct machine *m = vcpu->machine;
	struct kvm_regs *regs = vcpu_regs(vcpu);
	uint64_t value = 0;
	/* As a call, it may wait for a turn. */
	const bool waits = m->debug.on && hc_is_recorded(&m->guest);
	const char *why;

	if (waits)
		debug_call(vcpu);
	if (hc_is_recorded(&m->guest))
		(void)kvmcore_give_counter();
	why = m->guest.counted(&m->guest, &vcpu->thread, &value);
	if (waits)
		debug_returned(vcpu, false);
	if (!machine_goes_on(m, why, vcpu_user_rip(vcpu)))
		return;
	regs->rax = (uint32_t)value;
	regs->rdx = value >> 32;
	if (size > 2)
		regs->rcx = 0; /* TSC_AUX */
	vcpu_changed(vcpu);
	vcpu->flight.frame->rip += size;
	if (m->debug.on)
		step_on_made(vcpu);
}

/* A trap that a debugger caused, as `debugger` finds, is not the guest's: the
 * frame of a later signal shows the last that was. */
static void
settle_trap(struct vcpu *vcpu, const struct trap *trap, uint64_t rip,
    bool (*debugger)(struct vcpu *vcpu))
{
	const struct trap last = vcpu->flight.trap;

	vcpu->flight.trap = *trap;
	if (plant_takes(vcpu) || meet_takes(vcpu) ||
	    (vcpu->debug.untested && is_spurious(vcpu, trap)) ||
	    (sieve_is_hit(vcpu) && step_meets(vcpu)) || sieve_takes(vcpu) ||
	    debugger(vcpu) || is_spurious(vcpu, trap))
		vcpu->flight.trap = last;
	else
		fault(vcpu, trap, rip);
}

/*
 * A vCPU rests in the stub of `vector`.  Two traps are requests: the gate where
 * neither IOPL nor the I/O bitmap opens it, and HLT, by which ToroV's guests
 * end.
 */
static void
on_trap(struct vcpu *vcpu, unsigned vector)
{
	static const uint8_t gate[] = { HYPERCALL_GATE };
	static const uint8_t hlt[] = { OPCODE_HLT };
	struct machine *m = vcpu->machine;
	struct trap trap = { .vector = vector };
	struct kvm_sregs sregs;
	unsigned size;
	uint64_t rip;

	vcpu->flight.frame = shim_frame(
	    m->shim, vcpu->id, vector, vcpu_regs(vcpu)->rsp, &trap.error);
	if (!vcpu->flight.frame) {
		machine_end(m, OUTCOME_FAILED, 0,
		    "trap %u came with the stack at 0x%llx, not the shim's",
		    vector, vcpu_regs(vcpu)->rsp);
		return;
	}
	plant_leave(vcpu);
	meet_leave(vcpu);
	sieve_leave(vcpu);
	debug_leave_copy(vcpu);
	rip = vcpu->flight.frame->rip;
	if (vector == 13 && code_is(m, rip, gate, sizeof(gate))) {
		vcpu->flight.frame->rip += HYPERCALL_GATE_SIZE;
		serve_hypercall(vcpu);
		return;
	}
	size = counter_size(vcpu, &trap, rip);
	if (size > 0) {
		read_counter(vcpu, size);
		return;
	}
	/* A guest that uses `syscall` is a Linux program: its HLT is a
	 * crash. */
	if (vector == 13 && m->door == DOOR_UNKNOWN &&
	    code_is(m, rip, hlt, sizeof(hlt))) {
		machine_end_quietly(m, OUTCOME_EXIT, 0);
		return;
	}
	if (vector == 14 && vcpu_sregs(vcpu, &sregs) == 0)
		trap.address = sregs.cr2;
	correct_int(m, rip, &trap);
	settle_trap(vcpu, &trap, rip, step_on_trap);
}

/* A debugger's stop (KVM_SET_GUEST_DEBUG), or else a fault of the guest's. */
static void
on_debug(struct vcpu *vcpu)
{
	struct trap trap = {
		.vector = vcpu->kvm.run->debug.arch.exception,
	};

	settle_trap(vcpu, &trap, vcpu_user_rip(vcpu), step_on_exit);
}

/* IOPL 3 opens more ports than the gates.  They raise #GP, as without it. */
static void
on_foreign_port(struct vcpu *vcpu)
{
	const struct trap trap = { .vector = 13 };

	fault(vcpu, &trap, vcpu_regs(vcpu)->rip);
}

static void
on_io(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm.run;
	uint64_t rip = vcpu_regs(vcpu)->rip;
	bool gate = run->io.direction == KVM_EXIT_IO_OUT && run->io.size == 4 &&
		    run->io.count == 1;
	unsigned vector;

	if (gate && run->io.port == PORT_HYPERCALL)
		serve_hypercall(vcpu);
	else if (gate && run->io.port == PORT_SYSCALL && shim_in_door(rip))
		on_syscall(vcpu);
	else if (gate && run->io.port == PORT_TRAP &&
		 shim_stub_vector(rip, &vector))
		on_trap(vcpu, vector);
	else
		on_foreign_port(vcpu);
}

static void
on_hlt(struct vcpu *vcpu)
{
	machine_end_quietly(vcpu->machine, OUTCOME_EXIT, 0);
}

/* A triple fault. */
static void
on_shutdown(struct vcpu *vcpu)
{
	machine_end(vcpu->machine, OUTCOME_SIGNAL, SIGSEGV,
	    "triple fault at 0x%llx", vcpu_regs(vcpu)->rip);
}

static void
on_internal_error(struct vcpu *vcpu)
{
	machine_end(vcpu->machine, OUTCOME_FAILED, 0,
	    "KVM_EXIT_INTERNAL_ERROR: suberror %u at 0x%llx",
	    vcpu->kvm.run->internal.suberror, vcpu_regs(vcpu)->rip);
}

static void
on_fail_entry(struct vcpu *vcpu)
{
	machine_end(vcpu->machine, OUTCOME_FAILED, 0,
	    "KVM_EXIT_FAIL_ENTRY: hardware reason 0x%llx",
	    vcpu->kvm.run->fail_entry.hardware_entry_failure_reason);
}

/* Any other exit ends the guest. */
static void (*const handlers[MACHINE_EXITS])(struct vcpu *vcpu) = {
	[KVM_EXIT_IO] = on_io,
	[KVM_EXIT_DEBUG] = on_debug,
	[KVM_EXIT_HLT] = on_hlt,
	[KVM_EXIT_SHUTDOWN] = on_shutdown,
	[KVM_EXIT_INTERNAL_ERROR] = on_internal_error,
	[KVM_EXIT_FAIL_ENTRY] = on_fail_entry,
};

static void
on_exit_reason(struct vcpu *vcpu)
{
	uint32_t reason = vcpu->kvm.run->exit_reason;

	if (reason < MACHINE_EXITS)
		vcpu->exits[reason]++;
	if (reason < MACHINE_EXITS && handlers[reason])
		handlers[reason](vcpu);
	else
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "KVM_EXIT_%s (%u) at 0x%llx: this exit is not handled",
		    kvmcore_exit_name(reason), reason, vcpu_regs(vcpu)->rip);
}

/*
 * KVM could not get memory.  Did another thread change mappings in between, or
 * take rights away (gmem_flush())?  Then the memory may be accessible again.
 */
static bool
is_passing(struct vcpu *vcpu)
{
	uint64_t changes = gmem_changes(&vcpu->machine->mem);
	bool passing = changes != vcpu->changes;

	vcpu->changes = changes;
	return passing;
}

/* A page is not in its file.  KVM does not report its address, so it is looked
 * for among those that the instruction needs. */
static void
lose_page(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;

	flight_force(f, SIGBUS, BUS_ADRERR);
	f->info.si_addr = (void *)(uintptr_t)operand_missing(vcpu);
}

static void
on_run_error(struct vcpu *vcpu, int r)
{
	struct machine *m = vcpu->machine;

	if (r == -EINTR || r == -EAGAIN || (r == -EFAULT && is_passing(vcpu)))
		return;
	if (r == -EFAULT)
		lose_page(vcpu);
	else
		machine_end(m, OUTCOME_FAILED, 0, "KVM_RUN: %s", strerror(-r));
}

static void
handle_exit(struct vcpu *vcpu, int r)
{
	if (r >= 0)
		on_exit_reason(vcpu);
	else if (!sieve_is_hit(vcpu) || !step_meets(vcpu))
		on_run_error(vcpu, r);
}

/* The fault of a jump may be on its way. */
static void
doubt(struct vcpu *vcpu)
{
	const struct meet *meet = &vcpu->machine->meet;

	if (vcpu->plant.jumps)
		plant_doubts(vcpu, vcpu->plant.probe);
	if (meet->entered)
		plant_doubts(vcpu, meet->addr);
}

void
vcpu_enter(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;
	struct trap_frame *frame = f->frame;
	struct gmem *mem = &vcpu->machine->mem;
	uint64_t unmaps = gmem_unmaps(mem);
	int r;

	vcpu->debug.settled = false;
	if (vcpu->machine->profile)
		profile_enter(vcpu);
	window_settle(vcpu->machine);
	plant_enter(vcpu);
	meet_enter(vcpu);
	r = kvmcore_run(&vcpu->kvm);
	gmem_left(mem, unmaps);
	vcpu->runs++;
	vcpu->thread.at_event = false;
	f->frame = NULL;
	f->call = CALL_NONE;
	f->inside = 0;
	f->copied = false;
	if (r < 0)
		doubt(vcpu);
	/* A vCPU that was kicked before it had left the stub still rests
	 * there. */
	if (r < 0 && shim_past_stub(vcpu_regs(vcpu)->rip))
		f->frame = frame;
	plant_leave(vcpu);
	meet_leave(vcpu);
	sieve_leave(vcpu);
	debug_leave_copy(vcpu);
	if (vcpu->machine->profile)
		profile_leave(vcpu);
	if (vcpu->machine->exit_lines)
		exitline_show(vcpu, r, handle_exit);
	else
		handle_exit(vcpu, r);
	if (r >= 0)
		f->doubted = 0;
	plant_served(vcpu);
}
