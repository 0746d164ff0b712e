/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The made-up machine.  It must not know packets.
 */
#include "faketarget.h"

#include "gdb/stub.h"
#include "gdb/text.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#define ALL_PARTS 0x2e7 /* x87 SSE AVX opmask ZMM_Hi256 Hi16_ZMM PKRU */

static const char image_path[] = "/fake/guest";

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

/* How much of a range is there; 0 if it does not begin. */
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
	static const uint8_t worker[] = { 0x90, 0xeb, 0xfd };

	memset(fake, 0, sizeof(*fake));
	fake->stub = stub;
	regs_layout_init(&fake->layout, ALL_PARTS);
	for (unsigned i = 0; i < FAKE_PAGES; i++)
		fake->access[i] = REGION_READ | REGION_WRITE;
	fake->access[0] = fake->access[1] = REGION_READ | REGION_EXEC;
	fake->access[8] = fake->access[9] = 0;
	put(fake, FAKE_START, loop, sizeof(loop));
	put(fake, FAKE_EXIT, end, sizeof(end));
	put(fake, FAKE_ILL, ill, sizeof(ill));
	put(fake, FAKE_WORKER, worker, sizeof(worker));
	fake->entry = FAKE_START;
	memcpy(fake->image, "\177ELF#$}* image", 15);
	fake->image_size = 15;
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

/* A thread gets a signal: the debugger, if there is one, hears of it first. */
static void
raise_signal(struct fake *fake, struct fake_thread *thread, int number)
{
	bool heard = fake->debugged && !(fake->pass >> (number - 1) & 1);
	enum stop_kind kind = heard ? STOP_SIGNAL : STOP_KILLED;

	memset(fake->siginfo, 0, sizeof(fake->siginfo));
	fake->siginfo[0] = number;
	memcpy(&fake->siginfo[4], &thread->regs.rip, 8);
	tell(fake, (struct stop){
		       .kind = kind, .tid = thread->tid, .signal = number });
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

/* movb $imm8, abs32; true if that was watched, or failed. */
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
		raise_signal(fake, thread, SIGSEGV);
		return true;
	}
	fake->mem[addr - FAKE_BASE] = code[7];
	thread->regs.rip += 8;
	brk = break_at(fake, addr, true);
	if (!brk || brk->type == WATCH_READ)
		return false;
	tell(fake,
	    (struct stop){
		.kind = kinds[brk->type], .tid = thread->tid, .addr = addr });
	return true;
}

/* One instruction; true if the machine stopped. */
static bool
execute(struct fake *fake, struct fake_thread *thread)
{
	static const uint8_t movb[] = { 0xc6, 0x04, 0x25 };
	static const uint8_t inc[] = { 0x48, 0xff, 0xc0 };
	const uint8_t *code;

	if (!can(fake, thread->regs.rip, REGION_EXEC) ||
	    !can(fake, thread->regs.rip + 8, REGION_EXEC)) {
		raise_signal(fake, thread, SIGSEGV);
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
	} else if (code[0] == 0xf4) {
		tell(fake, (struct stop){ .kind = STOP_EXITED,
			       .tid = thread->tid,
			       .status = (int)(thread->regs.rax & 0xff) });
		return true;
	} else {
		raise_signal(fake, thread, SIGILL);
		return true;
	}
	return false;
}

/* A thread's turn; true if the machine stopped. */
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
	if (brk && !thread->fresh) {
		tell(
		    fake, (struct stop){ .tid = thread->tid,
			      .kind = brk->type == BREAK_SOFT ? STOP_BREAK
							      : STOP_HWBREAK });
		return true;
	}
	thread->fresh = false;
	if (execute(fake, thread))
		return true;
	if (action->kind == ACTION_CONTINUE ||
	    (action->kind == ACTION_RANGE && thread->regs.rip >= action->lo &&
		thread->regs.rip < action->hi))
		return false;
	tell(fake, (struct stop){ .kind = STOP_STEP, .tid = thread->tid });
	return true;
}

