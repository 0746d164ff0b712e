/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub's target on top of the machine.  Nothing here may know sockets or
 * packets.
 */
#include "gdbtarget.h"

#include "gdbmonitor.h"

#include "gdb/regs.h"
#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define GUEST_PID  1 /* what getpid() tells the guest */
#define IMAGE_FILE 0

static struct machine *
machine_of(void *ctx)
{
	return ((struct gdbtarget *)ctx)->machine;
}

static struct vcpu *
vcpu_by_tid(struct machine *m, int tid)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) && m->vcpu[i].thread.tid == tid)
			return &m->vcpu[i];
	return NULL;
}

/* Threads may come and go while this looks: what stub_stop() tells of later is
 * true at that time. */
static size_t
threads(void *ctx, int *tids, size_t max)
{
	const struct machine *m = machine_of(ctx);
	size_t n = 0;
	size_t at;
	unsigned i;

	for (i = 0; i < m->vcpus && n < max; i++) {
		int tid = m->vcpu[i].thread.tid;

		if (!thread_lives(&m->vcpu[i]))
			continue;
		/* In the order they were made, as their numbers were. */
		for (at = n++; at > 0 && tids[at - 1] > tid; at--)
			tids[at] = tids[at - 1];
		tids[at] = tid;
	}
	return n;
}

/* The one that the guest gave it, which may change while we look, but has its
 * NUL; without one what it is. */
static const char *
thread_name(void *ctx, int tid)
{
	const struct vcpu *vcpu = vcpu_by_tid(machine_of(ctx), tid);

	if (!vcpu)
		return NULL;
	if (vcpu->thread.named)
		return vcpu->thread.name;
	return tid == 1 ? "main" : "thread";
}

/* The registers whose names are the same on both sides. */
/* clang-format off */
#define GENERAL_REGISTERS(R)                                          \
	R(rax) R(rbx) R(rcx) R(rdx) R(rsi) R(rdi) R(rbp) R(rsp) R(r8) \
	R(r9) R(r10) R(r11) R(r12) R(r13) R(r14) R(r15) R(rip) R(rflags)
#define SYSTEM_REGISTERS(R) \
	R(cs) R(ss) R(ds) R(es) R(fs) R(gs) R(fs_base) R(gs_base)
/* clang-format on */

static int
read_regs(void *ctx, int tid, struct regs *regs, unsigned banks)
{
	struct machine *m = machine_of(ctx);
	struct vcpu *vcpu = vcpu_by_tid(m, tid);
	struct user_context c;
	int r;

	if (!vcpu)
		return -ESRCH;
	r = vcpu_user_context(vcpu, &c);
	if (r < 0)
		return r;
#define READ(name) regs->name = c.regs.name;
	GENERAL_REGISTERS(READ)
#undef READ
#define READ(name) regs->name = c.name;
	SYSTEM_REGISTERS(READ)
#undef READ
	regs->orig_rax = UINT64_MAX;
	if (!(banks & REGS_XSAVE))
		return 0;
	_Static_assert(sizeof(struct kvm_xsave) <= sizeof(regs->xsave),
	    "the stub's area holds KVM's");
	r = kvmcore_get_xsave(
	    &vcpu->kvm, (struct kvm_xsave *)(void *)regs->xsave);
	regs->xsave_valid = r == 0 ? m->xfeatures : 0;
	return r;
}

static int
write_regs(void *ctx, int tid, const struct regs *regs, unsigned banks)
{
	struct vcpu *vcpu = vcpu_by_tid(machine_of(ctx), tid);
	struct user_context c;
	int r;

	if (!vcpu)
		return -ESRCH;
	r = vcpu_user_context(vcpu, &c);
	if (r < 0)
		return r;
#define WRITE(name) c.regs.name = regs->name;
	GENERAL_REGISTERS(WRITE)
#undef WRITE
	c.fs_base = regs->fs_base;
	c.gs_base = regs->gs_base;
	if (banks & REGS_CORE)
		r = vcpu_set_user_context(vcpu, &c);
	if (r == 0 && (banks & REGS_XSAVE))
		r = kvmcore_set_xsave(&vcpu->kvm,
		    (const struct kvm_xsave *)(const void *)regs->xsave);
	return r;
}

static const struct regs_layout *
regs_layout(void *ctx)
{
	static struct regs_layout layout;
	uint32_t size;
	unsigned i;

	if (layout.xcr0)
		return &layout;
	regs_layout_init(&layout, machine_of(ctx)->xfeatures);
	for (i = XSAVE_AVX; i < XSAVE_PARTS; i++)
		if (layout.xcr0 >> i & 1)
			cpu_xsave_component(i, &layout.offset[i], &size);
	return &layout;
}

