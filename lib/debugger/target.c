/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub's target on top of the machine.  Nothing here may know sockets or
 * packets.
 */
#include "debugger/target.h"

#include "debugger/command.h"
#include "debugger/files.h"
#include "debugger/libraries.h"
#include "debugger/served.h"
#include "debugger/tables.h"
#include "gdb/regs.h"
#include "vm/context.h"
#include "vm/control.h"
#include "vm/cpu.h"
#include "vm/x86.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define GUEST_PID 1 /* what getpid() returns to the guest */

static struct machine *
machine_of(void *ctx)
{
	return ((struct debugger_target *)ctx)->machine;
}

/* While the machine runs, threads begin and end during this call; the list is
 * exact once the machine has stopped. */
static size_t
op_threads(void *ctx, int *tids, size_t max)
{
	const struct machine *m = machine_of(ctx);
	size_t n = 0;
	size_t at;
	unsigned i;

	for (i = 0; i < m->vcpus && n < max; i++) {
		int tid = m->vcpu[i].thread.tid;

		if (!thread_lives(&m->vcpu[i]))
			continue;
		/* Thread numbers grow in the order of creation. */
		for (at = n++; at > 0 && tids[at - 1] > tid; at--)
			tids[at] = tids[at - 1];
		tids[at] = tid;
	}
	return n;
}

/* The name that the guest gave the thread, or a default.  The guest may change
 * the name while it is read, but its last byte stays NUL. */
static const char *
op_thread_name(void *ctx, int tid)
{
	const struct vcpu *vcpu = machine_thread(machine_of(ctx), tid);

	if (!vcpu)
		return NULL;
	if (vcpu->thread.named)
		return vcpu->thread.name;
	return tid == 1 ? "main" : "thread";
}

static int
read_control(struct vcpu *vcpu, struct regs *regs)
{
	struct control_state state;
	int r = vcpu_control(vcpu, &state);

	if (r < 0)
		return r;
#define CONTROL(field, bits, type, access) regs->field = state.field;
#include "gdb/regs.def"
	return 0;
}

static int
op_read_regs(void *ctx, int tid, struct regs *regs, unsigned banks)
{
	struct vcpu *vcpu = machine_thread(machine_of(ctx), tid);
	int r;

	if (!vcpu)
		return -ESRCH;
	r = hit_read_regs(vcpu, regs, banks);
	return r == 0 && banks & REGS_CONTROL ? read_control(vcpu, regs) : r;
}

static int
op_write_regs(void *ctx, int tid, const struct regs *regs, unsigned banks)
{
	struct vcpu *vcpu = machine_thread(machine_of(ctx), tid);
	struct user_context c;
	int64_t number;
	int r;

	if (!vcpu)
		return -ESRCH;
	number = debug_call_number(vcpu);
	r = vcpu_user_context(vcpu, &c);
	if (r < 0)
		return r;
#define WRITE(name) c.regs.name = regs->name;
	HIT_GENERAL_REGISTERS(WRITE)
#undef WRITE
	c.fs_base = regs->fs_base;
	c.gs_base = regs->gs_base;
	if (banks & REGS_CORE)
		r = debug_set_context(vcpu, &c);
	/* A number that is written back unchanged means nothing: the thread may
	 * just have been moved to a call, or away from one. */
	if (r == 0 && (banks & REGS_CORE) && regs->orig_rax != (uint64_t)number)
		debug_set_call_number(vcpu, (int64_t)regs->orig_rax);
	if (r == 0 && (banks & REGS_CONTROL))
		r = vcpu_set_status(vcpu, regs->cr2, regs->dr6);
	if (r == 0 && (banks & REGS_XSAVE))
		r = kvmcore_set_xsave(&vcpu->kvm,
		    (const struct kvm_xsave *)(const void *)regs->xsave);
	return r;
}

static const struct regs_layout *
op_regs_layout(void *ctx)
{
	return hit_regs_layout(machine_of(ctx));
}