void
fake_run(struct fake *fake, unsigned instructions)
{
	while (fake->running && instructions-- > 0) {
		if (fake->interrupted) {
			tell(fake,
			    (struct stop){ .kind = STOP_INTERRUPT, .tid = 1 });
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

/* What this operation fails with, once: -errno, or 0. */
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

static int
fake_read_regs(void *ctx, int tid, struct regs *regs, unsigned banks)
{
	struct fake_thread *thread = thread_of(ctx, tid);
	size_t core = offsetof(struct regs, xsave_valid);
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (!thread)
		return -ESRCH;
	if (banks & REGS_CORE)
		memcpy(regs, &thread->regs, core);
	if (banks & REGS_XSAVE)
		memcpy((char *)regs + core, (char *)&thread->regs + core,
		    sizeof(*regs) - core);
	return 0;
}

static int
fake_write_regs(void *ctx, int tid, const struct regs *regs, unsigned banks)
{
	struct fake_thread *thread = thread_of(ctx, tid);
	size_t core = offsetof(struct regs, xsave_valid);
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (!thread)
		return -ESRCH;
	if (banks & REGS_CORE)
		memcpy(&thread->regs, regs, core);
	if (banks & REGS_XSAVE)
		memcpy((char *)&thread->regs + core, (const char *)regs + core,
		    sizeof(*regs) - core);
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
		return 0;
	if (fake->break_count == FAKE_BREAKS)
		return -ENOSPC;
	fake->breaks[fake->break_count++] = *brk;
	return 0;
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
	if (at < fake->break_count)
		fake->breaks[at] = fake->breaks[--fake->break_count];
	return 0;
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
	int error = failure(ctx);

	if (error == 0)
		let_run(ctx, how);
	return error;
}

static void
fake_interrupt(void *ctx)
{
	struct fake *fake = ctx;

	fake->debugged = true;
	fake->interrupted = true;
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
	static const struct target_resume how = { &go, 1 };
	struct fake *fake = ctx;

	fake->break_count = 0;
	fake->debugged = false;
	fake->interrupted = false;
	fake->detached++;
	let_run(fake, &how);
}

static int
fake_restart(void *ctx)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	begin(fake, fake->entry, FAKE_WORKER);
	return 0;
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
fake_tls_address(void *ctx, int tid, uint64_t offset, uint64_t *addr)
{
	(void)ctx;
	*addr = 0x7000 + (uint64_t)tid * 0x100 + offset;
	return offset < 0x40 ? 0 : -ENOENT;
}

static int
fake_open_file(void *ctx, const char *path, uint64_t *size)
{
	struct fake *fake = ctx;
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (strcmp(path, image_path) != 0)
		return -ENOENT;
	*size = fake->image_size;
	fake->open_files++;
	return 5;
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
	if (file != 5)
		return -EBADF;
	return slice(fake->image, fake->image_size, offset, buf, len);
}

static void
fake_close_file(void *ctx, int file)
{
	struct fake *fake = ctx;

	fake->open_files -= file == 5;
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
fake_siginfo(void *ctx, int tid, uint8_t info[128])
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
fake_monitor(void *ctx, const char *cmd, struct text *out)
{
	int error = failure(ctx);

	if (error != 0)
		return error;
	if (strcmp(cmd, "quiet") == 0)
		return 0;
	if (strcmp(cmd, "fail") == 0)
		return -EIO;
	if (strcmp(cmd, "weather") != 0)
		return -ENOENT;
	text_printf(out, "fair\n");
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

static int
fake_catch_syscalls(void *ctx, bool on, const uint16_t *nr, size_t n)
{
	int error = failure(ctx);

	(void)on;
	if (error != 0)
		return error;
	return n > 0 && nr[0] == 999 ? -EINVAL : 0;
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
		.insert = fake_insert,
		.remove = fake_remove,
		.resume = fake_resume,
		.interrupt = fake_interrupt,
		.kill = fake_kill,
		.detach = fake_detach,
		.restart = fake_restart,
		.pid = fake_pid,
		.exec_path = fake_exec_path,
		.load_bias = fake_load_bias,
		.tls_address = fake_tls_address,
		.open_file = fake_open_file,
		.read_file = fake_read_file,
		.close_file = fake_close_file,
		.auxv = fake_auxv,
		.siginfo = fake_siginfo,
		.pass_signals = fake_pass_signals,
		.monitor = fake_monitor,
		.monitor_help = fake_monitor_help,
		.catch_syscalls = fake_catch_syscalls,
	};

	return &ops;
}
