/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of signals.  Nothing here may know which signal comes or why.
 *
 * From the interrupted code's stack pointer downwards lie its red zone; the
 * XSAVE area, on 64 bytes; siginfo, ucontext, and the handler's return address,
 * so that the handler finds the stack as after a call.
 */
#include "vm/sigframe.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>

#define RED_ZONE    128
#define FRAME_ALIGN 16
#define XSAVE_ALIGN 64

/* uc_flags, arch/x86/include/uapi/asm/ucontext.h. */
#define UC_FP_XSTATE         1
#define UC_SIGCONTEXT_SS     2
#define UC_STRICT_RESTORE_SS 4

/* The bits of RFLAGS that a handler's return may set
 * (arch/x86/kernel/signal_64.c). */
#define USER_FLAGS UINT64_C(0x50dd5)

/* Offsets in the XSAVE area, SDM vol. 1, 13.4; in the part that is free to
 * software, Linux describes it (arch/x86/include/uapi/asm/sigcontext.h). */
enum {
	AREA_FCW = 0,
	AREA_MXCSR = 24,
	AREA_SOFTWARE = 464,
	AREA_LEGACY = 512,
	AREA_HEADER = 512,
	AREA_COMPONENTS = 576,
};

#define INITIAL_FCW   0x37f
#define INITIAL_MXCSR 0x1f80

struct software {
	uint32_t magic1;
	uint32_t extended_size; /* with the magic number at the end */
	uint64_t features;
	uint32_t size;
	uint32_t padding[7];
};

#define MAGIC1 0x46505853U
#define MAGIC2 0x46505845U

/* The kernel's structures, which C libraries define under other names. */
struct mcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate;
	uint64_t reserved[8];
};

struct ucontext_frame {
	uint64_t flags;
	uint64_t link;
	stack_t stack;
	struct mcontext mcontext;
	hc_sigset mask;
};

struct rt_sigframe {
	uint64_t pretcode;
	struct ucontext_frame uc;
	siginfo_t info;
};

_Static_assert(sizeof(struct mcontext) == 256 && sizeof(siginfo_t) == 128 &&
		   sizeof(struct rt_sigframe) == 440,
    "the structures have the sizes of the kernel's");

#define GENERAL(R) \
	R(r8)      \
	R(r9)      \
	R(r10)     \
	R(r11)     \
	R(r12)     \
	R(r13)     \
	R(r14)     \
	R(r15)     \
	R(rdi)     \
	R(rsi)     \
	R(rbp)     \
	R(rbx)     \
	R(rdx)     \
	R(rax)     \
	R(rcx)     \
	R(rsp)     \
	R(rip)

/* An XSAVE area, by bytes for its part in a frame. */
union area {
	struct kvm_xsave kvm;
	uint8_t bytes[sizeof(struct kvm_xsave)];
};

static bool
is_extended(const struct machine *m)
{
	return m->xfeatures & ~(uint64_t)XCR0_X87_SSE;
}

static uint64_t
area_size(const struct machine *m)
{
	return is_extended(m) ? cpu_xsave_size(m) + sizeof(MAGIC2)
			      : (uint64_t)AREA_LEGACY;
}

/* Write the floating point state.  0 or -EFAULT. */
static int
put_state(struct vcpu *vcpu, uint64_t va)
{
	const struct machine *m = vcpu->machine;
	const uint32_t magic2 = MAGIC2;
	struct software sw = { 0 };
	union area area;
	uint64_t size, present;

	if (kvmcore_get_xsave(&vcpu->kvm, &area.kvm) < 0)
		return -EFAULT;
	memset(area.bytes + AREA_SOFTWARE, 0, sizeof(sw));
	if (!is_extended(m))
		return gmem_write(&m->mem, va, area.bytes, AREA_LEGACY);
	size = cpu_xsave_size(m);
	sw.magic1 = MAGIC1;
	sw.extended_size = (uint32_t)(size + sizeof(magic2));
	sw.features = m->xfeatures;
	sw.size = (uint32_t)size;
	memcpy(area.bytes + AREA_SOFTWARE, &sw, sizeof(sw));
	memcpy(&present, area.bytes + AREA_HEADER, sizeof(present));
	/* Old programs change x87 and SSE state without looking at the
	 * header. */
	present = (present & m->xfeatures) | XCR0_X87_SSE;
	memcpy(area.bytes + AREA_HEADER, &present, sizeof(present));
	if (gmem_write(&m->mem, va, area.bytes, size) < 0)
		return -EFAULT;
	return gmem_write(&m->mem, va + size, &magic2, sizeof(magic2));
}

