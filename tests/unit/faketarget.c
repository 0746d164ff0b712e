/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The made-up machine.  This file must not know packets.
 */
#include "faketarget.h"

#include "gdb/format.h"
#include "gdb/stub.h"
#include "gdb/text.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#define ALL_PARTS 0x2e7 /* x87 SSE AVX opmask ZMM_Hi256 Hi16_ZMM PKRU */

static const char image_path[] = "/fake/guest";
static struct trace trace; /* of the only machine */

static struct fake_thread *
thread_of(struct fake *fake, int tid)
{
	for (unsigned i = 0; i < FAKE_THREADS; i++)
		if (fake->threads[i].tid == tid)
			return &fake->threads[i];
	return NULL;
}

static bool
can(const struct fake *fake, uint64_t addr, unsigned access)
{
	if (addr < FAKE_BASE || addr - FAKE_BASE >= FAKE_SIZE)
		return false;
	return fake->access[(addr - FAKE_BASE) / FAKE_PAGE] & access;
}

/* The number of mapped bytes at the start of a range. */
static size_t
span(const struct fake *fake, uint64_t addr, size_t len)
{
	size_t n = 0;

	while (n < len && can(fake, addr + n, REGION_READ))
		n++;
	return n;
}

static void
begin(struct fake *fake, uint64_t start, uint64_t worker)
{
	static const char *const names[] = { "main", "worker<&>" };

	fake->running = false;
	fake->gone = false;
	fake->debugged = true;
	fake->interrupted = false;
	for (unsigned i = 0; i < FAKE_THREADS; i++) {
		struct fake_thread *thread = &fake->threads[i];

		*thread = (struct fake_thread){ .tid = (int)i + 1,
			.name = names[i] };
		regs_init(&thread->regs, &fake->layout);
		thread->regs.rip = i == 0 ? start : worker;
		thread->regs.rsp = FAKE_BASE + FAKE_SIZE - 0x100 * (i + 1);
		thread->regs.rflags = 0x202;
		thread->regs.cs = 0x33;
		thread->regs.ss = 0x2b;
		thread->regs.cr0 = 0x80050033;
	}
}

static void
put(struct fake *fake, uint64_t addr, const void *code, size_t n)
{
	memcpy(fake->mem + (addr - FAKE_BASE), code, n);
}

void
fake_init(struct fake *fake, struct stub *stub)
{
	static const uint8_t loop[] = { 0x90, 0x90, 0x90, 0x90, 0xc6, 0x04,
		0x25, 0x00, 0x20, 0x40, 0x00, 0x2a, 0xeb, 0xf2 };
	static const uint8_t end[] = { 0xb0, 0x07, 0xf4 };
	static const uint8_t ill[] = { 0x0f, 0x0b };
	static const uint8_t call[] = { 0xb0, 39, 0x0f, 0x05, 0xb0, 0x07,
		0xf4 };
	static const uint8_t worker[] = { 0x90, 0xeb, 0xfd };

	/* Megabytes follow that need no zeroes. */
	memset(fake, 0, offsetof(struct fake, points));
	points_clear(&fake->points);
	fake->stub = stub;
	regs_layout_init(&fake->layout, ALL_PARTS);
	for (unsigned i = 0; i < FAKE_PAGES; i++)
		fake->access[i] = REGION_READ | REGION_WRITE;
	fake->access[0] = fake->access[1] = REGION_READ | REGION_EXEC;
	fake->access[8] = fake->access[9] = 0;
	put(fake, FAKE_START, loop, sizeof(loop));
	put(fake, FAKE_EXIT, end, sizeof(end));
	put(fake, FAKE_ILL, ill, sizeof(ill));
	put(fake, FAKE_CALL, call, sizeof(call));
	put(fake, FAKE_WORKER, worker, sizeof(worker));
	fake->entry = FAKE_START;
	memcpy(fake->image, "\177ELF#$}* image", 15);
	fake->image_size = 15;
	trace.wanted = 0;
	trace.frames.circular = trace.disconnected = false;
	trace.user = trace.notes = trace.why =
	    (struct trace_note){ .text = "" };
	trace_clear(&trace);
	begin(fake, FAKE_START, FAKE_WORKER);
}

int
fake_load(struct fake *fake, const uint8_t *elf, size_t size)
{
	Elf64_Ehdr head;
	Elf64_Phdr segment;

	if (size > sizeof(fake->image) || size < sizeof(head))
		return -1;
	memcpy(&head, elf, sizeof(head));
	for (unsigned i = 0; i < head.e_phnum; i++) {
		memcpy(&segment, elf + head.e_phoff + i * sizeof(segment),
		    sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_vaddr < FAKE_BASE ||
		    segment.p_vaddr + segment.p_memsz > FAKE_HOLE)
			return -1;
		put(fake, segment.p_vaddr, elf + segment.p_offset,
		    segment.p_filesz);
	}
	memcpy(fake->image, elf, size);
	fake->image_size = size;
	fake->entry = head.e_entry;
	begin(fake, head.e_entry, FAKE_WORKER);
	return 0;
}