static int64_t
read_mem(void *ctx, int tid, uint64_t addr, void *buf, size_t len)
{
	size_t n = breaks_read(&machine_of(ctx)->debug.breaks, addr, buf, len);

	(void)tid;
	return n > 0 ? (int64_t)n : -EFAULT;
}

static size_t
view_mem(void *ctx, int tid, uint64_t addr, size_t len, const uint8_t **bytes)
{
	(void)tid;
	return breaks_view(&machine_of(ctx)->debug.breaks, addr, len, bytes);
}

static int64_t
write_mem(void *ctx, int tid, uint64_t addr, const void *buf, size_t len)
{
	size_t n = breaks_write(&machine_of(ctx)->debug.breaks, addr, buf, len);

	(void)tid;
	return n > 0 ? (int64_t)n : -EFAULT;
}

static unsigned
access_of(uint64_t entry)
{
	uint64_t rights = pte_rights(entry);

	if (!(rights & PTE_PRESENT) || !(rights & PTE_USER))
		return 0;
	return REGION_READ | (rights & PTE_WRITE ? REGION_WRITE : 0U) |
	       (rights & PTE_NX ? 0U : REGION_EXEC);
}

static int
region(void *ctx, uint64_t addr, struct target_region *region)
{
	const struct gmem *mem = &machine_of(ctx)->mem;
	uint64_t page;

	*region = (struct target_region){ .start = addr };
	if (addr >= mem->size) {
		region->start = mem->size;
		return 0;
	}
	region->access = access_of(pt_lookup(&mem->pt, addr, &page));
	region->start = addr & ~(page - 1);
	region->end = region->start + page;
	while (region->end < mem->size &&
	       access_of(pt_lookup(&mem->pt, region->end, &page)) ==
		   region->access)
		region->end = (region->end & ~(page - 1)) + page;
	return 0;
}

static int
insert(void *ctx, const struct target_break *brk)
{
	_Static_assert((int)BREAK_SOFT == (int)BREAKS_SOFT &&
			   (int)WATCH_ACCESS == (int)BREAKS_ACCESS,
	    "both number them as the protocol does");
	return debug_insert(
	    machine_of(ctx), (enum breaks_type)brk->type, brk->addr, brk->kind);
}

static int
remove_break(void *ctx, const struct target_break *brk)
{
	return debug_remove(
	    machine_of(ctx), (enum breaks_type)brk->type, brk->addr, brk->kind);
}

static const struct target_action *
action_for(const struct target_resume *how, int tid)
{
	size_t i;

	for (i = 0; i < how->n; i++)
		if (how->actions[i].tid == tid ||
		    how->actions[i].tid == TARGET_ALL)
			return &how->actions[i];
	return NULL;
}

static int
resume(void *ctx, const struct target_resume *how)
{
	static const enum debug_want wants[] = {
		[ACTION_STOP] = WANT_STOP,
		[ACTION_CONTINUE] = WANT_RUN,
		[ACTION_STEP] = WANT_STEP,
		[ACTION_RANGE] = WANT_RANGE,
	};
	struct machine *m = machine_of(ctx);
	const struct target_action *action = action_for(how, TARGET_ALL);
	unsigned i;

	/* A thread that does not exist yet is one that none names. */
	m->debug.want_new = action && action->kind == ACTION_CONTINUE
				? WANT_RUN
				: WANT_STOP;
	for (i = 0; i < m->vcpus; i++) {
		if (!thread_lives(&m->vcpu[i]))
			continue;
		action = action_for(how, m->vcpu[i].thread.tid);
		if (action)
			debug_want(&m->vcpu[i], wants[action->kind], action->lo,
			    action->hi, action->signal);
		else
			debug_want(&m->vcpu[i], WANT_STOP, 0, 0, 0);
	}
	debug_resume(m);
	return 0;
}

static void
interrupt(void *ctx)
{
	debug_interrupt(machine_of(ctx));
}

static void
kill_guest(void *ctx)
{
	debug_kill(machine_of(ctx));
}

/* What is planted can only be taken out while nothing runs. */
static void
detach(void *ctx)
{
	debug_rest(machine_of(ctx));
	debug_detach(machine_of(ctx));
}

static int
pid(void *ctx)
{
	(void)ctx;
	return GUEST_PID;
}

static bool
was_there(void *ctx)
{
	return !((const struct gdbtarget *)ctx)->started;
}

static const char *
exec_path(void *ctx)
{
	return ((const struct gdbtarget *)ctx)->path;
}

static uint64_t
load_bias(void *ctx)
{
	return machine_of(ctx)->image.bias;
}

static int
tls_address(void *ctx, int tid, uint64_t offset, uint64_t *addr)
{
	struct machine *m = machine_of(ctx);
	const struct vcpu *vcpu = vcpu_by_tid(m, tid);

	if (!vcpu)
		return -ESRCH;
	*addr = image_tls_address(
	    &m->image, vcpu->kvm.run->s.regs.sregs.fs.base, offset);
	return *addr ? 0 : -ENOENT;
}