static int64_t
op_read_mem(void *ctx, int tid, uint64_t addr, void *buf, size_t len)
{
	struct machine *m = machine_of(ctx);
	size_t n = breaks_read(&m->debug.breaks, addr, buf, len);

	(void)tid;
	gmem_expect(&m->mem, addr + len, len);
	return n > 0 ? (int64_t)n : -EFAULT;
}

static size_t
op_view_mem(
    void *ctx, int tid, uint64_t addr, size_t len, const uint8_t **bytes)
{
	(void)tid;
	return breaks_view(&machine_of(ctx)->debug.breaks, addr, len, bytes);
}

static int64_t
op_write_mem(void *ctx, int tid, uint64_t addr, const void *buf, size_t len)
{
	struct machine *m = machine_of(ctx);
	size_t n;

	(void)tid;
	gmem_lock(&m->mem);
	n = (size_t)space_fill(&m->guest.space, addr, len);
	gmem_unlock(&m->mem);
	n = breaks_write(&m->debug.breaks, addr, buf, n);
	return n > 0 ? (int64_t)n : -EFAULT;
}

static unsigned
region_access(uint64_t entry)
{
	uint64_t rights = pte_rights(entry);

	if (!(rights & PTE_PRESENT) || !(rights & PTE_USER))
		return 0;
	return REGION_READ | (rights & PTE_WRITE ? REGION_WRITE : 0U) |
	       (rights & PTE_NX ? 0U : REGION_EXEC);
}

static int
op_region(void *ctx, uint64_t addr, struct target_region *region)
{
	const struct gmem *mem = &machine_of(ctx)->mem;
	uint64_t page;

	*region = (struct target_region){ .start = addr };
	if (addr >= mem->size) {
		region->start = mem->size;
		return 0;
	}
	region->access = region_access(pt_lookup(&mem->pt, addr, &page));
	region->start = addr & ~(page - 1);
	region->end = region->start + page;
	while (region->end < mem->size &&
	       region_access(pt_lookup(&mem->pt, region->end, &page)) ==
		   region->access)
		region->end = (region->end & ~(page - 1)) + page;
	return 0;
}

static struct hits *
hits_of(void *ctx)
{
	return ((struct debugger_target *)ctx)->hits;
}

static int
op_insert(void *ctx, const struct target_break *brk)
{
	int r = debug_insert(
	    machine_of(ctx), (enum breaks_type)brk->type, brk->addr, brk->kind);

	_Static_assert((int)BREAK_SOFT == (int)BREAKS_SOFT &&
			   (int)WATCH_ACCESS == (int)BREAKS_ACCESS,
	    "both number them as the protocol does");
	if (r == 0)
		r = points_set(&hits_of(ctx)->points, brk);
	if (r == 0)
		served_set(machine_of(ctx), brk);
	return r;
}

static int
op_remove(void *ctx, const struct target_break *brk)
{
	points_drop(&hits_of(ctx)->points, brk);
	served_drop(machine_of(ctx), brk);
	return debug_remove(
	    machine_of(ctx), (enum breaks_type)brk->type, brk->addr, brk->kind);
}

const struct target_action *
debugger_target_action(const struct target_resume *how, int tid)
{
	size_t i;

	for (i = 0; i < how->n; i++)
		if (how->actions[i].tid == tid ||
		    how->actions[i].tid == TARGET_ALL)
			return &how->actions[i];
	return NULL;
}

/* The thread that an interrupt is reported for: the one that is named first. */
static int
chosen_of(const struct target_resume *how)
{
	size_t i;

	for (i = 0; i < how->n; i++)
		if (how->actions[i].kind != ACTION_STOP)
			return how->actions[i].tid;
	return TARGET_ALL;
}