bool
fake_is_free(const struct fake *fake)
{
	return fake->break_count == 0 && fake->running &&
	       fake->threads[0].action.kind == ACTION_CONTINUE &&
	       fake->threads[1].action.kind == ACTION_CONTINUE;
}

static void
tell(struct fake *fake, struct stop stop)
{
	fake->running = false;
	fake->interrupted = false;
	fake->gone |= stop.kind == STOP_EXITED || stop.kind == STOP_KILLED;
	stub_stop(fake->stub, &stop);
}

/* Deliver a signal: a stop for a debugger that wants it, else the end. */
static void
raise_signal(struct fake *fake, struct fake_thread *thread, int number,
    enum stop_kind kind)
{
	bool reported = fake->debugged && !(fake->pass >> (number - 1) & 1);

	memset(fake->siginfo, 0, sizeof(fake->siginfo));
	fake->siginfo[0] = number;
	memcpy(&fake->siginfo[4], &thread->regs.rip, 8);
	tell(fake, (struct stop){ .kind = reported ? kind : STOP_KILLED,
		       .tid = thread->tid,
		       .signal = number });
}

/* A thread that has met a breakpoint. */
struct hit {
	struct fake *fake;
	struct fake_thread *thread;
};

static bool
hit_reg(void *ctx, unsigned number, uint64_t *value)
{
	const struct hit *hit = ctx;

	*value = 0;
	return regs_has(&hit->fake->layout, number) &&
	       regs_size(number) <= sizeof(*value) &&
	       regs_get(&hit->thread->regs, &hit->fake->layout, number,
		   (uint8_t *)value);
}

static bool
hit_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	const struct hit *hit = ctx;

	if (span(hit->fake, addr, n) < n)
		return false;
	memcpy(buf, hit->fake->mem + (addr - FAKE_BASE), n);
	return true;
}

static bool
hit_print(void *ctx, const struct agent_print *print)
{
	const struct hit *hit = ctx;
	const struct agent_env env = { .ctx = ctx, .read_mem = hit_mem };
	char buf[1024];
	struct text text;
	bool right;

	text_init(&text, buf, sizeof(buf));
	right = format_print(&text, &env, print);
	if (text.len > 0)
		stub_console(hit->fake->stub, buf, text.len);
	return right;
}

static const struct agent_env fake_agent = {
	.read_reg = hit_reg,
	.read_mem = hit_mem,
	.print = hit_print,
};

static bool
is_stop(struct fake *fake, struct fake_thread *thread,
    const struct target_break *brk)
{
	struct hit hit = { fake, thread };
	struct agent_env env = fake_agent;

	env.ctx = &hit;
	return points_stop(&fake->points, brk, &env);
}

static bool
hit_regs(void *ctx, struct regs *regs, unsigned banks)
{
	(void)banks;
	*regs = ((const struct hit *)ctx)->thread->regs;
	return true;
}

/* At the address of a tracepoint, or (NULL) after an instruction. */
static void
collect(struct fake *fake, struct fake_thread *thread, const uint64_t *addr)
{
	struct hit hit = { fake, thread };
	struct agent_env env = fake_agent;
	const struct trace_site site = {
		.env = &env,
		.read_regs = hit_regs,
		.layout = &fake->layout,
		.tid = thread->tid,
		.slot = (unsigned)thread->tid,
		.now = FAKE_NOW,
	};

	env.ctx = &hit;
	thread->followed = addr ? trace_hit(&trace, *addr, &site)
				: trace_stepped(&trace, &site);
}

static size_t
find_traced(const struct fake *fake, uint64_t addr)
{
	size_t i = 0;

	while (i < fake->traced_count && fake->traced[i] != addr)
		i++;
	return i;
}

static const struct target_break *
break_at(const struct fake *fake, uint64_t addr, bool write)
{
	for (size_t i = 0; i < fake->break_count; i++) {
		const struct target_break *brk = &fake->breaks[i];

		if (!write && brk->type <= BREAK_HARD && brk->addr == addr)
			return brk;
		if (write && brk->type >= WATCH_WRITE &&
		    addr - brk->addr < brk->kind)
			return brk;
	}
	return NULL;
}

