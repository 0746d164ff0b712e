/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probe: snippets of code, and how each leaves the guest.  Nothing here may
 * know what the result is for.
 */
#include "vm/probe.h"

#include "vm/cpu.h"
#include "vm/error.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define CODE_AT  (MACHINE_MIN_MEMORY / 2)
#define DATA_AT  (CODE_AT + PAGE_4K)
#define STACK_AT (DATA_AT + PAGE_4K)
#define ANY_PORT 0x80

/* DR7 for DR0 alone, exact: SDM vol. 3, 17.2.4. */
#define DR7_L0_EXECUTE UINT64_C(0x00000701)
#define DR7_L0_WRITE4  UINT64_C(0x000d0701)

#define CODE(...)                       \
	{                               \
		__VA_ARGS__, 0x0f, 0x0b \
	} /* and ud2, the end of each */

enum snippet_number {
	SNIPPET_BITMAP,
	SNIPPET_IOPL,
	SNIPPET_SYSCALL,
	SNIPPET_INT3,
	SNIPPET_STEP,
	SNIPPET_HW_BREAKPOINT,
	SNIPPET_HW_WATCHPOINT,
};

/* The code, its flags, and what KVM_SET_GUEST_DEBUG asks for. */
static const struct snippet {
	uint8_t code[16];
	uint64_t rflags;
	uint32_t control;
	uint64_t dr0, dr7;
} snippets[] = {
	[SNIPPET_BITMAP] = { .code = CODE(HYPERCALL_GATE) },
	[SNIPPET_IOPL] = {
		.code = CODE(OPCODE_OUT_EAX, ANY_PORT),
		.rflags = RFLAGS_IOPL,
	},
	[SNIPPET_SYSCALL] = { .code = CODE(HYPERCALL_SYSCALL) },
	[SNIPPET_INT3] = {
		.code = CODE(0xcc),
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP,
	},
	[SNIPPET_STEP] = {
		.code = CODE(0x90, 0x90),
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	},
	[SNIPPET_HW_BREAKPOINT] = {
		.code = CODE(0x90, 0x90),
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		.dr0 = CODE_AT + 1,
		.dr7 = DR7_L0_EXECUTE,
	},
	[SNIPPET_HW_WATCHPOINT] = {
		.code = CODE(0x89, 0x07, 0x90), /* mov %eax, (%rdi); nop */
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		.dr0 = DATA_AT,
		.dr7 = DR7_L0_WRITE4,
	},
};

/* How a snippet left the guest. */
enum left {
	LEFT_OTHERWISE,
	LEFT_BY_PORT,  /* an OUT of the snippet, or the syscall door's */
	LEFT_BY_TRAP,  /* a stub: `vector` */
	LEFT_BY_DEBUG, /* KVM_EXIT_DEBUG */
};

struct way_out {
	enum left left;
	unsigned vector;
	unsigned cpl;
};

static enum left
way_of(const struct vcpu *vcpu, unsigned *vector)
{
	const struct kvm_run *run = vcpu->kvm.run;

	if (run->exit_reason == KVM_EXIT_DEBUG)
		return LEFT_BY_DEBUG;
	if (run->exit_reason != KVM_EXIT_IO)
		return LEFT_OTHERWISE;
	if (run->io.port == PORT_TRAP &&
	    shim_stub_vector(run->s.regs.regs.rip, vector))
		return LEFT_BY_TRAP;
	return LEFT_BY_PORT;
}

/* KVM completes an exit's I/O at the next entry.  Let it do so now, before the
 * next snippet's registers are set. */
static int
settle(const struct vcpu *vcpu)
{
	int r;

	vcpu->kvm.run->immediate_exit = 1;
	r = kvmcore_run(&vcpu->kvm);
	vcpu->kvm.run->immediate_exit = 0;
	return r == -EINTR ? 0 : r;
}

