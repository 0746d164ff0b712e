/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start state of a guest's processor.  Nothing here may know images or
 * hypercalls.
 */
#include "vm/cpu.h"

#include "vm/context.h"
#include "vm/error.h"
#include "vm/x86.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>

enum cpuid_register {
	EAX,
	EBX,
	ECX,
	EDX,
};

/*
 * CPUID of flat images: the processor's, as far as every KVM lets user code
 * have it without more state than SSE's.  Each leaf that
 * KVM_GET_SUPPORTED_CPUID gives is an exit where the host is a guest itself.
 */
static const struct {
	uint32_t function;
	uint32_t keep[4]; /* of EAX to EDX */
} plain[] = {
	{ 0x00000000, { 0, ~0U, ~0U, ~0U } },
	/* ECX: SSE3, PCLMULQDQ, SSSE3, CX16, SSE4.1, SSE4.2, MOVBE, POPCNT,
	 * AES, RDRAND.  EDX: FPU, TSC, MSR, PAE, CX8, APIC, PGE, CMOV, PAT,
	 * CLFSH, MMX, FXSR, SSE, SSE2. */
	{ 0x00000001, { ~0U, ~0U, 0x42d82203, 0x0789a371 } },
	{ 0x80000000, { 0, ~0U, ~0U, ~0U } },
	/* ECX: LAHF.  EDX: SYSCALL, NX, LM. */
	{ 0x80000001, { ~0U, 0, 0x00000001, 0x20100800 } },
	{ 0x80000008, { 0xffff, 0, 0, 0 } },
};

#define PLAIN        (sizeof(plain) / sizeof(plain[0]))
#define HIGHEST_LEAF 1U

static struct kvm_cpuid_entry2
plain_leaf(size_t i)
{
	const uint32_t *keep = plain[i].keep;
	struct kvm_cpuid_entry2 leaf = { .function = plain[i].function };
	uint32_t a, b, c, d;

	__cpuid(leaf.function, a, b, c, d);
	leaf.eax = a & keep[EAX];
	leaf.ebx = b & keep[EBX];
	leaf.ecx = c & keep[ECX];
	leaf.edx = d & keep[EDX];
	/* The highest leaf of each range. */
	if (leaf.function == 0)
		leaf.eax = HIGHEST_LEAF;
	else if (leaf.function == 0x80000000)
		leaf.eax = plain[PLAIN - 1].function;
	return leaf;
}

void
cpu_show_plain(struct machine *m)
{
	uint32_t i;

	if (!m->image.flat || m->cpuid.nent > 0)
		return;
	for (i = 0; i < PLAIN; i++)
		m->cpuid.entries[i] = plain_leaf(i);
	m->cpuid.nent = PLAIN;
}

static const struct kvm_cpuid_entry2 *
cpuid_leaf(const struct machine *m, uint32_t function, uint32_t index)
{
	const struct machine_cpuid *cpuid = &m->cpuid;
	uint32_t i;

	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function &&
		    cpuid->entries[i].index == index)
			return &cpuid->entries[i];
	return NULL;
}

void
cpu_id(
    const struct machine *m, uint32_t function, uint32_t index, uint32_t reg[4])
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(m, function, index);
	struct kvm_cpuid_entry2 own;
	size_t i;

	/* It is shown to none, but asked for: /proc/cpuinfo. */
	for (i = 0; m->cpuid.nent == 0 && i < PLAIN; i++) {
		if (plain[i].function == function && index == 0) {
			own = plain_leaf(i);
			leaf = &own;
		}
	}
	if (!leaf)
		return;
	reg[EAX] = leaf->eax;
	reg[EBX] = leaf->ebx;
	reg[ECX] = leaf->ecx;
	reg[EDX] = leaf->edx;
}

static bool
cpuid_bit(const struct machine *m, uint32_t function, enum cpuid_register reg,
    unsigned bit)
{
	uint32_t regs[4] = { 0 };

	cpu_id(m, function, 0, regs);
	return regs[reg] >> bit & 1;
}