/* movb $imm8, abs32; true if the store was watched, or failed. */
static bool
store(struct fake *fake, struct fake_thread *thread, const uint8_t *code)
{
	static const enum stop_kind kinds[] = { [WATCH_WRITE] =
						    STOP_WATCH_WRITE,
		[WATCH_READ] = STOP_WATCH_READ,
		[WATCH_ACCESS] = STOP_WATCH_ACCESS };
	const struct target_break *brk;
	uint32_t addr;

	memcpy(&addr, code + 3, sizeof(addr));
	if (!can(fake, addr, REGION_WRITE)) {
		raise_signal(fake, thread, SIGSEGV, STOP_SIGNAL);
		return true;
	}
	fake->mem[addr - FAKE_BASE] = code[7];
	thread->regs.rip += 8;
	brk = break_at(fake, addr, true);
	if (!brk || brk->type == WATCH_READ || !is_stop(fake, thread, brk))
		return false;
	tell(fake,
	    (struct stop){
		.kind = kinds[brk->type], .tid = thread->tid, .addr = addr });
	return true;
}

static bool
catches(const struct fake *fake, uint64_t number)
{
	return fake->catches &&
	       (fake->caught_count == 0 || fake->caught == number);
}

/* End a syscall; true if that stopped the machine. */
static bool
end_call(struct fake *fake, struct fake_thread *thread, uint64_t number)
{
	thread->calls = false;
	thread->regs.rax = 42;
	if (!catches(fake, number))
		return false;
	tell(fake, (struct stop){ .kind = STOP_SYSCALL_RETURN,
		       .tid = thread->tid,
		       .status = (int)number });
	return true;
}

/* Begin one, and end it unless its entry stops the machine. */
static bool
begin_call(struct fake *fake, struct fake_thread *thread)
{
	const uint64_t number = thread->regs.rax;

	thread->regs.rip += 2;
	if (fake->traced_call && number == 39)
		collect(fake, thread, &(uint64_t){ TRACE_MARKER(number) });
	if (!catches(fake, number))
		return end_call(fake, thread, number);
	thread->calls = true;
	thread->regs.orig_rax = number;
	thread->regs.rax = (uint64_t)-ENOSYS;
	tell(fake, (struct stop){ .kind = STOP_SYSCALL_ENTRY,
		       .tid = thread->tid,
		       .status = (int)number });
	return true;
}

/* Execute one instruction; true if the machine stopped. */
static bool
execute(struct fake *fake, struct fake_thread *thread)
{
	static const uint8_t movb[] = { 0xc6, 0x04, 0x25 };
	static const uint8_t inc[] = { 0x48, 0xff, 0xc0 };
	const uint8_t *code;

	if (thread->calls)
		return end_call(fake, thread, thread->regs.orig_rax);
	thread->regs.orig_rax = UINT64_MAX;
	if (!can(fake, thread->regs.rip, REGION_EXEC) ||
	    !can(fake, thread->regs.rip + 8, REGION_EXEC)) {
		raise_signal(fake, thread, SIGSEGV, STOP_SIGNAL);
		return true;
	}
	code = fake->mem + (thread->regs.rip - FAKE_BASE);
	if (memcmp(code, movb, sizeof(movb)) == 0)
		return store(fake, thread, code);
	if (code[0] == 0x90) {
		thread->regs.rip++;
	} else if (code[0] == 0xeb) {
		thread->regs.rip += 2 + (uint64_t)(int64_t)(int8_t)code[1];
	} else if (code[0] == 0xb0) {
		thread->regs.rax = (thread->regs.rax & ~0xffull) | code[1];
		thread->regs.rip += 2;
	} else if (memcmp(code, inc, sizeof(inc)) == 0) {
		thread->regs.rax++;
		thread->regs.rip += 3;
	} else if (code[0] == 0x0f && code[1] == 0x05) {
		return begin_call(fake, thread);
	} else if (code[0] == 0xcc) {
		thread->regs.rip++;
		raise_signal(fake, thread, SIGTRAP, STOP_INT3);
		return true;
	} else if (code[0] == 0xf4) {
		tell(fake, (struct stop){ .kind = STOP_EXITED,
			       .tid = thread->tid,
			       .status = (int)(thread->regs.rax & 0xff) });
		return true;
	} else {
		raise_signal(fake, thread, SIGILL, STOP_SIGNAL);
		return true;
	}
	return false;
}

