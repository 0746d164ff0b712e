/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control registers.  Nothing here may know who shows them.
 */
#include "vm/control.h"

#include "vm/context.h"
#include "vm/x86.h"

static int
read_msrs(const struct kvmcore_vcpu *vcpu, struct control_state *state)
{
	int r = kvmcore_get_msr(vcpu, MSR_STAR, &state->star);

	if (r == 0)
		r = kvmcore_get_msr(vcpu, MSR_LSTAR, &state->lstar);
	if (r == 0)
		r = kvmcore_get_msr(vcpu, MSR_FMASK, &state->fmask);
	return r;
}

int
vcpu_control(struct vcpu *vcpu, struct control_state *state)
{
	struct kvm_debugregs debug;
	struct kvm_sregs s;
	int r = vcpu_sregs(vcpu, &s);

	if (r == 0)
		r = kvmcore_get_debugregs(&vcpu->kvm, &debug);
	if (r < 0)
		return r;
	*state = (struct control_state){
		.cr0 = s.cr0,
		.cr2 = s.cr2,
		.cr3 = s.cr3,
		.cr4 = s.cr4,
		.efer = s.efer,
		.dr6 = debug.dr6,
		.dr7 = debug.dr7,
		.xcr0 = vcpu->machine->xcr0,
	};
	return read_msrs(&vcpu->kvm, state);
}

int
vcpu_set_status(struct vcpu *vcpu, uint64_t cr2, uint64_t dr6)
{
	struct kvm_debugregs debug;
	struct kvm_sregs s;
	int r = vcpu_sregs(vcpu, &s);

	if (r == 0 && s.cr2 != cr2) {
		s.cr2 = cr2;
		r = vcpu_set_sregs(vcpu, &s);
	}
	if (r == 0)
		r = kvmcore_get_debugregs(&vcpu->kvm, &debug);
	if (r < 0 || debug.dr6 == dr6)
		return r;
	debug.dr6 = dr6;
	return kvmcore_set_debugregs(&vcpu->kvm, &debug);
}
