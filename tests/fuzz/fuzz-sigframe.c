/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes what rt_sigreturn takes back from the guest's stack: the frame of a
 * signal, after its handler has changed it.  An input's first byte says how the
 * frame was made, the second moves the stack, and three bytes each change a
 * byte or a word of the frame, of what lies around it, or where it is sought.
 *
 * A frame that is refused changes no register.  One that is accepted leads to
 * user code and leaves the machine's flags alone, and the same state, saved in
 * a frame and taken back, is the same.
 */
#include "fakevm.h"

#include "hypercall/signal/signal.h"
#include "vm/context.h"
#include "vm/sigframe.h"

#define RAM        (UINT64_C(16) << 20)
#define STACK      (UINT64_C(4) << 20)
#define STACK_SIZE (4 * PAGE_4K)
#define ALT        (UINT64_C(8) << 20)
#define ALT_SIZE   (2 * PAGE_4K)
#define USER_FLAGS 0x50dd5U /* that rt_sigreturn may set */
#define WORDS      55       /* of the frame */
#define FPSTATE    232      /* in the frame: where the XSAVE area is */
#define SOFTWARE   464      /* in the XSAVE area */
#define FEATURES   0xe7     /* x87, SSE, AVX, AVX-512 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vcpu *const vcpu = &m.vcpu[0];
static struct trap_frame trapped;

static void
start(void)
{
	const uint64_t bits = space_bits(PROT_READ | PROT_WRITE);

	fakevm_init(RAM);
	space_take(&m.guest.space, STACK, STACK_SIZE, bits);
	space_take(&m.guest.space, ALT, ALT_SIZE, bits);
}

/* A vCPU before a handler is entered: in user code, or in a stub of the shim,
 * with all components of state, AVX or none. */
static void
begin(uint8_t how, uint8_t where)
{
	static const uint64_t features[] = { 3, 7, FEATURES, FEATURES };
	struct kvm_regs *regs = &vcpu_page.s.regs.regs;

	m.xfeatures = features[how % 4];
	memset(m.mem.base + STACK, 0, STACK_SIZE);
	memset(m.mem.base + ALT, 0, ALT_SIZE);
	memset(&vcpu_xsave, how, 512);
	memset((uint8_t *)&vcpu_xsave + 24, 0, 8);
	memset((uint8_t *)&vcpu_xsave + 512, 0, 64);
	*(uint8_t *)&vcpu_xsave.region[128] = (uint8_t)(how & m.xfeatures);
	memset(regs, how, sizeof(*regs));
	regs->rip = 0x401000;
	regs->rsp = STACK + STACK_SIZE - 16U * where;
	regs->rflags = RFLAGS_FIXED | RFLAGS_IF | RFLAGS_IOPL;
	trapped = (struct trap_frame){
		.rip = regs->rip, .rsp = regs->rsp, .rflags = regs->rflags
	};
	vcpu->flight.frame = how & 4 ? &trapped : NULL;
	vcpu->debug.traced = how & 8;
}

static struct sigframe
frame_for(uint8_t how)
{
	struct sigframe frame = {
		.info.si_signo = 1 + how % 31,
		.action = {
			.handler = 0x402000,
			.restorer = 0x403000,
			.flags = HC_SA_RESTORER | (how & 16 ? SA_SIGINFO : 0U) |
				 (how & 32 ? (unsigned)SA_ONSTACK : 0U),
		},
		.stack.ss_sp = (void *)(uintptr_t)ALT,
		.stack.ss_size = ALT_SIZE,
	};

	return frame;
}

/* The handler runs, and is left by a gate or in a stub; the frame's address. */
static uint64_t
enter_handler(bool in_stub)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	vcpu->flight.frame = in_stub ? &trapped : NULL;
	vcpu_set_user_regs(vcpu, &regs);
	return regs.rsp;
}

/* The handler returns: its `ret` takes the first word off the stack. */
static void
return_to_frame(uint64_t by)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	regs.rsp += by;
	vcpu_set_user_regs(vcpu, &regs);
}