/* Give a thread its turn; true if the machine stopped. */
static bool
turn(struct fake *fake, struct fake_thread *thread)
{
	const struct target_action *action = &thread->action;
	const struct target_break *brk = break_at(
	    fake, thread->regs.rip, false);

	if (action->kind == ACTION_STOP)
		return false;
	if (action->signal != 0) {
		tell(fake, (struct stop){ .kind = STOP_KILLED,
			       .tid = thread->tid,
			       .signal = action->signal });
		return true;
	}
	if (brk && !thread->fresh && is_stop(fake, thread, brk)) {
		tell(
		    fake, (struct stop){ .tid = thread->tid,
			      .kind = brk->type == BREAK_SOFT ? STOP_BREAK
							      : STOP_HWBREAK });
		return true;
	}
	if (find_traced(fake, thread->regs.rip) < fake->traced_count &&
	    !thread->fresh)
		collect(fake, thread, &thread->regs.rip);
	thread->fresh = false;
	if (execute(fake, thread))
		return true;
	if (thread->followed)
		collect(fake, thread, NULL);
	if (action->kind == ACTION_CONTINUE ||
	    (action->kind == ACTION_RANGE && thread->regs.rip >= action->lo &&
		thread->regs.rip < action->hi))
		return false;
	tell(fake, (struct stop){ .kind = STOP_STEP, .tid = thread->tid });
	return true;
}

static void
go_back(struct fake *fake)
{
	struct fake_thread *t = &fake->threads[0];
	struct stop stop = { .kind = STOP_STEP, .tid = t->tid };

	if (fake->back == FAKE_BACK_ONE && t->regs.rip > FAKE_START) {
		t->regs.rip--;
	} else {
		t->regs.rip = FAKE_START;
		stop.kind = STOP_HISTORY_BEGIN;
	}
	fake->back = FAKE_FORWARD;
	tell(fake, stop);
}

void
fake_run_out(struct fake *fake)
{
	if (fake->running)
		tell(fake, (struct stop){ .kind = STOP_HISTORY_END,
			       .tid = fake->threads[0].tid });
}

/* The first thread that was let run, or the first one. */
static int
let_run_first(const struct fake *fake)
{
	for (unsigned i = 0; i < FAKE_THREADS; i++)
		if (fake->threads[i].action.kind != ACTION_STOP)
			return fake->threads[i].tid;
	return fake->threads[0].tid;
}

void
fake_run(struct fake *fake, unsigned instructions)
{
	while (fake->running && instructions-- > 0) {
		if (fake->back) {
			go_back(fake);
			return;
		}
		if (fake->interrupted) {
			tell(fake, (struct stop){ .kind = STOP_INTERRUPT,
				       .tid = let_run_first(fake) });
			return;
		}
		fake->next = (fake->next + 1) % FAKE_THREADS;
		turn(fake, &fake->threads[fake->next]);
	}
}

void
fake_fail(struct fake *fake, unsigned after, int error)
{
	fake->after = after;
	fake->error = error;
}

/* Take the failure that fake_fail() has set: -errno, or 0. */
static int
failure(struct fake *fake)
{
	int error = fake->error;

	if (error == 0 || fake->after-- > 0)
		return 0;
	fake->error = 0;
	return -error;
}

/* The operations. */

static size_t
fake_threads(void *ctx, int *tids, size_t max)
{
	struct fake *fake = ctx;
	size_t n = 0;

	while (n < FAKE_THREADS && n < max) {
		tids[n] = fake->threads[n].tid;
		n++;
	}
	return n;
}

static const char *
fake_thread_name(void *ctx, int tid)
{
	struct fake_thread *thread = thread_of(ctx, tid);

	return thread ? thread->name : NULL;
}

/* Copy the banks of a register file. */
static void
copy_banks(struct regs *to, const struct regs *from, unsigned banks)
{
	static const size_t end[] = { 0, offsetof(struct regs, xsave_valid),
		offsetof(struct regs, cr0), sizeof(struct regs) };

	_Static_assert(REGS_CORE == 1 && REGS_XSAVE == 2 && REGS_CONTROL == 4,
	    "banks are in the order of the structure");
	for (unsigned i = 0; i < 3; i++)
		if (banks >> i & 1)
			memcpy((char *)to + end[i], (const char *)from + end[i],
			    end[i + 1] - end[i]);
}

static int
fake_read_regs(void *ctx, int tid, struct regs *regs, unsigned banks)
{
	struct fake_thread *thread = thread_of(ctx, tid);
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (!thread)
		return -ESRCH;
	copy_banks(regs, &thread->regs, banks);
	return 0;
}

static int
fake_write_regs(void *ctx, int tid, const struct regs *regs, unsigned banks)
{
	struct fake_thread *thread = thread_of(ctx, tid);
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (!thread)
		return -ESRCH;
	copy_banks(&thread->regs, regs, banks);
	return 0;
}

static const struct regs_layout *
fake_regs_layout(void *ctx)
{
	struct fake *fake = ctx;

	return &fake->layout;
}

