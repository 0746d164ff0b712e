/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Agent expressions on the machine.  Nothing here may know packets.
 */
#include "debugger/hit.h"

#include "gdb/format.h"
#include "gdb/regs.h"
#include "vm/context.h"
#include "vm/cpu.h"

#include <string.h>
#include <time.h>

/* The longest text of one command. */
#define PRINT_MAX 4096

/* One hit. */
struct hit {
	struct hits *hits;
	struct vcpu *vcpu;
	struct user_context user;
	bool known; /* the context was read */
};

/* Where the core registers are in struct user_context. */
#define IN_REGS(name)    offsetof(struct user_context, regs.name)
#define IN_CONTEXT(name) offsetof(struct user_context, name)

static const struct {
	enum reg_number number;
	size_t offset;
} places[] = {
#define PLACE(name) { REG_##name, IN_REGS(name) },
	PLACE(rax) PLACE(rbx) PLACE(rcx) PLACE(rdx) PLACE(rsi) PLACE(rdi)
	    PLACE(rbp) PLACE(rsp) PLACE(r8) PLACE(r9) PLACE(r10) PLACE(r11)
		PLACE(r12) PLACE(r13) PLACE(r14) PLACE(r15) PLACE(rip)
#undef PLACE
		    { REG_eflags, IN_REGS(rflags) },
#define PLACE(name) { REG_##name, IN_CONTEXT(name) },
	PLACE(cs) PLACE(ss) PLACE(ds) PLACE(es) PLACE(fs) PLACE(gs)
	    PLACE(fs_base) PLACE(gs_base)
#undef PLACE
};

void
hits_init(struct hits *hits, struct machine *machine, struct trace *trace)
{
	console_init(&hits->console);
	pthread_mutex_init(&hits->tracing, NULL);
	hits->machine = machine;
	hits->trace = trace;
	hits->silent = true;
}

uint64_t
hit_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int
hit_read_regs(struct vcpu *vcpu, struct regs *regs, unsigned banks)
{
	struct user_context c;
	int r = vcpu_user_context(vcpu, &c);

	if (r < 0)
		return r;
#define READ(name) regs->name = c.regs.name;
	HIT_GENERAL_REGISTERS(READ)
#undef READ
#define READ(name) regs->name = c.name;
	HIT_SYSTEM_REGISTERS(READ)
#undef READ
	regs->orig_rax = (uint64_t)debug_call_number(vcpu);
	if (!(banks & REGS_XSAVE))
		return 0;
	_Static_assert(sizeof(struct kvm_xsave) <= sizeof(regs->xsave),
	    "the stub's area holds KVM's");
	r = kvmcore_get_xsave(
	    &vcpu->kvm, (struct kvm_xsave *)(void *)regs->xsave);
	regs->xsave_valid = r == 0 ? vcpu->machine->xfeatures : 0;
	return r;
}

const struct regs_layout *
hit_regs_layout(struct machine *m)
{
	static struct regs_layout layout;
	static uint64_t of; /* 0: before the first machine */
	uint32_t size;
	unsigned i;

	if (layout.xcr0 && of == m->xfeatures)
		return &layout;
	of = m->xfeatures;
	regs_layout_init(&layout, m->xfeatures);
	for (i = XSAVE_AVX; i < XSAVE_PARTS; i++)
		if (layout.xcr0 >> i & 1)
			cpu_xsave_component(m, i, &layout.offset[i], &size);
	return &layout;
}

static bool
read_reg(void *ctx, unsigned number, uint64_t *value)
{
	struct hit *hit = ctx;
	size_t i;

	if (!hit->known && vcpu_user_context(hit->vcpu, &hit->user) < 0)
		return false;
	hit->known = true;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if ((unsigned)places[i].number != number)
			continue;
		memcpy(value, (const char *)&hit->user + places[i].offset,
		    sizeof(*value));
		return true;
	}
	return false;
}

static bool
read_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	const struct hit *hit = ctx;

	return breaks_read(&hit->vcpu->machine->debug.breaks, addr, buf, n) ==
	       n;
}

/* Would a writer wait for ever?  The controller takes the text. */
static bool
is_over(void *ctx)
{
	const struct hit *hit = ctx;

	return hit->hits->silent || machine_is_over(hit->hits->machine) ||
	       debug_is_lent(hit->vcpu);
}

static bool
print(void *ctx, const struct agent_print *what)
{
	struct hit *hit = ctx;
	const struct agent_env env = { .ctx = hit, .read_mem = read_mem };
	char buf[PRINT_MAX];
	struct text text;
	bool right;

	if (hit->hits->again)
		return true;
	text_init(&text, buf, sizeof(buf));
	right = format_print(&text, &env, what);
	if (text.len == 0)
		return right;
	console_write(&hit->hits->console, buf, text.len, is_over, hit);
	debug_call_controller(hit->hits->machine);
	return right;
}

const struct agent_env hit_agent = {
	.read_reg = read_reg,
	.read_mem = read_mem,
	.print = print,
};

static bool
is_stop(struct hit *hit, enum break_type type, uint64_t addr, uint64_t kind)
{
	struct agent_env env = hit_agent;

	env.ctx = hit;
	return points_stop(&hit->hits->points,
	    &(struct target_break){ .type = type, .addr = addr, .kind = kind },
	    &env);
}

static bool
read_regs(void *ctx, struct regs *regs, unsigned banks)
{
	return hit_read_regs(((struct hit *)ctx)->vcpu, regs, banks) == 0;
}

/* A tracepoint is met at `addr`, or by an instruction of a thread that is
 * followed.  Once the machine is over the trace belongs to the debugger. */
static void
collect(struct hit *hit, const uint64_t *addr)
{
	struct hits *hits = hit->hits;
	struct vcpu *vcpu = hit->vcpu;
	struct agent_env env = hit_agent;
	const struct trace_site site = {
		.env = &env,
		.read_regs = read_regs,
		.layout = hit_regs_layout(hits->machine),
		.tid = vcpu->thread.tid,
		.slot = vcpu->id % TARGET_THREADS_MAX,
		.now = hit_now(),
	};

	env.ctx = hit;
	pthread_mutex_lock(&hits->tracing);
	if (machine_is_over(hits->machine) || hits->again)
		vcpu->debug.followed = false;
	else if (addr)
		vcpu->debug.followed = trace_hit(hits->trace, *addr, &site);
	else
		vcpu->debug.followed = trace_stepped(hits->trace, &site);
	pthread_mutex_unlock(&hits->tracing);
}

bool
hit_is_stop(void *ctx, struct vcpu *vcpu, const struct debug_event *event)
{
	struct hit hit;
	const struct breakpoint *bp;
	bool stop = false;

	hit.hits = ctx;
	hit.vcpu = vcpu;
	hit.known = false;
	if (event->kind == EVENT_STEP) {
		collect(&hit, NULL);
		return false;
	}
	if (event->kind == EVENT_CALL) {
		collect(&hit, &(uint64_t){ TRACE_MARKER(vcpu->flight.number) });
		return false;
	}
	if (event->kind == EVENT_WATCH)
		return is_stop(&hit, (enum break_type)event->type, event->addr,
		    event->len);
	bp = breakset_find(&vcpu->machine->debug.breaks.set, event->addr);
	if (bp && bp->trace)
		collect(&hit, &event->addr);
	if (bp && bp->soft)
		stop = is_stop(&hit, BREAK_SOFT, event->addr, 1);
	if (bp && bp->hard)
		stop = is_stop(&hit, BREAK_HARD, event->addr, 1) || stop;
	hit.hits->asked = stop;
	return stop || (bp && bp->inner);
}
