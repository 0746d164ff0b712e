/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop and the table of exits.  Nothing here may know what a
 * hypercall does.
 */
#include "vm/run.h"

#include "hypercall/trace.h"
#include "vm/context.h"
#include "vm/deliver.h"
#include "vm/error.h"
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
		if (m->guest.trace)
			hc_trace_signal(m->guest.trace, vcpu->thread.tid,
			    &vcpu->thread.signals.fatal);
		machine_end(m, OUTCOME_SIGNAL, call->status,
		    "hypercall %u (%s) %s", number, hc_row(number)->name,
		    call->why);
		return;
	}
	if (call->end == HC_ENDS_GUEST) {
		machine_end_quietly(vcpu->machine, OUTCOME_EXIT, call->status);
		return;
	}
	vcpu->status = call->status;
	vcpu->ended = true;
}

/*
 * A hypercall: the registers hold number and arguments, whichever door it came
 * through.  One KVM_RUN and the served call, no other ioctl.
 */
static void
serve(struct vcpu *vcpu)
{
	struct kvm_regs *regs = vcpu_regs(vcpu);
	struct hc_call call = {
		.guest = &vcpu->machine->guest,
		.thread = &vcpu->thread,
		.arg = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8,
		    regs->r9, regs->rcx },
		.sp = vcpu->frame ? vcpu->frame->rsp : regs->rsp,
	};

	uint32_t number = (uint32_t)regs->rax;
	bool debugged = vcpu->machine->debug.on;
	int64_t result;

	/* Of the OUT's own exits: a gate that faulted has a frame. */
	vcpu->served = !vcpu->frame;
	if (debugged)
		step_before_hypercall(vcpu);
	result = hc_dispatch(&call, number);
	if (call.end != HC_GOES_ON && call.end != HC_LEAVES_HANDLER) {
		end_by_call(vcpu, &call, number);
		return;
	}
	if (debugged)
		step_on_hypercall(vcpu, number, result);
	if (call.end == HC_LEAVES_HANDLER) {
		deliver_return(vcpu);
	} else if (hc_is_interrupted(result)) {
		vcpu->unfinished = result;
		vcpu->attend = true;
	} else {
		regs->rax = (uint64_t)result;
		vcpu_changed(vcpu);
	}
}

/* The signal of a trap in the code at `rip` is raised. */
static void
fault(struct vcpu *vcpu, const struct trap *trap, uint64_t rip)
{
	vcpu->trap = *trap;
	vcpu->faulted = true;
	trap_siginfo(vcpu, rip, trap_info(trap->vector)->signal, &vcpu->raised);
	vcpu->attend = true;
}

/*
 * `syscall` reached the door for the first time: learn in which mode it does
 * that on this KVM, and write the tail that returns from there.
 *
 * In supervisor mode it is certain: only `syscall` leads there.  In user mode
 * it may have been a jump of the guest's own, made to have us write the tail
 * that is wrong here and would leave it in supervisor mode; so a `syscall` of
 * ours is tried, which nobody can forge.
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
		trial.rip = monitor_door_trial();
		*vcpu_regs(vcpu) = trial;
		run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
		/* A kick is for the run loop, which looks why it came. */
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
	monitor_set_door(m->monitor, tail);
	/* Whoever finds it known passes the tail at once. */
	m->door = tail;
	return 0;
}

/* Two threads may come to the door for the first time at once. */
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
		serve(vcpu);
}

static bool
code_is(const struct machine *m, uint64_t rip, const uint8_t *code, size_t len)
{
	uint8_t there[4];

	return gmem_read(&m->mem, there, rip, len) == 0 &&
	       memcmp(there, code, len) == 0;
}

/*
 * INT n, which a KVM without hardware lets arrive as undefined: the processor
 * says that its gate is not for user mode (SDM vol. 2, INT n; vol. 3, 6.13, the
 * error code).
 */
static void
correct_int(const struct machine *m, uint64_t rip, struct trap *trap)
{
	int n = trap->vector == 6 ? trap_int_number(m, rip) : -1;

	if (n < 0)
		return;
	trap->vector = 13;
	trap->error = (uint64_t)n << 3 | ERROR_IDT;
}

/*
 * A vCPU rests in the stub of `vector`.  Two of its traps are requests: the
 * gate where neither IOPL nor the I/O bitmap opens it, and ToroV's way to end.
 */