static int64_t
fake_read_mem(void *ctx, int tid, uint64_t addr, void *buf, size_t len)
{
	struct fake *fake = ctx;
	size_t n = span(fake, addr, len);
	int error = failure(fake);

	(void)tid;
	if (error != 0)
		return error;
	if (n == 0)
		return -EFAULT;
	memcpy(buf, fake->mem + (addr - FAKE_BASE), n);
	return (int64_t)n;
}

static int64_t
fake_write_mem(void *ctx, int tid, uint64_t addr, const void *buf, size_t len)
{
	struct fake *fake = ctx;
	size_t n = span(fake, addr, len);
	int error = failure(fake);

	(void)tid;
	if (error != 0)
		return error;
	if (n == 0)
		return -EFAULT;
	memcpy(fake->mem + (addr - FAKE_BASE), buf, n);
	return (int64_t)n;
}

/* The last pages can be allocated, from the top, and released in reverse. */
static int64_t
fake_allocate(void *ctx, uint64_t len, unsigned access)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (len > FAKE_PAGE || fake->lent == FAKE_LENT)
		return -ENOMEM;
	fake->lent++;
	fake->access[FAKE_PAGES - fake->lent] = (uint8_t)access;
	return FAKE_BASE + FAKE_SIZE - fake->lent * FAKE_PAGE;
}

static int
fake_release(void *ctx, uint64_t addr)
{
	struct fake *fake = ctx;

	if (fake->lent == 0 ||
	    addr != FAKE_BASE + FAKE_SIZE - fake->lent * FAKE_PAGE)
		return -EINVAL;
	fake->lent--;
	return 0;
}

static int
fake_region(void *ctx, uint64_t addr, struct target_region *region)
{
	struct fake *fake = ctx;
	unsigned first;
	unsigned last;
	int error = failure(ctx);

	if (error != 0)
		return error;
	*region = (struct target_region){ .end = FAKE_BASE };
	if (addr < FAKE_BASE)
		return 0;
	*region = (struct target_region){ .start = FAKE_BASE + FAKE_SIZE };
	if (addr - FAKE_BASE >= FAKE_SIZE)
		return 0;
	first = last = (unsigned)(addr - FAKE_BASE) / FAKE_PAGE;
	while (first > 0 && fake->access[first - 1] == fake->access[last])
		first--;
	while (last < FAKE_PAGES && fake->access[last] == fake->access[first])
		last++;
	region->start = FAKE_BASE + (uint64_t)first * FAKE_PAGE;
	region->end = FAKE_BASE + (uint64_t)last * FAKE_PAGE;
	region->access = fake->access[first];
	region->name = first == 0 ? image_path : NULL;
	return 0;
}

static size_t
find_break(const struct fake *fake, const struct target_break *brk)
{
	size_t i = 0;

	while (i < fake->break_count && (fake->breaks[i].type != brk->type ||
					    fake->breaks[i].addr != brk->addr ||
					    fake->breaks[i].kind != brk->kind))
		i++;
	return i;
}

static int
fake_insert(void *ctx, const struct target_break *brk)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (brk->type == WATCH_READ)
		return -EOPNOTSUPP;
	if (!can(fake, brk->addr, REGION_READ))
		return -EFAULT;
	if (find_break(fake, brk) < fake->break_count)
		return points_set(&fake->points, brk);
	if (fake->break_count == FAKE_BREAKS)
		return -ENOSPC;
	fake->breaks[fake->break_count++] = *brk;
	return points_set(&fake->points, brk);
}

static int
fake_remove(void *ctx, const struct target_break *brk)
{
	struct fake *fake = ctx;
	size_t at = find_break(fake, brk);
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (brk->type == WATCH_READ)
		return -EOPNOTSUPP;
	points_drop(&fake->points, brk);
	if (at < fake->break_count)
		fake->breaks[at] = fake->breaks[--fake->break_count];
	return 0;
}

static struct trace *
fake_trace(void *ctx)
{
	const struct fake *fake = ctx;

	return fake->untraced ? NULL : &trace;
}

static uint64_t
fake_now(void *ctx)
{
	(void)ctx;
	return FAKE_NOW;
}

static int
fake_trace_at(void *ctx, uint64_t addr, bool on)
{
	struct fake *fake = ctx;
	const size_t at = find_traced(fake, addr);
	int error = on ? failure(ctx) : 0;

	if (error != 0)
		return error;
	if (on && !can(fake, addr, REGION_READ))
		return -EFAULT;
	if (on && at == FAKE_TRACED)
		return -ENOSPC;
	if (on && at == fake->traced_count)
		fake->traced[fake->traced_count++] = addr;
	else if (!on && at < fake->traced_count)
		fake->traced[at] = fake->traced[--fake->traced_count];
	return 0;
}