/* The state in which a program starts, and also a handler. */
static void
initial_state(union area *area)
{
	const uint16_t fcw = INITIAL_FCW;
	const uint32_t mxcsr = INITIAL_MXCSR;
	const uint64_t present = XCR0_X87_SSE;

	memset(area, 0, sizeof(*area));
	memcpy(area->bytes + AREA_FCW, &fcw, sizeof(fcw));
	memcpy(area->bytes + AREA_MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(area->bytes + AREA_HEADER, &present, sizeof(present));
}

/* The size of the area at `va` as its software bytes state it, or, if they are
 * not valid, of what every processor has. */
static uint64_t
stated_size(const struct machine *m, uint64_t va, uint64_t *features)
{
	const uint64_t size = cpu_xsave_size(m);
	struct software sw;
	uint32_t magic2;

	*features = XCR0_X87_SSE;
	if (!is_extended(m) ||
	    gmem_read(&m->mem, &sw, va + AREA_SOFTWARE, sizeof(sw)) < 0 ||
	    sw.magic1 != MAGIC1 || sw.size < AREA_COMPONENTS ||
	    sw.size > size || sw.extended_size < sw.size + sizeof(magic2) ||
	    gmem_read(&m->mem, &magic2, va + sw.size, sizeof(magic2)) < 0 ||
	    magic2 != MAGIC2)
		return AREA_LEGACY;
	*features = sw.features & m->xfeatures;
	return sw.size;
}

/* Keep only the header's bits for components that there are. */
static void
clean_header(union area *area, uint64_t size, uint64_t features)
{
	uint64_t present = XCR0_X87_SSE;

	if (size > AREA_LEGACY)
		memcpy(&present, area->bytes + AREA_HEADER, sizeof(present));
	present &= features;
	memset(area->bytes + AREA_HEADER, 0, AREA_COMPONENTS - AREA_HEADER);
	memcpy(area->bytes + AREA_HEADER, &present, sizeof(present));
}

/* Load the floating point state.  KVM refuses an invalid one. */
static int
get_state(struct vcpu *vcpu, uint64_t va)
{
	const struct machine *m = vcpu->machine;
	union area area;
	uint64_t size, features;

	initial_state(&area);
	if (va) {
		size = stated_size(m, va, &features);
		if (gmem_read(&m->mem, area.bytes, va, size) < 0)
			return -EFAULT;
		clean_header(&area, size, features);
	}
	return kvmcore_set_xsave(&vcpu->kvm, &area.kvm) < 0 ? -EFAULT : 0;
}

static void
put_mcontext(struct vcpu *vcpu, const struct kvm_regs *regs, hc_sigset mask,
    struct mcontext *mc)
{
#define PUT(name) .name = regs->name,
	*mc = (struct mcontext){
		GENERAL(PUT).rflags = regs->rflags,
		.cs = SEL_USER_CODE,
		.ss = SEL_USER_DATA,
		.err = vcpu->flight.trap.error,
		.trapno = vcpu->flight.trap.vector,
		.oldmask = mask,
		.cr2 = vcpu->flight.trap.address,
	};
#undef PUT
}

/* Where the frame and its XSAVE area begin.  False: the stack for handlers is
 * too small. */
static bool
place_frame(const struct machine *m, const struct sigframe *frame, uint64_t rsp,
    uint64_t *at, uint64_t *area)
{
	const uint64_t bottom = (uintptr_t)frame->stack.ss_sp;
	const bool on = (unsigned)frame->stack.ss_flags & SS_ONSTACK;
	const bool enters = !on && (frame->action.flags & SA_ONSTACK) &&
			    frame->stack.ss_size > 0;
	uint64_t sp = enters ? bottom + frame->stack.ss_size : rsp - RED_ZONE;

	*area = (sp - area_size(m)) & ~(uint64_t)(XSAVE_ALIGN - 1);
	*at = ((*area - sizeof(struct rt_sigframe)) &
		  ~(uint64_t)(FRAME_ALIGN - 1)) -
	      8;
	return !(enters || on) ||
	       (*at > bottom && *at - bottom <= frame->stack.ss_size);
}

/* Each part may be moved down to where it is aligned. */
uint64_t
sigframe_room(const struct machine *m)
{
	const uint64_t room = area_size(m) + XSAVE_ALIGN +
			      sizeof(struct rt_sigframe) + FRAME_ALIGN + 8;

	return (room + FRAME_ALIGN - 1) & ~(uint64_t)(FRAME_ALIGN - 1);
}

int
sigframe_push(struct vcpu *vcpu, const struct sigframe *frame)
{
	const struct machine *m = vcpu->machine;
	struct rt_sigframe out = {
		.pretcode = frame->action.restorer,
		.uc.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
			    (is_extended(m) ? UC_FP_XSTATE : 0U),
		.uc.stack = frame->stack,
		.uc.mask = frame->mask,
		.info = frame->info,
	};
	struct kvm_regs regs;
	union area area;
	uint64_t at, area_at;
	size_t size = frame->action.flags & SA_SIGINFO
			  ? sizeof(out)
			  : offsetof(struct rt_sigframe, info);

	vcpu_user_regs(vcpu, &regs);
	if (!place_frame(m, frame, regs.rsp, &at, &area_at) ||
	    !(frame->action.flags & HC_SA_RESTORER) ||
	    frame->action.handler >= SPACE_END)
		return -EFAULT;
	/* rsp shows whether the thread is on that stack. */
	out.uc.stack.ss_flags &= ~SS_ONSTACK;
	put_mcontext(vcpu, &regs, frame->mask, &out.uc.mcontext);
	out.uc.mcontext.fpstate = area_at;
	if (put_state(vcpu, area_at) < 0 ||
	    gmem_write(&m->mem, at, &out, size) < 0)
		return -EFAULT;
	initial_state(&area);
	if (kvmcore_set_xsave(&vcpu->kvm, &area.kvm) < 0)
		return -EFAULT;
	regs.rip = frame->action.handler;
	regs.rsp = at;
	regs.rdi = (__u64)frame->info.si_signo;
	regs.rsi = at + offsetof(struct rt_sigframe, info);
	regs.rdx = at + offsetof(struct rt_sigframe, uc);
	regs.rax = 0;
	regs.rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	vcpu_set_user_regs(vcpu, &regs);
	return 0;
}

int
sigframe_pop(struct vcpu *vcpu, struct sigframe *frame)
{
	const struct machine *m = vcpu->machine;
	struct ucontext_frame uc;
	const struct mcontext *mc = &uc.mcontext;
	struct kvm_regs regs;

	/* The handler's `ret` has popped the return address. */
	vcpu_user_regs(vcpu, &regs);
	if (gmem_read(&m->mem, &uc, regs.rsp, sizeof(uc)) < 0)
		return -EFAULT;
	frame->mask = uc.mask;
	frame->stack = uc.stack;
	if ((mc->cs | 3) != SEL_USER_CODE || mc->rip >= SPACE_END ||
	    get_state(vcpu, mc->fpstate) < 0)
		return -EINVAL;
#define GET(name) regs.name = mc->name;
	GENERAL(GET)
#undef GET
	regs.rflags = (regs.rflags & ~USER_FLAGS) | (mc->rflags & USER_FLAGS);
	vcpu_set_user_regs(vcpu, &regs);
	return 0;
}