/* Features that user code cannot use: CPUID does not show them. */
static const struct {
	uint32_t function;
	enum cpuid_register reg;
	unsigned bit;
} hidden[] = {
	{ 0x00000001, ECX, 5 }, /* VMX */
	{ 0x00000007, EBX, 2 }, /* SGX */
	{ 0x80000001, ECX, 2 }, /* SVM */
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

static void
hide_features(struct kvm_cpuid_entry2 *leaf)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (leaf->function == hidden[i].function && leaf->index == 0)
			*leaf_register(leaf, hidden[i].reg) &= ~(
			    1U << hidden[i].bit);
}

/*
 * The state components of a guest: those that KVM can save (CPUID 0xD, SDM
 * vol. 1, 13.2) and that user code can use without enabling them.  A KVM that
 * runs user code natively saves them even where its CPUID denies XSAVE.
 */
static uint64_t
usable_features(const struct machine *m)
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(m, 0xd, 0);
	uint64_t can = leaf ? leaf->eax | (uint64_t)leaf->edx << 32 : 0;

	can &= XCR0_X87_SSE_AVX | XCR0_AVX512;
	/* AVX-512 is all three components or none. */
	if ((can & XCR0_AVX512) != XCR0_AVX512)
		can &= XCR0_X87_SSE_AVX;
	return can | XCR0_X87_SSE;
}

/* AMD's first-level caches, by which libraries choose how to copy: KVM before
 * Linux 6.2 leaves them out. */
static void
add_caches(const struct machine *m, struct kvm_cpuid_entry2 *leaf)
{
	const struct kvm_cpuid_entry2 *vendor = cpuid_leaf(m, 0, 0);
	const uint32_t intel = 0x756e6547; /* "Genu" */

	if (leaf->function == 0x80000005 && leaf->ecx == 0 && vendor &&
	    vendor->ebx != intel)
		__cpuid(
		    leaf->function, leaf->eax, leaf->ebx, leaf->ecx, leaf->edx);
}

static int
get_cpuid(struct machine *m)
{
	uint32_t i;
	int r;

	m->cpuid.nent = MACHINE_CPUID;
	r = kvmcore_get_supported_cpuid(m->kvm, (struct kvm_cpuid2 *)&m->cpuid);
	for (i = 0; r == 0 && i < m->cpuid.nent; i++) {
		hide_features(&m->cpuid.entries[i]);
		add_caches(m, &m->cpuid.entries[i]);
	}
	return r;
}

int
cpu_probe(struct machine *m, struct machine_error *error)
{
	int r;

	m->xfeatures = XCR0_X87_SSE;
	if (m->image.flat)
		return 0;
	r = get_cpuid(m);
	if (r < 0)
		return machine_fail(
		    error, r, "KVM_GET_SUPPORTED_CPUID: %s", strerror(-r));
	m->xfeatures = usable_features(m);
	m->xcr0 = cpuid_bit(m, 1, ECX, 26) ? m->xfeatures : 0;
	m->fsgsbase = cpuid_bit(m, 7, EBX, 0);
	return 0;
}

void
cpu_hwcap(const struct machine *m, uint64_t *hwcap, uint64_t *hwcap2)
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(m, 1, 0);

	*hwcap = leaf ? leaf->edx : 0;
	*hwcap2 = m->fsgsbase ? 1U << 1 : 0; /* HWCAP2_FSGSBASE */
}

bool
cpu_xsave_component(
    const struct machine *m, unsigned i, uint32_t *offset, uint32_t *size)
{
	const struct kvm_cpuid_entry2 *leaf = cpuid_leaf(m, 0xd, i);

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
		    cpu_xsave_component(m, i, &offset, &size) &&
		    offset + size > end)
			end = offset + size;
	return end;
}

/* Parts of an XSAVE area, SDM vol. 1, 13.4. */
#define XSAVE_OPCODE_AT 6U /* then the places of instruction and operand */
#define XSAVE_MXCSR_AT  24U
#define XSAVE_MASK_AT   28U
#define XSAVE_X87_AT    32U
#define XSAVE_SSE_END   416U
#define XSAVE_HEADER    512U
#define XSAVE_EXTENDED  576U
#define XSAVE_COMPONENT 64U

