/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of exits.  Nothing here may change the machine.  The state of the vCPU
 * shows what its handler did, so that handlers need not report it.
 */
#include "vm/exitline.h"

#include "image/escape.h"
#include "vm/context.h"
#include "vm/trap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WHY   160
#define PLACE 256
#define DONE  160

/* Why KVM_RUN returned, as far as the vCPU knows it before it is handled:
 * *vector is that of a stub, or -1. */
static void
describe_reason(struct vcpu *vcpu, int r, char text[WHY], int *vector)
{
	const struct kvm_run *run = vcpu->kvm.run;
	unsigned stub;

	*vector = -1;
	if (r < 0) {
		snprintf(text, WHY, "none (%s)", strerror(-r));
		return;
	}
	if (run->exit_reason != KVM_EXIT_IO) {
		snprintf(text, WHY, "%s", kvmcore_exit_name(run->exit_reason));
		return;
	}
	if (run->io.port == PORT_TRAP &&
	    shim_stub_vector(vcpu_regs(vcpu)->rip, &stub))
		*vector = (int)stub;
	snprintf(text, WHY, "IO %s 0x%x",
	    run->io.direction == KVM_EXIT_IO_OUT ? "out" : "in", run->io.port);
}

/* The user's instruction, with its function if that is known. */
static void
describe_place(struct vcpu *vcpu, char text[IMAGE_ESCAPED(PLACE)])
{
	const struct machine *m = vcpu->machine;
	struct symbol symbol;
	struct kvm_regs regs;
	char raw[PLACE];
	uint64_t rip;

	vcpu_user_regs(vcpu, &regs);
	rip = vcpu_place(&regs);
	if (report_symbol(m, &m->exit_lines->program, &m->exit_lines->interp,
		rip, &symbol))
		snprintf(raw, sizeof(raw), "0x%" PRIx64 " %s+0x%" PRIx64, rip,
		    symbol.name, symbol.offset);
	else
		snprintf(raw, sizeof(raw), "0x%" PRIx64, rip);
	image_escape(text, IMAGE_ESCAPED(PLACE), raw);
}

static void
describe_call(struct vcpu *vcpu, char text[DONE])
{
	const struct flight *f = &vcpu->flight;
	const struct hc_row *row = hc_row(f->number);
	const char *name = row ? row->name : "an unknown hypercall";

	switch (f->call) {
	case CALL_SERVED:
		if (machine_is_over(vcpu->machine))
			snprintf(text, DONE, "%s", name);
		else
			snprintf(text, DONE, "%s = %lld", name,
			    (long long)vcpu_regs(vcpu)->rax);
		break;
	case CALL_EXITED:
		snprintf(text, DONE, "%s, and the thread ends", name);
		break;
	case CALL_CUT: snprintf(text, DONE, "%s is interrupted", name); break;
	case CALL_RETURNS: snprintf(text, DONE, "%s", name); break;
	default: snprintf(text, DONE, "%s, shown to the debugger", name); break;
	}
}

static void
describe_trap(struct vcpu *vcpu, int vector, char text[DONE])
{
	const struct flight *f = &vcpu->flight;
	const bool raised = f->raised == RAISED_TRAP;
	const struct trap_info *info;
	char error[96] = "";

	if (vector < 0) {
		snprintf(text, DONE, "%s",
		    raised ? trap_signal_name(f->info.si_signo) : "goes on");
		return;
	}
	info = trap_info((unsigned)vector);
	if (raised)
		trap_describe_error(&f->trap, error, sizeof(error));
	snprintf(text, DONE, "#%s %s%s%s: %s", info->mnemonic, info->text,
	    error[0] ? ", " : "", error,
	    raised                ? trap_signal_name(f->info.si_signo)
	    : vector == VECTOR_PF ? "the page is there now, try again"
				  : "goes on");
}

/* The handler's effect, from the largest to the least. */
static void
describe_done(struct vcpu *vcpu, int r, int vector, char text[DONE])
{
	const struct flight *f = &vcpu->flight;

	if (f->call != CALL_NONE)
		describe_call(vcpu, text);
	else if (vcpu->debug.event.kind != EVENT_NONE)
		snprintf(text, DONE, "stops for the debugger");
	else if (r == -EINTR)
		snprintf(text, DONE, "was kicked, to look for work");
	else
		describe_trap(vcpu, vector, text);
}

void
exitline_show(
    struct vcpu *vcpu, int r, void (*handle)(struct vcpu *vcpu, int r))
{
	struct machine *m = vcpu->machine;
	char why[WHY], place[IMAGE_ESCAPED(PLACE)], done[DONE];
	int vector;

	describe_reason(vcpu, r, why, &vector);
	handle(vcpu, r);
	describe_place(vcpu, place);
	describe_done(vcpu, r, vector, done);
	output_print(m->exit_lines->out, "[vcpu %u] exit %s at %s: %s%s\n",
	    vcpu->id, why, place, done,
	    machine_is_over(m) ? "; the guest ends" : "");
}