int
debugger_target_resume(
    void *ctx, const struct target_resume *how, enum debug_want others)
{
	static const enum debug_want wants[] = {
		[ACTION_CONTINUE] = WANT_RUN,
		[ACTION_STEP] = WANT_STEP,
		[ACTION_RANGE] = WANT_RANGE,
	};
	struct machine *m = machine_of(ctx);
	const struct target_action *action = debugger_target_action(
	    how, TARGET_ALL);
	unsigned i;

	/* No action can name a thread that does not exist yet. */
	debug_want_new(m,
	    action && action->kind == ACTION_CONTINUE ? WANT_RUN : WANT_STOP);
	for (i = 0; i < m->vcpus; i++) {
		if (!thread_lives(&m->vcpu[i]))
			continue;
		action = debugger_target_action(how, m->vcpu[i].thread.tid);
		if (action && action->kind != ACTION_STOP)
			debug_want(&m->vcpu[i], wants[action->kind], action->lo,
			    action->hi, action->signal);
		else
			debug_want(&m->vcpu[i], others, 0, 0, 0);
	}
	debug_choose(m, chosen_of(how));
	if (how->interrupted)
		debug_stay(m);
	else
		debug_resume(m);
	return 0;
}

static int
op_resume(void *ctx, const struct target_resume *how)
{
	return debugger_target_resume(ctx, how, WANT_STOP);
}

static void
op_attach(void *ctx)
{
	hits_of(ctx)->silent = false;
	debug_attach(machine_of(ctx));
}

static void
op_interrupt(void *ctx)
{
	debug_interrupt(machine_of(ctx));
}

static void
op_kill(void *ctx)
{
	debug_kill(machine_of(ctx));
}

static int
op_pause(void *ctx, struct stop *stop)
{
	struct debug_event event;

	/* A thread that prints does not wait for this one. */
	hits_of(ctx)->silent = true;
	debug_pause(machine_of(ctx), &event);
	hits_of(ctx)->silent = false;
	*stop = debugger_target_stop(machine_of(ctx), &event);
	return 0;
}

/* A guest that is killed does not rest: a thread may collect still. */
static struct trace *
op_trace(void *ctx)
{
	struct hits *hits = hits_of(ctx);

	if (!hits)
		return NULL;
	pthread_mutex_lock(&hits->tracing);
	pthread_mutex_unlock(&hits->tracing);
	return hits->trace;
}

static uint64_t
op_now(void *ctx)
{
	(void)ctx;
	return hit_now();
}

static int
op_trace_at(void *ctx, uint64_t addr, bool on)
{
	served_trace(machine_of(ctx), op_trace(ctx), addr, on);
	return debug_trace(machine_of(ctx), addr, on);
}

static int
op_trace_call(void *ctx, unsigned number, bool on)
{
	return debug_trace_call(machine_of(ctx), number, on);
}

static const char *
op_call_name(void *ctx, unsigned *number)
{
	(void)ctx;
	for (; *number < HYPERCALL_END; ++*number)
		if (hc_row(*number))
			return hc_row(*number)->name;
	return NULL;
}

/* Breakpoints can only be removed while no vCPU runs. */
static void
op_detach(void *ctx)
{
	const struct tracepoint *failed;

	hits_of(ctx)->silent = true;
	debug_rest(machine_of(ctx));
	points_clear(&hits_of(ctx)->points);
	trace_leave(op_trace(ctx), hit_now());
	(void)trace_settle(op_trace(ctx), debugger_target_ops(), ctx, &failed);
	debug_detach(machine_of(ctx));
}

static int
op_pid(void *ctx)
{
	(void)ctx;
	return GUEST_PID;
}

static bool
op_was_there(void *ctx)
{
	return !((const struct debugger_target *)ctx)->started;
}

static const char *
op_exec_path(void *ctx)
{
	return ((const struct debugger_target *)ctx)->path;
}

static uint64_t
op_load_bias(void *ctx)
{
	return machine_of(ctx)->image.bias;
}

static int
op_tls_address(
    void *ctx, int tid, uint64_t map, uint64_t offset, uint64_t *addr)
{
	struct machine *m = machine_of(ctx);
	struct vcpu *vcpu = machine_thread(m, tid);
	struct kvm_sregs sregs;
	uint64_t block = 0;
	int r;

	if (!vcpu)
		return -ESRCH;
	r = vcpu_sregs(vcpu, &sregs);
	if (r < 0)
		return r;
	*addr = 0;
	if (map)
		block = debugger_library_tls(ctx, map, sregs.fs.base);
	if (block)
		*addr = block + offset;
	else if (!map || debugger_map_is_image(ctx, map))
		*addr = image_tls_address(&m->image, sregs.fs.base, offset);
	return *addr ? 0 : -ENOENT;
}