static int
fake_trace_call(void *ctx, unsigned number, bool on)
{
	struct fake *fake = ctx;

	if (number != 39)
		return -ENOSPC;
	fake->traced_call = on;
	return 0;
}

/* There are two. */
static const char *
fake_call_name(void *ctx, unsigned *number)
{
	(void)ctx;
	if (*number > 60)
		return NULL;
	*number = *number > 39 ? 60 : 39;
	return *number == 39 ? "getpid" : "exit";
}

static void
let_run(struct fake *fake, const struct target_resume *how)
{
	for (unsigned i = 0; i < FAKE_THREADS; i++) {
		struct fake_thread *thread = &fake->threads[i];

		thread->action = (struct target_action){ .kind = ACTION_STOP };
		thread->fresh = true;
		for (size_t j = how->n; j-- > 0;)
			if (how->actions[j].tid == thread->tid ||
			    how->actions[j].tid == TARGET_ALL)
				thread->action = how->actions[j];
	}
	fake->running = true;
}

static int
fake_resume(void *ctx, const struct target_resume *how)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	let_run(fake, how);
	if (fake->threads[0].action.kind != ACTION_STOP)
		memset(fake->siginfo, 0, sizeof(fake->siginfo));
	fake->interrupted |= how->interrupted;
	return 0;
}

/* Its history is the nops from its start on. */
static int
fake_reverse(void *ctx, int tid)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	fake->running = true;
	fake->back = tid != TARGET_ALL ? FAKE_BACK_ONE : FAKE_BACK;
	return 0;
}

static void
fake_attach(void *ctx)
{
	struct fake *fake = ctx;

	fake->debugged = true;
	fake->attached++;
}

static void
fake_interrupt(void *ctx)
{
	struct fake *fake = ctx;

	fake->interrupted = true;
	fake->running = true;
}

static int
fake_pause(void *ctx, struct stop *stop)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	fake->running = false;
	*stop = (struct stop){ .kind = STOP_INTERRUPT,
		.tid = let_run_first(fake) };
	return 0;
}

static void
fake_pass_signals(void *ctx, uint64_t set)
{
	struct fake *fake = ctx;

	fake->pass = set;
}

static void
fake_kill(void *ctx)
{
	struct fake *fake = ctx;

	fake->killed++;
	fake->gone = true;
	fake->running = false;
}

static void
fake_detach(void *ctx)
{
	static const struct target_action go = { .kind = ACTION_CONTINUE };
	static const struct target_resume how = { &go, 1, false };
	const struct tracepoint *failed;
	struct fake *fake = ctx;

	trace_leave(&trace, FAKE_NOW);
	(void)trace_settle(&trace, fake_ops(), ctx, &failed);
	fake->break_count = 0;
	points_clear(&fake->points);
	fake->debugged = false;
	fake->catches = false;
	fake->interrupted = false;
	fake->back = FAKE_FORWARD;
	fake->detached++;
	let_run(fake, &how);
}

/* Only the image can run. */
static int
fake_restart(void *ctx, const struct target_run *run)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (run->path[0] && strcmp(run->path, image_path) != 0)
		return -ENOENT;
	if (run->size > sizeof(fake->args))
		return -E2BIG;
	if (run->size > 0)
		memcpy(fake->args, run->args, run->size);
	fake->args_size = run->size;
	fake->starting = true;
	return 0;
}

/* The settings are a list of texts, as the arguments are. */
static int
fake_set(void *ctx, enum target_setting what, const char *text)
{
	struct fake *fake = ctx;
	size_t len = strlen(text) + 1;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (what == SETTING_RESET_ENV)
		fake->settings_size = 0;
	if (len > sizeof(fake->settings) - fake->settings_size - 1)
		return -E2BIG;
	fake->settings[fake->settings_size++] = "=-0/"[what];
	memcpy(fake->settings + fake->settings_size, text, len);
	fake->settings_size += len;
	return 0;
}

void
fake_settle(struct fake *fake)
{
	if (!fake->starting)
		return;
	fake->starting = false;
	if (fake->args_size > 0 && strcmp(fake->args, "refuse") == 0) {
		/* The guest before it has ended in any case. */
		fake->gone = true;
		stub_not_started(fake->stub, "The start is refused");
		return;
	}
	/* Files end with their guest, but for the image. */
	fake->open_files = fake->open_images;
	begin(fake, fake->entry, FAKE_WORKER);
	stub_started(fake->stub);
}

static int
fake_pid(void *ctx)
{
	(void)ctx;
	return 42;
}

static const char *
fake_exec_path(void *ctx)
{
	(void)ctx;
	return image_path;
}

static uint64_t
fake_load_bias(void *ctx)
{
	(void)ctx;
	return 0;
}

