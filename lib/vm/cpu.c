/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start state of a guest's processor.  Nothing here may know images or
 * hypercalls.
 */
#include "vm/cpu.h"

#include "vm/context.h"
#include "vm/error.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>

#define CPUID_MAX 256

/* struct kvm_cpuid2 with room: the kernel's ends in an open array. */
static struct {
	uint32_t nent;
	uint32_t padding;
	struct kvm_cpuid_entry2 entries[CPUID_MAX];
} cpuid;

static struct kvm_cpuid_entry2 *
cpuid_leaf(uint32_t function, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < cpuid.nent; i++)
		if (cpuid.entries[i].function == function &&
		    cpuid.entries[i].index == index)
			return &cpuid.entries[i];
	return NULL;
}

enum cpuid_register {
	EAX,
	EBX,
	ECX,
	EDX,
};

static uint32_t *
leaf_register(struct kvm_cpuid_entry2 *leaf, enum cpuid_register reg)
{
	switch (reg) {
	case EAX: return &leaf->eax;
	case EBX: return &leaf->ebx;
	case ECX: return &leaf->ecx;
	default: return &leaf->edx;
	}
}

static bool
cpuid_bit(
    uint32_t function, uint32_t index, enum cpuid_register reg, unsigned bit)
{
	struct kvm_cpuid_entry2 *leaf = cpuid_leaf(function, index);

	return leaf && (*leaf_register(leaf, reg) >> bit & 1);
}

/* What a guest at user level has no use for and must not be told of. */
static const struct {
	uint32_t function;
	enum cpuid_register reg;
	unsigned bit;
} hidden[] = {
	{ 0x00000001, ECX, 5 }, /* VMX */
	{ 0x00000007, EBX, 2 }, /* SGX */
	{ 0x80000001, ECX, 2 }, /* SVM */
};

static void
hide_features(void)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		struct kvm_cpuid_entry2 *leaf = cpuid_leaf(
		    hidden[i].function, 0);

		if (leaf)
			*leaf_register(leaf, hidden[i].reg) &= ~(
			    1U << hidden[i].bit);
	}
}

/*
 * The state components of a guest: what KVM can save (CPUID 0xD, SDM vol. 1,
 * 13.2), of those that user code can enable by nothing but using them.  A KVM
 * that runs user code natively saves them even where its CPUID denies XSAVE.
 */
static uint64_t
usable_features(void)
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(0xd, 0);
	uint64_t can = leaf ? leaf->eax | (uint64_t)leaf->edx << 32 : 0;

	can &= XCR0_X87_SSE_AVX | XCR0_AVX512;
	/* AVX-512 is all three components or none. */
	if ((can & XCR0_AVX512) != XCR0_AVX512)
		can &= XCR0_X87_SSE_AVX;
	return can | XCR0_X87_SSE;
}

int
cpu_probe(struct machine *m, struct machine_error *error)
{
	int r;

	cpuid.nent = CPUID_MAX;
	r = kvmcore_get_supported_cpuid(m->kvm, (struct kvm_cpuid2 *)&cpuid);
	if (r < 0)
		return machine_fail(
		    error, r, "KVM_GET_SUPPORTED_CPUID: %s", strerror(-r));
	hide_features();
	m->xfeatures = usable_features();
	m->xcr0 = cpuid_bit(1, 0, ECX, 26) ? m->xfeatures : 0;
	m->fsgsbase = cpuid_bit(7, 0, EBX, 0);
	return 0;
}

void
cpu_hwcap(const struct machine *m, uint64_t *hwcap, uint64_t *hwcap2)
{
	struct kvm_cpuid_entry2 *leaf = cpuid_leaf(1, 0);

	*hwcap = leaf ? leaf->edx : 0;
	*hwcap2 = m->fsgsbase ? 1U << 1 : 0; /* HWCAP2_FSGSBASE */
}

void
cpu_id(uint32_t function, uint32_t index, uint32_t reg[4])
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(function, index);

	if (!leaf)
		return;
	reg[EAX] = leaf->eax;
	reg[EBX] = leaf->ebx;
	reg[ECX] = leaf->ecx;
	reg[EDX] = leaf->edx;
}

bool
cpu_xsave_component(unsigned i, uint32_t *offset, uint32_t *size)
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(0xd, i);

	if (!leaf || leaf->eax == 0)
		return false;
	*size = leaf->eax;
	*offset = leaf->ebx;
	return true;
}

uint32_t
cpu_xsave_size(const struct machine *m)
{
	uint32_t end = 576; /* legacy area and header */
	uint32_t offset, size;
	unsigned i;

	for (i = 2; i < 64; i++)
		if ((m->xfeatures >> i & 1) &&
		    cpu_xsave_component(i, &offset, &size) &&
		    offset + size > end)
			end = offset + size;
	return end;
}