static void
on_trap(struct vcpu *vcpu, unsigned vector)
{
	static const uint8_t gate[HYPERCALL_GATE_SIZE] = { 0xe7,
		PORT_HYPERCALL };
	static const uint8_t hlt[] = { OPCODE_HLT };
	struct machine *m = vcpu->machine;
	struct trap trap = { .vector = vector };
	struct kvm_sregs sregs;
	uint64_t rip;

	vcpu->frame = monitor_frame(
	    m->monitor, vcpu->id, vector, vcpu_regs(vcpu)->rsp, &trap.error);
	if (!vcpu->frame) {
		machine_end(m, OUTCOME_FAILED, 0,
		    "trap %u came with the stack at 0x%llx, not the monitor's",
		    vector, vcpu_regs(vcpu)->rsp);
		return;
	}
	rip = vcpu->frame->rip;
	if (vector == 13 && code_is(m, rip, gate, sizeof(gate))) {
		vcpu->frame->rip += HYPERCALL_GATE_SIZE;
		serve(vcpu);
		return;
	}
	/* What uses `syscall` is Linux' own, and means a crash by HLT. */
	if (vector == 13 && m->door == DOOR_UNKNOWN &&
	    code_is(m, rip, hlt, sizeof(hlt))) {
		machine_end_quietly(m, OUTCOME_EXIT, 0);
		return;
	}
	if (vector == 14 && kvmcore_get_sregs(&vcpu->kvm, &sregs) == 0)
		trap.address = sregs.cr2;
	correct_int(m, rip, &trap);
	vcpu->trap = trap;
	if (!step_on_trap(vcpu))
		fault(vcpu, &trap, rip);
}

/* KVM_SET_GUEST_DEBUG was asked for by a debugger, so this is for it; what it
 * does not know is the guest's own. */
static void
on_debug(struct vcpu *vcpu)
{
	struct trap trap = {
		.vector = vcpu->kvm.run->debug.arch.exception,
	};

	vcpu->trap = trap;
	if (!step_on_exit(vcpu))
		fault(vcpu, &trap, vcpu_user_rip(vcpu));
}

/* Where IOPL 3 opened more ports than the gates: what the processor would
 * have said otherwise. */
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
		serve(vcpu);
	else if (gate && run->io.port == PORT_SYSCALL && monitor_in_door(rip))
		on_syscall(vcpu);
	else if (gate && run->io.port == PORT_TRAP &&
		 monitor_stub_vector(rip, &vector))
		on_trap(vcpu, vector);
	else
		on_foreign_port(vcpu);
}

static void
on_hlt(struct vcpu *vcpu)
{
	machine_end_quietly(vcpu->machine, OUTCOME_EXIT, 0);
}

/* An exception while delivering an exception while delivering one. */
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

/* The exits that are served; any other ends the guest with its name. */
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
		    "KVM_EXIT_%s (%u) at 0x%llx is nothing a guest can do",
		    kvmcore_exit_name(reason), reason, vcpu_regs(vcpu)->rip);
}

/*
 * Memory that KVM could not have: was it because another thread took rights
 * away meanwhile (gmem_flush())? Then it is there again.
 */
static bool
is_passing(struct vcpu *vcpu)
{
	uint64_t flushes = gmem_flushes(&vcpu->machine->mem);
	bool passing = flushes != vcpu->flushes;

	vcpu->flushes = flushes;
	return passing;
}

/* A page that is not in its file.  KVM does not say which. */
static void
lose_page(struct vcpu *vcpu)
{
	vcpu->faulted = false;
	vcpu->raised = (siginfo_t){
		.si_signo = SIGBUS,
		.si_code = BUS_ADRERR,
	};
	vcpu->attend = true;
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

void
vcpu_enter(struct vcpu *vcpu)
{
	struct trap_frame *frame = vcpu->frame;
	int r = kvmcore_run(&vcpu->kvm);

	vcpu->runs++;
	/* Kicked before it had left the stub, it still rests there. */
	vcpu->frame = r < 0 && frame &&
			      monitor_behind_stub(vcpu_regs(vcpu)->rip)
			  ? frame
			  : NULL;
	vcpu->served = false;
	vcpu->again = false;
	if (r < 0)
		on_run_error(vcpu, r);
	else
		on_exit_reason(vcpu);
}