static uint64_t
edge(uint8_t b)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, INT64_MAX,
		SPACE_END - 1, SPACE_END, UINT64_C(1) << 63, 64, STACK,
		STACK + STACK_SIZE - 512, STACK + STACK_SIZE - 576,
		STACK + STACK_SIZE - 8, STACK + STACK_SIZE, ALT,
		ALT + ALT_SIZE - 832, ALT + ALT_SIZE - 512, RAM - 8, RAM,
		0x46505853, 0x46505845, 0x33, 0x23, 0x30, 512, 575, 576, 832,
		836, 2432, 2436, UINT32_MAX, 3 };

	return edges[b % (sizeof(edges) / sizeof(edges[0]))];
}

/* The guest may write where it likes: a fault changes nothing. */
static void
put(uint64_t va, const void *bytes, size_t n)
{
	(void)gmem_write(&m.mem, va, bytes, n);
}

/* One change, by its three bytes, of the frame at `at`. */
static void
spoil(const uint8_t *b, uint64_t at)
{
	uint64_t area = 0, word = edge(b[2]);
	unsigned any = (unsigned)b[0] << 8 | b[1];

	gmem_read(&m.mem, &area, at + FPSTATE, sizeof(area));
	switch (b[0] % 5) {
	case 0: put(area + SOFTWARE + b[1] % 48, &b[2], 1); break;
	case 1: put(area + SOFTWARE + b[1] % 12 * 4, &word, 4); break;
	case 2: put(at + b[1] % WORDS * 8, &word, 8); break;
	case 3: put(at + any / 5 % (2 * PAGE_4K), &b[2], 1); break;
	default: return_to_frame(b[1] % 8 == 0 ? word : 0);
	}
}

/* Take a frame back; returns whether it was accepted. */
static bool
pop(struct sigframe *frame)
{
	struct kvm_regs before, after;
	int r;

	vcpu_user_regs(vcpu, &before);
	r = sigframe_pop(vcpu, frame);
	vcpu_user_regs(vcpu, &after);
	if (r < 0) {
		if ((r != -EFAULT && r != -EINVAL) ||
		    memcmp(&before, &after, sizeof(after)) != 0)
			abort();
		return false;
	}
	if (r > 0 || after.rip >= SPACE_END ||
	    ((before.rflags ^ after.rflags) & ~(uint64_t)USER_FLAGS))
		abort();
	return true;
}

/* The state that counts: general registers, and the XSAVE area without its
 * software bytes and header. */
struct state {
	struct kvm_regs regs;
	uint8_t legacy[SOFTWARE];
	uint8_t extended[4096 - 576];
};

static void
get_state(struct state *s)
{
	const uint8_t *area = (const uint8_t *)&vcpu_xsave;

	vcpu_user_regs(vcpu, &s->regs);
	memcpy(s->legacy, area, sizeof(s->legacy));
	memset(s->extended, 0, sizeof(s->extended));
	if (m.xfeatures & 4)
		memcpy(s->extended, area + 576, sizeof(s->extended));
}

static void
check_round_trip(struct sigframe *frame)
{
	static struct state before, after;

	get_state(&before);
	if (sigframe_push(vcpu, frame) < 0)
		return;
	return_to_frame(8);
	if (!pop(frame))
		abort();
	get_state(&after);
	if (memcmp(&before, &after, sizeof(after)) != 0)
		abort();
}

/* As deliver.c goes on. */
static void
take_mask_and_stack(const struct sigframe *frame)
{
	const hc_sigset never = UINT64_C(1) << (SIGKILL - 1) |
				UINT64_C(1) << (SIGSTOP - 1);
	stack_t stack;

	hc_signal_set_mask(&m.guest, &vcpu->thread, frame->mask);
	if (vcpu->thread.signals.blocked & never)
		abort();
	(void)hc_signal_set_stack(&vcpu->thread.signals, &frame->stack, 0);
	hc_signal_get_stack(&vcpu->thread.signals, &stack, 0);
	if (stack.ss_size > 0 && stack.ss_size < HC_MINSIGSTKSZ)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigframe frame;
	uint64_t at;

	if (!m.mem.base)
		start();
	if (size < 2)
		return 0;
	begin(data[0], data[1]);
	frame = frame_for(data[0]);
	if (sigframe_push(vcpu, &frame) < 0)
		return 0;
	at = enter_handler(data[0] & 64);
	return_to_frame(8);
	for (size -= 2, data += 2; size >= 3; size -= 3, data += 3)
		spoil(data, at);
	if (!pop(&frame))
		return 0;
	take_mask_and_stack(&frame);
	frame = frame_for(16);
	check_round_trip(&frame);
	return 0;
}