static int64_t
op_auxv(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct machine *m = machine_of(ctx);

	if (offset >= m->auxv_size)
		return 0;
	if (len > m->auxv_size - offset)
		len = m->auxv_size - offset;
	return (int64_t)gmem_copy(buf, m->mem.base + m->auxv + offset, len);
}

static int
op_siginfo(void *ctx, int tid, uint8_t info[TARGET_SIGINFO_SIZE])
{
	const struct vcpu *vcpu = machine_thread(machine_of(ctx), tid);

	_Static_assert(
	    sizeof(siginfo_t) == TARGET_SIGINFO_SIZE, "both are the kernel's");
	if (!vcpu)
		return -ESRCH;
	memcpy(info, debug_siginfo(vcpu), sizeof(siginfo_t));
	return 0;
}

static int
op_set_siginfo(void *ctx, int tid, const uint8_t info[TARGET_SIGINFO_SIZE])
{
	struct vcpu *vcpu = machine_thread(machine_of(ctx), tid);
	siginfo_t new;

	if (!vcpu)
		return -ESRCH;
	memcpy(&new, info, sizeof(new));
	debug_set_siginfo(vcpu, &new);
	return 0;
}

/* Only the image that was opened can run.  The worker sees that a run is asked
 * for (server.c), and the next one makes it. */
static int
op_restart(void *ctx, const struct target_run *run)
{
	struct debugger_target *t = ctx;

	if (run->path[0] && strcmp(run->path, t->path) != 0 &&
	    strcmp(run->path, t->name) != 0)
		return -ENOENT;
	return debugger_plan_run(t->plan, run);
}

static int
op_set(void *ctx, enum target_setting what, const char *text)
{
	return debugger_plan_set(
	    ((struct debugger_target *)ctx)->plan, what, text);
}

static void
op_pass_signals(void *ctx, uint64_t set)
{
	debug_pass_signals(machine_of(ctx), set);
}

static void
op_program_signals(void *ctx, uint64_t set)
{
	debug_keep_signals(machine_of(ctx), set);
}

static void
op_thread_events(void *ctx, bool on)
{
	debug_report_threads(machine_of(ctx), on);
}

/* A C library's pthread_t is the thread's FS base. */
static int
op_thread_handle(void *ctx, int tid, uint64_t *handle)
{
	struct vcpu *vcpu = machine_thread(machine_of(ctx), tid);
	struct kvm_sregs sregs;
	int r;

	if (!vcpu)
		return -ESRCH;
	r = vcpu_sregs(vcpu, &sregs);
	*handle = sregs.fs.base;
	return r < 0 ? r : *handle ? 0 : -ENOENT;
}

static int
op_catch_syscalls(void *ctx, bool on, const uint32_t *number, size_t n)
{
	return debug_catch(machine_of(ctx), on, number, n);
}

static int
op_monitor(void *ctx, int tid, const char *command, struct text *out)
{
	return debugger_command(ctx, tid, command, out);
}

static bool
op_monitor_help(void *ctx, size_t nth, const char **name, const char **purpose)
{
	(void)ctx;
	return debugger_command_help(nth, name, purpose);
}