static int
run_snippet(const struct vcpu *vcpu, const struct kvm_sregs *user,
    const struct snippet *snippet, struct way_out *out)
{
	const struct kvm_regs regs = {
		.rip = CODE_AT,
		.rdi = DATA_AT,
		.rsp = STACK_AT + PAGE_4K,
		.rflags = RFLAGS_FIXED | snippet->rflags,
	};
	const struct kvm_guest_debug debug = {
		.control = snippet->control,
		.arch.debugreg = { [0] = snippet->dr0, [7] = snippet->dr7 },
	};
	struct kvm_sregs sregs;
	int r;

	*out = (struct way_out){ 0 };
	memcpy(vcpu->machine->mem.base + CODE_AT, snippet->code,
	    sizeof(snippet->code));
	vcpu->kvm.run->kvm_dirty_regs = 0;
	r = kvmcore_set_sregs(&vcpu->kvm, user);
	if (r == 0)
		r = kvmcore_set_regs(&vcpu->kvm, &regs);
	/* If KVM refuses, the exception does not arrive. */
	if (r == 0 && kvmcore_set_guest_debug(&vcpu->kvm, &debug) < 0)
		return 0;
	if (r == 0)
		r = kvmcore_run(&vcpu->kvm);
	if (r < 0)
		return r;
	out->left = way_of(vcpu, &out->vector);
	if (kvmcore_get_sregs(&vcpu->kvm, &sregs) == 0)
		out->cpl = sregs.cs.selector & 3;
	return settle(vcpu);
}

static enum probe_way
debug_way(const struct way_out *out, unsigned vector)
{
	if (out->left == LEFT_BY_DEBUG)
		return PROBE_EXIT_DEBUG;
	if (out->left == LEFT_BY_TRAP && out->vector == vector)
		return PROBE_TRAP;
	return PROBE_NONE;
}

static void
note(struct probe *probe, enum snippet_number number, const struct way_out *out)
{
	switch (number) {
	case SNIPPET_BITMAP:
		probe->io_bitmap = out->left == LEFT_BY_PORT;
		break;
	case SNIPPET_IOPL: probe->iopl = out->left == LEFT_BY_PORT; break;
	case SNIPPET_SYSCALL: probe->syscall_cpl = out->cpl; break;
	case SNIPPET_INT3: probe->breakpoint = debug_way(out, 3); break;
	case SNIPPET_STEP: probe->step = debug_way(out, 1); break;
	case SNIPPET_HW_BREAKPOINT:
		probe->hw_breakpoint = out->left == LEFT_BY_DEBUG;
		break;
	case SNIPPET_HW_WATCHPOINT:
		probe->hw_watchpoint = out->left == LEFT_BY_DEBUG;
		break;
	}
}

static int
run_snippets(struct machine *m, struct probe *probe)
{
	struct vcpu *vcpu = &m->vcpu[0];
	const struct kvm_sregs user = vcpu->kvm.run->s.regs.sregs;
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(snippets) / sizeof(snippets[0]); i++) {
		struct way_out out;

		r = run_snippet(vcpu, &user, &snippets[i], &out);
		if (r == 0)
			note(probe, i, &out);
	}
	return r;
}

static int
run_on(struct machine *m, struct probe *probe, struct machine_error *error)
{
	int r;

	m->guest.space.mem = &m->mem;
	space_take(&m->guest.space, CODE_AT, PAGE_4K,
	    space_bits(PROT_READ | PROT_EXEC));
	space_take(&m->guest.space, DATA_AT, 2 * PAGE_4K,
	    space_bits(PROT_READ | PROT_WRITE));
	r = gmem_provide(&m->mem, CODE_AT, 3 * PAGE_4K);
	if (r < 0)
		return machine_fail(
		    error, r, "memory of a probe: %s", strerror(-r));
	r = cpu_init(&m->vcpu[0], CODE_AT, STACK_AT, error);
	if (r < 0)
		return r;
	probe->xfeatures = m->xfeatures;
	probe->fsgsbase = m->fsgsbase;
	r = run_snippets(m, probe);
	return r < 0 ? machine_fail(
			   error, r, "KVM cannot run a probe: %s", strerror(-r))
		     : r;
}

int
probe_run(int kvm, struct probe *probe, struct machine_error *error)
{
	/* Fresh pages, most of which are never touched. */
	struct machine *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	*probe = (struct probe){ 0 };
	if (m == MAP_FAILED)
		return machine_fail(error, -errno, "mmap: %s", strerror(errno));
	r = machine_create(m, kvm, MACHINE_MIN_MEMORY, error);
	if (r == 0)
		r = run_on(m, probe, error);
	machine_destroy(m);
	munmap(m, sizeof(*m));
	return r;
}