/* A component that is as after a reset has any bytes in the area. */
static void
clear_unused(const struct machine *m, uint8_t *area)
{
	uint32_t at, size;
	uint64_t used;
	unsigned i;

	memcpy(&used, area + XSAVE_HEADER, sizeof(used));
	if (!(used & 1)) {
		memset(area, 0, XSAVE_MXCSR_AT);
		area[0] = 0x7f; /* the control word is 0x37f */
		area[1] = 0x03;
		memset(area + XSAVE_X87_AT, 0, CPU_XSAVE_SSE - XSAVE_X87_AT);
	}
	if (!(used & 2))
		memset(area + CPU_XSAVE_SSE, 0, XSAVE_SSE_END - CPU_XSAVE_SSE);
	for (i = 2; i < XSAVE_COMPONENT; i++)
		if ((m->xfeatures >> i & 1) && !(used >> i & 1) &&
		    cpu_xsave_component(m, i, &at, &size) &&
		    at + size <= sizeof(struct kvm_xsave))
			memset(area + at, 0, size);
}

void
cpu_xsave_settle(const struct machine *m, void *area)
{
	uint8_t *bytes = area;

	clear_unused(m, bytes);
	memset(bytes + XSAVE_OPCODE_AT, 0, XSAVE_MXCSR_AT - XSAVE_OPCODE_AT);
	memset(bytes + XSAVE_MASK_AT, 0, XSAVE_X87_AT - XSAVE_MASK_AT);
	memset(bytes + XSAVE_SSE_END, 0, XSAVE_EXTENDED - XSAVE_SSE_END);
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
		.base = shim_tss(vcpu),
		.limit = SHIM_TSS_LIMIT,
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
		.base = SHIM_GDT,
		.limit = SHIM_GDT_LIMIT,
	};
	s->idt = (struct kvm_dtable){
		.base = SHIM_IDT,
		.limit = SHIM_IDT_LIMIT,
	};
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	s->cr3 = m->mem.pt.gpa;
	s->cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT |
		 (m->guest.counted ? CR4_TSD : 0) |
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
			{ .index = MSR_LSTAR, .data = SHIM_DOOR },
			/* `syscall` clears these flags: a single step must
			 * not continue in the shim. */
			{ .index = MSR_FMASK, .data = RFLAGS_TF },
		},
	};

	return kvmcore_set_msrs(&vcpu->kvm, (const struct kvm_msrs *)&msrs);
}

/* CPUID is first, because KVM checks XCR0 against it, and at the first entry
 * EFER and CR4. */
static int
set_state(struct vcpu *vcpu, const char **call)
{
	int r;

	*call = "KVM_SET_CPUID2";
	r = vcpu->machine->cpuid.nent == 0
		? 0
		: kvmcore_set_cpuid(
		      &vcpu->kvm, (struct kvm_cpuid2 *)&vcpu->machine->cpuid);
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

/* The first entry takes the registers, and every exit brings them, so that no
 * ioctl is needed. */
void
cpu_set_registers(struct vcpu *vcpu, const struct user_context *c)
{
	struct kvm_run *run = vcpu->kvm.run;
	struct kvm_regs *regs = &run->s.regs.regs;

	*regs = c->regs;
	/* IOPL 3 opens the gate where the I/O bitmap does not.  IF is set as in
	 * any process: nothing interrupts a guest, but on some processors the
	 * host's interrupts need it. */
	regs->rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_RF);
	regs->rflags |= RFLAGS_FIXED | RFLAGS_IF | RFLAGS_IOPL;
	run->s.regs.sregs = (struct kvm_sregs){ 0 };
	set_system_registers(vcpu, &run->s.regs.sregs);
	run->s.regs.sregs.fs.base = c->fs_base;
	run->s.regs.sregs.gs.base = c->gs_base;
	run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	run->kvm_valid_regs = KVM_SYNC_X86_REGS;
	vcpu->kvm.without_counter = vcpu->machine->guest.counted &&
				    !kvmcore_has_hardware();
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