static int
open_file(void *ctx, const char *path, uint64_t *size)
{
	const struct gdbtarget *t = ctx;
	off_t end;

	if (strcmp(path, t->path) != 0)
		return -ENOENT;
	end = lseek(t->image, 0, SEEK_END);
	if (end < 0)
		return -errno;
	*size = (uint64_t)end;
	return IMAGE_FILE;
}

static int64_t
read_file(void *ctx, int file, uint64_t offset, void *buf, size_t len)
{
	const struct gdbtarget *t = ctx;
	ssize_t n = pread(t->image, buf, len, (off_t)offset);

	(void)file;
	return n < 0 ? -errno : n;
}

static void
close_file(void *ctx, int file)
{
	(void)ctx;
	(void)file;
}

static int64_t
auxv(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct machine *m = machine_of(ctx);

	if (offset >= m->auxv_size)
		return 0;
	if (len > m->auxv_size - offset)
		len = m->auxv_size - offset;
	return (int64_t)gmem_copy(buf, m->mem.base + m->auxv + offset, len);
}

/* Of the signal it stopped for; of none, only that. */
static int
siginfo(void *ctx, int tid, uint8_t info[128])
{
	struct vcpu *vcpu = vcpu_by_tid(machine_of(ctx), tid);

	_Static_assert(sizeof(siginfo_t) == 128, "as the kernel has it");
	if (!vcpu)
		return -ESRCH;
	memcpy(info, &vcpu->debug.info, sizeof(siginfo_t));
	return 0;
}

static void
pass_signals(void *ctx, uint64_t set)
{
	machine_of(ctx)->debug.pass = set;
}

static int
monitor(void *ctx, const char *command, struct text *out)
{
	return gdbmonitor_run(machine_of(ctx), command, out);
}

static bool
monitor_help(void *ctx, size_t nth, const char **name, const char **purpose)
{
	(void)ctx;
	return gdbmonitor_help(nth, name, purpose);
}

const struct target_ops *
gdbtarget_ops(void)
{
	static const struct target_ops ops = {
		.threads = threads,
		.thread_name = thread_name,
		.read_regs = read_regs,
		.write_regs = write_regs,
		.regs_layout = regs_layout,
		.read_mem = read_mem,
		.view_mem = view_mem,
		.write_mem = write_mem,
		.region = region,
		.insert = insert,
		.remove = remove_break,
		.resume = resume,
		.interrupt = interrupt,
		.kill = kill_guest,
		.detach = detach,
		.pid = pid,
		.was_there = was_there,
		.exec_path = exec_path,
		.load_bias = load_bias,
		.tls_address = tls_address,
		.open_file = open_file,
		.read_file = read_file,
		.close_file = close_file,
		.auxv = auxv,
		.siginfo = siginfo,
		.pass_signals = pass_signals,
		.monitor = monitor,
		.monitor_help = monitor_help,
	};

	return &ops;
}

static struct stop
ended(const struct outcome *end)
{
	struct stop stop = { .kind = STOP_EXITED, .tid = 1 };

	if (end->kind == OUTCOME_EXIT) {
		stop.status = end->code;
		return stop;
	}
	stop.kind = STOP_KILLED;
	stop.signal = end->kind == OUTCOME_SIGNAL    ? end->code
		      : end->kind == OUTCOME_TIMEOUT ? SIGALRM
						     : SIGABRT;
	return stop;
}

struct stop
gdbtarget_stop(const struct machine *m, const struct debug_event *event)
{
	static const enum stop_kind kinds[] = {
		[EVENT_NONE] = STOP_NONE,
		[EVENT_INTERRUPT] = STOP_INTERRUPT,
		[EVENT_STEP] = STOP_STEP,
		[EVENT_BREAK] = STOP_BREAK,
		[EVENT_HARDBREAK] = STOP_HWBREAK,
		[EVENT_SIGNAL] = STOP_SIGNAL,
		[EVENT_GONE] = STOP_NONE,
	};
	struct stop stop = {
		.tid = m->vcpu[event->vcpu].thread.tid,
		.signal = event->signal,
		.addr = event->addr,
	};

	if (event->kind == EVENT_ENDED)
		return ended(&m->outcome);
	if (event->kind != EVENT_WATCH)
		stop.kind = kinds[event->kind];
	else if (event->type == BREAKS_WRITE)
		stop.kind = STOP_WATCH_WRITE;
	else if (event->type == BREAKS_READ)
		stop.kind = STOP_WATCH_READ;
	else
		stop.kind = STOP_WATCH_ACCESS;
	return stop;
}