static int
fake_tls_address(
    void *ctx, int tid, uint64_t map, uint64_t offset, uint64_t *addr)
{
	(void)map;
	(void)ctx;
	*addr = 0x7000 + (uint64_t)tid * 0x100 + offset;
	return offset < 0x40 ? 0 : -ENOENT;
}

#define IMAGE_NUMBER TARGET_IMAGE
#define NOTE_NUMBER  6

/* The number of a file, or -errno. */
static int
number_of(const struct fake *fake, const char *path)
{
	if (strcmp(path, image_path) == 0)
		return IMAGE_NUMBER;
	if (strcmp(path, "/fake/note") == 0 && fake->has_note)
		return NOTE_NUMBER;
	return -ENOENT;
}

static int
fake_open_file(void *ctx, const char *path, unsigned how, unsigned mode)
{
	struct fake *fake = ctx;
	int error = failure(fake);
	int file = number_of(fake, path);

	(void)mode;
	if (error != 0)
		return error;
	if (strcmp(path, "/fake/note") == 0 && (how & TARGET_FILE_CREATE)) {
		fake->has_note = true;
		file = NOTE_NUMBER;
	}
	if (file == IMAGE_NUMBER && how != TARGET_FILE_READ)
		return -EACCES;
	if (file == NOTE_NUMBER && (how & TARGET_FILE_TRUNCATE))
		fake->note_size = 0;
	fake->open_files += file >= 0;
	fake->open_images += file == IMAGE_NUMBER;
	return file;
}

static int64_t
slice(const void *from, size_t size, uint64_t offset, void *buf, size_t len)
{
	if (offset >= size)
		return 0;
	if (len > size - offset)
		len = size - offset;
	memcpy(buf, (const char *)from + offset, len);
	return (int64_t)len;
}

static int64_t
fake_read_file(void *ctx, int file, uint64_t offset, void *buf, size_t len)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	return file == IMAGE_NUMBER
		   ? slice(fake->image, fake->image_size, offset, buf, len)
		   : slice(fake->note, fake->note_size, offset, buf, len);
}

static int64_t
fake_write_file(
    void *ctx, int file, uint64_t offset, const void *buf, size_t len)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (file != NOTE_NUMBER)
		return -EBADF;
	if (offset > sizeof(fake->note) || len > sizeof(fake->note) - offset)
		return -ENOSPC;
	memcpy(fake->note + offset, buf, len);
	if (fake->note_size < offset + len)
		fake->note_size = offset + len;
	return (int64_t)len;
}

static int
fake_stat_file(void *ctx, int file, struct target_stat *st)
{
	const struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	*st = (struct target_stat){
		.ino = file == IMAGE_NUMBER ? 5 : (uint64_t)file,
		.mode = 0100444,
		.nlink = 1,
		.size = file == IMAGE_NUMBER ? fake->image_size
					     : fake->note_size,
		.block_size = FAKE_PAGE,
	};
	return 0;
}

static void
fake_close_file(void *ctx, int file)
{
	struct fake *fake = ctx;

	fake->open_files--;
	fake->open_images -= file == IMAGE_NUMBER;
}

static int
fake_stat_name(void *ctx, const char *path, bool follow, struct target_stat *st)
{
	bool link = strcmp(path, "/fake/link") == 0;
	int file = number_of(ctx, link ? image_path : path);
	int error;

	if (file < 0)
		return file;
	error = fake_stat_file(ctx, file, st);
	if (link && !follow)
		st->mode = 0120777;
	return error;
}

static int64_t
fake_read_link(void *ctx, const char *path, char *buf, size_t size)
{
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (strcmp(path, "/fake/link") != 0)
		return number_of(ctx, path) < 0 ? -ENOENT : -EINVAL;
	return slice("guest", 5, 0, buf, size);
}

static int
fake_remove_file(void *ctx, const char *path)
{
	struct fake *fake = ctx;
	int error = failure(ctx);
	int file = number_of(ctx, path);

	if (error != 0)
		return error;
	if (file == IMAGE_NUMBER)
		return -EROFS;
	fake->has_note = false;
	return file < 0 ? file : 0;
}

/* The image, and one library after it. */
static bool
fake_next_library(void *ctx, struct target_library *library)
{
	if (failure(ctx) != 0 || library->map == 0x2000)
		return false;
	library->image = library->map == 0;
	library->map += 0x1000;
	library->bias = 0x10000;
	library->dynamic = 0x10800;
	strcpy(library->name, library->image ? "" : "/lib/a&b.so");
	return true;
}