static struct kvm_segment
code_segment(uint16_t selector)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = 11, /* execute, read, accessed */
		.present = 1,
		.dpl = selector & 3,
		.s = 1,
		.l = 1,
		.g = 1,
	};
}

static struct kvm_segment
data_segment(uint16_t selector)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = 3, /* read, write, accessed */
		.present = 1,
		.dpl = selector & 3,
		.s = 1,
		.db = 1,
		.g = 1,
	};
}

static struct kvm_segment
task_segment(unsigned vcpu)
{
	return (struct kvm_segment){
		.selector = SEL_TSS,
		.base = monitor_tss(vcpu),
		.limit = MONITOR_TSS_LIMIT,
		.type = 11, /* busy 64-bit TSS */
		.present = 1,
	};
}

void
cpu_user_segments(struct kvm_sregs *s)
{
	s->cs = code_segment(SEL_USER_CODE);
	s->ss = data_segment(SEL_USER_DATA);
}

static void
set_system_registers(const struct vcpu *vcpu, struct kvm_sregs *s)
{
	const struct machine *m = vcpu->machine;

	cpu_user_segments(s);
	s->ds = s->es = s->fs = s->gs = s->ss;
	s->tr = task_segment(vcpu->id);
	s->ldt = (struct kvm_segment){ .type = 2, .unusable = 1 };
	s->gdt = (struct kvm_dtable){
		.base = MONITOR_GDT,
		.limit = MONITOR_GDT_LIMIT,
	};
	s->idt = (struct kvm_dtable){
		.base = MONITOR_IDT,
		.limit = MONITOR_IDT_LIMIT,
	};
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	s->cr3 = m->mem.pt.gpa;
	s->cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT |
		 (m->fsgsbase ? CR4_FSGSBASE : 0) | (m->xcr0 ? CR4_OSXSAVE : 0);
	s->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	s->apic_base = APIC_BASE_ENABLED | (vcpu->id == 0 ? APIC_BASE_BSP : 0);
}

static int
set_msrs(const struct vcpu *vcpu)
{
	static const struct {
		uint32_t nmsrs;
		uint32_t pad;
		struct kvm_msr_entry entries[3];
	} msrs = {
		.nmsrs = 3,
		.entries = {
			{ .index = MSR_STAR,
			    .data = (uint64_t)(SEL_USER_CODE - 16) << 48 |
				(uint64_t)SEL_KERNEL_CODE << 32 },
			{ .index = MSR_LSTAR, .data = MONITOR_DOOR },
			/* Flags that are cleared on the way in: only the
			 * single step must not follow into the monitor. */
			{ .index = MSR_FMASK, .data = RFLAGS_TF },
		},
	};

	return kvmcore_set_msrs(&vcpu->kvm, (const struct kvm_msrs *)&msrs);
}

/* CPUID first: KVM checks XCR0, and at the first entry EFER and CR4, against
 * it. */
static int
set_state(struct vcpu *vcpu, const char **call)
{
	int r;

	*call = "KVM_SET_CPUID2";
	r = kvmcore_set_cpuid(&vcpu->kvm, (struct kvm_cpuid2 *)&cpuid);
	if (r < 0)
		return r;
	*call = "KVM_SET_XCRS";
	if (vcpu->machine->xcr0)
		r = kvmcore_set_xcr0(&vcpu->kvm, vcpu->machine->xcr0);
	if (r < 0)
		return r;
	*call = "KVM_SET_MSRS";
	return set_msrs(vcpu);
}

/* The first entry takes the registers along, and every exit brings them: no
 * ioctl is needed for them. */
void
cpu_set_registers(struct vcpu *vcpu, const struct user_context *c)
{
	struct kvm_run *run = vcpu->kvm.run;
	struct kvm_regs *regs = &run->s.regs.regs;

	*regs = c->regs;
	/* IOPL 3 opens the gate where the I/O bitmap does not.  IF is set as in
	 * any process: nothing interrupts a guest, but some processors let the
	 * host's interrupts through by it. */
	regs->rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_RF);
	regs->rflags |= RFLAGS_FIXED | RFLAGS_IF | RFLAGS_IOPL;
	run->s.regs.sregs = (struct kvm_sregs){ 0 };
	set_system_registers(vcpu, &run->s.regs.sregs);
	run->s.regs.sregs.fs.base = c->fs_base;
	run->s.regs.sregs.gs.base = c->gs_base;
	run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	run->kvm_valid_regs = KVM_SYNC_X86_REGS;
}

int
cpu_init(
    struct vcpu *vcpu, uint64_t rip, uint64_t rsp, struct machine_error *error)
{
	const struct user_context start = { .regs = {
						.rip = rip, .rsp = rsp } };
	const char *call;
	int r = set_state(vcpu, &call);

	if (r < 0)
		return machine_fail(error, r, "%s on vCPU %u: %s", call,
		    vcpu->id, strerror(-r));
	cpu_set_registers(vcpu, &start);
	return 0;
}