const struct target_ops *
debugger_target_ops(void)
{
	static const struct target_ops ops = {
		.threads = op_threads,
		.thread_name = op_thread_name,
		.read_regs = op_read_regs,
		.write_regs = op_write_regs,
		.regs_layout = op_regs_layout,
		.read_mem = op_read_mem,
		.view_mem = op_view_mem,
		.write_mem = op_write_mem,
		.region = op_region,
		.allocate = debugger_allocate,
		.release = debugger_release,
		.insert = op_insert,
		.remove = op_remove,
		.agent = &hit_agent,
		.trace = op_trace,
		.now = op_now,
		.trace_at = op_trace_at,
		.trace_call = op_trace_call,
		.call_name = op_call_name,
		.resume = op_resume,
		.attach = op_attach,
		.interrupt = op_interrupt,
		.pause = op_pause,
		.kill = op_kill,
		.detach = op_detach,
		.restart = op_restart,
		.set = op_set,
		.pid = op_pid,
		.was_there = op_was_there,
		.exec_path = op_exec_path,
		.load_bias = op_load_bias,
		.tls_address = op_tls_address,
		.next_library = debugger_next_library,
		.open_file = debugger_open_file,
		.read_file = debugger_read_file,
		.write_file = debugger_write_file,
		.stat_file = debugger_stat_file,
		.close_file = debugger_close_file,
		.stat_name = debugger_stat_name,
		.read_link = debugger_read_link,
		.remove_file = debugger_remove_file,
		.auxv = op_auxv,
		.siginfo = op_siginfo,
		.set_siginfo = op_set_siginfo,
		.pass_signals = op_pass_signals,
		.program_signals = op_program_signals,
		.thread_events = op_thread_events,
		.thread_handle = op_thread_handle,
		.catch_syscalls = op_catch_syscalls,
		.osdata = debugger_table_xml,
		.monitor = op_monitor,
		.monitor_help = op_monitor_help,
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
	stop.signal = outcome_is_signal(end)         ? end->code
		      : end->kind == OUTCOME_TIMEOUT ? SIGALRM
						     : SIGABRT;
	return stop;
}

/* Did the one-byte INT3 raise this SIGTRAP?  The two bytes of INT $3 raise one
 * with the same si_code. */
static bool
is_int3(struct machine *m, const struct debug_event *event)
{
	struct vcpu *vcpu = &m->vcpu[event->vcpu];
	struct user_context c;
	uint8_t byte;

	return event->kind == EVENT_SIGNAL && event->signal == SIGTRAP &&
	       vcpu->debug.info.si_code == SI_KERNEL &&
	       vcpu_user_context(vcpu, &c) == 0 &&
	       breaks_read(&m->debug.breaks, c.regs.rip - 1, &byte, 1) == 1 &&
	       byte == OPCODE_INT3;
}

struct stop
debugger_target_stop(struct machine *m, const struct debug_event *event)
{
	static const enum stop_kind kinds[] = {
		[EVENT_NONE] = STOP_NONE,
		[EVENT_INTERRUPT] = STOP_INTERRUPT,
		[EVENT_STEP] = STOP_STEP,
		[EVENT_BREAK] = STOP_BREAK,
		[EVENT_HARDBREAK] = STOP_HWBREAK,
		[EVENT_CALL] = STOP_SYSCALL_ENTRY,
		[EVENT_RETURN] = STOP_SYSCALL_RETURN,
		[EVENT_BORN] = STOP_THREAD_CREATED,
		[EVENT_DIED] = STOP_THREAD_EXITED,
		[EVENT_SIGNAL] = STOP_SIGNAL,
		[EVENT_GONE] = STOP_NONE,
	};
	struct stop stop = {
		.tid = m->vcpu[event->vcpu].thread.tid,
		.signal = event->signal,
		.status = (int)m->vcpu[event->vcpu].flight.number,
		.addr = event->addr,
	};

	if (event->kind == EVENT_DIED)
		stop.status = m->vcpu[event->vcpu].flight.status & 0xff;
	if (event->kind == EVENT_ENDED)
		return ended(&m->outcome);
	if (is_int3(m, event))
		stop.kind = STOP_INT3;
	else if (event->kind != EVENT_WATCH)
		stop.kind = kinds[event->kind];
	else if (event->type == BREAKS_WRITE)
		stop.kind = STOP_WATCH_WRITE;
	else if (event->type == BREAKS_READ)
		stop.kind = STOP_WATCH_READ;
	else
		stop.kind = STOP_WATCH_ACCESS;
	return stop;
}