static int64_t
fake_auxv(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct fake *fake = ctx;
	const uint64_t auxv[] = { AT_PAGESZ, FAKE_PAGE, AT_ENTRY, fake->entry,
		AT_NULL, 0 };
	int error = failure(ctx);

	if (error != 0)
		return error;
	return slice(auxv, sizeof(auxv), offset, buf, len);
}

static int
fake_set_siginfo(void *ctx, int tid, const uint8_t info[TARGET_SIGINFO_SIZE])
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (tid != 1)
		return -ENODATA;
	memcpy(fake->siginfo, info, sizeof(fake->siginfo));
	return 0;
}

static int
fake_siginfo(void *ctx, int tid, uint8_t info[TARGET_SIGINFO_SIZE])
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (tid != 1)
		return -ENODATA;
	memcpy(info, fake->siginfo, sizeof(fake->siginfo));
	return 0;
}

static int
fake_monitor(void *ctx, int tid, const char *cmd, struct text *out)
{
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (strcmp(cmd, "quiet") == 0)
		return 0;
	if (strcmp(cmd, "fail") == 0)
		return -EIO;
	if (strcmp(cmd, "later") == 0) {
		((struct fake *)ctx)->running = true;
		((struct fake *)ctx)->interrupted = true;
		return -EINPROGRESS;
	}
	if (strcmp(cmd, "who") == 0) {
		text_printf(out, "%d\n", tid);
		return 0;
	}
	if (strcmp(cmd, "weather") != 0)
		return -ENOENT;
	text_printf(out, "fair\n");
	return 0;
}

static int
fake_osdata(void *ctx, const char *table, struct text *out)
{
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (*table)
		return -ENOENT;
	text_printf(out, "<osdata type=\"types\"></osdata>\n");
	return 0;
}

static bool
fake_monitor_help(void *ctx, size_t n, const char **name, const char **purpose)
{
	(void)ctx;
	*name = "weather";
	*purpose = "what it is like";
	return n == 0;
}

static void
fake_program_signals(void *ctx, uint64_t set)
{
	struct fake *fake = ctx;

	fake->kept = set;
}

static void
fake_thread_events(void *ctx, bool on)
{
	struct fake *fake = ctx;

	fake->thread_events = on;
}

static int
fake_thread_handle(void *ctx, int tid, uint64_t *handle)
{
	(void)ctx;
	*handle = (uint64_t)tid << 12;
	return tid == 1 ? 0 : -ENOENT;
}

static int
fake_catch_syscalls(void *ctx, bool on, const uint32_t *nr, size_t n)
{
	struct fake *fake = ctx;
	int error = failure(fake);

	if (error != 0)
		return error;
	if (n > 1)
		return -ENOSPC;
	fake->catches = on;
	fake->caught_count = n;
	fake->caught = n > 0 ? nr[0] : 0;
	return 0;
}

const struct target_ops *
fake_ops(void)
{
	static const struct target_ops ops = {
		.threads = fake_threads,
		.thread_name = fake_thread_name,
		.read_regs = fake_read_regs,
		.write_regs = fake_write_regs,
		.regs_layout = fake_regs_layout,
		.read_mem = fake_read_mem,
		.write_mem = fake_write_mem,
		.region = fake_region,
		.allocate = fake_allocate,
		.release = fake_release,
		.insert = fake_insert,
		.remove = fake_remove,
		.agent = &fake_agent,
		.trace = fake_trace,
		.now = fake_now,
		.trace_at = fake_trace_at,
		.trace_call = fake_trace_call,
		.call_name = fake_call_name,
		.resume = fake_resume,
		.reverse = fake_reverse,
		.attach = fake_attach,
		.interrupt = fake_interrupt,
		.pause = fake_pause,
		.kill = fake_kill,
		.detach = fake_detach,
		.restart = fake_restart,
		.set = fake_set,
		.pid = fake_pid,
		.exec_path = fake_exec_path,
		.load_bias = fake_load_bias,
		.tls_address = fake_tls_address,
		.open_file = fake_open_file,
		.read_file = fake_read_file,
		.write_file = fake_write_file,
		.stat_file = fake_stat_file,
		.close_file = fake_close_file,
		.stat_name = fake_stat_name,
		.read_link = fake_read_link,
		.remove_file = fake_remove_file,
		.next_library = fake_next_library,
		.auxv = fake_auxv,
		.siginfo = fake_siginfo,
		.set_siginfo = fake_set_siginfo,
		.pass_signals = fake_pass_signals,
		.osdata = fake_osdata,
		.monitor = fake_monitor,
		.monitor_help = fake_monitor_help,
		.program_signals = fake_program_signals,
		.thread_events = fake_thread_events,
		.thread_handle = fake_thread_handle,
		.catch_syscalls = fake_catch_syscalls,
	};

	return &ops;
}
