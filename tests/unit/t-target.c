/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the machine as the stub's target: registers, memory, breakpoints,
 * threads and stops through the operations of struct target_ops alone, without
 * packets and options.  This test needs KVM.
 */
#include "guestvm.h"

#include "debugger/target.h"
#include "gdb/regs.h"
#include "gdb/text.h"

#include <elf.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define MAIN_THREAD 1
#define NO_THREAD   4711

static const struct target_ops *ops;
static struct trace trace;
static struct hits hits;
static struct debugger_target target;

/* Wait a minute at most for the next stop. */
static struct stop
wait_stop(void)
{
	struct debug_event event;
	struct stop none = { .kind = STOP_NONE };
	time_t limit = time(NULL) + 60;

	while (time(NULL) < limit) {
		struct pollfd p = { debug_fd(&m), POLLIN, 0 };

		poll(&p, 1, 5);
		if (debug_poll(&m, &event))
			return debugger_target_stop(&m, &event);
	}
	bail("nothing happens");
	return none;
}

static struct stop
resume(const struct target_action *actions, size_t n)
{
	const struct target_resume how = { actions, n, false };

	if (ops->resume(&target, &how) < 0)
		bail("the guest cannot be resumed");
	return wait_stop();
}

static struct stop
resume_all(enum target_action_kind kind, int signal)
{
	const struct target_action action = { TARGET_ALL, kind, signal, 0, 0 };

	return resume(&action, 1);
}

static void
open_target(const char *guest, const char *arg, const char *arg2)
{
	start_with(guest, arg, arg2);
	hits_init(&hits, NULL, &trace);
	target = (struct debugger_target){
		.machine = &m,
		.path = guest_file.path,
		.image = open(guest_file.path, O_RDONLY | O_CLOEXEC),
		.hits = &hits,
	};
	hc_look_init(&target.look, &m.guest);
	hc_look_give(&target.look, target.path, target.image);
	ops->interrupt(&target);
	if (wait_stop().kind != STOP_INTERRUPT)
		bail("%s is not at rest at its entry", guest);
}

static void
close_target(void)
{
	if (m.outcome.kind == OUTCOME_RUNNING) {
		ops->kill(&target);
		wait_stop();
	}
	machine_join(&m);
	close(target.image);
	close(m.kvm);
	machine_destroy(&m);
}

static struct regs
read_regs(int tid)
{
	struct regs regs;

	if (ops->read_regs(&target, tid, &regs, REGS_CORE | REGS_XSAVE) < 0)
		bail("no registers of thread %d", tid);
	return regs;
}

static int
insert(enum break_type type, uint64_t addr, uint64_t kind)
{
	const struct target_break brk = {
		.type = type, .addr = addr, .kind = kind
	};

	return ops->insert(&target, &brk);
}

static int
remove_break(enum break_type type, uint64_t addr, uint64_t kind)
{
	const struct target_break brk = {
		.type = type, .addr = addr, .kind = kind
	};

	return ops->remove(&target, &brk);
}

static void
test_facts(void)
{
	const char *name, *purpose;
	char magic[SELFMAG];
	struct target_stat st;
	uint64_t at;
	int file;

	open_target("hello.elf", NULL, NULL);
	is_int(ops->pid(&target), 1, "the guest is process 1");
	ok(ops->was_there(&target), "it was there before the debugger");
	target.started = true;
	ok(!ops->was_there(&target), "unless both were started together");
	is_str(
	    ops->exec_path(&target), guest_file.path, "its image has a name");
	is_int((int64_t)ops->load_bias(&target), 0, "it lies where it says");
	file = ops->open_file(&target, guest_file.path, TARGET_FILE_READ, 0);
	ok(file >= 0 && ops->stat_file(&target, file, &st) == 0 &&
		st.size == guest_file.size,
	    "its image can be opened");
	is_int(ops->read_file(&target, file, 0, magic, SELFMAG), SELFMAG,
	    "and read");
	ok(memcmp(magic, ELFMAG, SELFMAG) == 0, "from its start");
	is_int(ops->read_file(&target, file, st.size, magic, SELFMAG), 0,
	    "to its end");
	ops->close_file(&target, file);
	is_int(ops->open_file(&target, "/etc/passwd", TARGET_FILE_READ, 0),
	    -ENOENT, "no other file of the host can be opened");
	is_int(ops->tls_address(&target, MAIN_THREAD, 0, 0, &at), -ENOENT,
	    "an image without thread-local variables has none");
	ok(ops->monitor_help(&target, 0, &name, &purpose),
	    "there are commands");
	ok(!ops->monitor_help(&target, 1000, &name, &purpose), "a few");
	close_target();
}

static void
test_auxv(void)
{
	uint64_t entry[2] = { 0 };
	uint64_t at;

	open_target("hello.elf", NULL, NULL);
	for (at = 0; entry[0] != AT_ENTRY; at += sizeof(entry))
		if (ops->auxv(&target, at, entry, sizeof(entry)) !=
		    sizeof(entry))
			break;
	is_int(
	    (int64_t)entry[0], AT_ENTRY, "the auxiliary vector has an entry");
	is_int((int64_t)entry[1], (int64_t)m.image.entry, "the image's");
	is_int(ops->auxv(&target, m.auxv_size - 8, entry, sizeof(entry)), 8,
	    "a read across its end is cut");
	is_int(ops->auxv(&target, m.auxv_size, entry, sizeof(entry)), 0,
	    "and one at its end reads nothing");
	close_target();
}

static void
test_registers(void)
{
	const struct regs_layout *layout;
	struct regs regs, again;
	uint8_t xmm[REG_SIZE_MAX] = { 1, 2, 3, 4 };
	uint8_t got[REG_SIZE_MAX] = { 0 };

	open_target("hello.elf", NULL, NULL);
	layout = ops->regs_layout(&target);
	ok(layout->xcr0 >> XSAVE_SSE & 1, "the machine has SSE");
	regs = read_regs(MAIN_THREAD);
	is_int((int64_t)regs.rip, (int64_t)m.image.entry,
	    "a guest at rest stands at its entry");
	regs.rbx = 0x123456789abcdef0;
	regs.fs_base = symbol("main");
	ok(regs_set(&regs, layout, REG_xmm0, xmm), "xmm0 can be changed");
	is_int(ops->write_regs(
		   &target, MAIN_THREAD, &regs, REGS_CORE | REGS_XSAVE),
	    0, "registers can be written");
	again = read_regs(MAIN_THREAD);
	is_int((int64_t)again.rbx, 0x123456789abcdef0, "rbx has its value");
	is_int(
	    (int64_t)again.fs_base, (int64_t)symbol("main"), "so has fs_base");
	ok(regs_get(&again, layout, REG_xmm0, got) &&
		memcmp(got, xmm, regs_size(REG_xmm0)) == 0,
	    "and xmm0");
	is_int(
	    (int64_t)again.rip, (int64_t)regs.rip, "the others are the same");
	again.fs_base = UINT64_C(1) << 47;
	is_int(ops->write_regs(&target, MAIN_THREAD, &again, REGS_CORE),
	    -EINVAL, "a base that the processor cannot have is refused");
	again = read_regs(MAIN_THREAD);
	again.rip = UINT64_C(1) << 63;
	is_int(ops->write_regs(&target, MAIN_THREAD, &again, REGS_CORE),
	    -EINVAL, "and so is such a program counter");
	again = read_regs(MAIN_THREAD);
	is_int(
	    (int64_t)again.rip, (int64_t)regs.rip, "nothing has changed then");
	is_int(ops->read_regs(&target, NO_THREAD, &regs, REGS_CORE), -ESRCH,
	    "a thread that does not exist has no registers");
	is_int(ops->write_regs(&target, NO_THREAD, &regs, REGS_CORE), -ESRCH,
	    "and takes none");
	close_target();
}

static void
test_memory(void)
{
	uint64_t text, data, stack, word = 0x5a5a5a5a5a5a5a5a, got = 0;
	const uint8_t *view;
	uint8_t page[8192];

	open_target("hello.elf", NULL, NULL);
	text = symbol("main");
	data = symbol("at_exit");
	is_int(ops->read_mem(&target, MAIN_THREAD, text, page, 16), 16,
	    "text can be read");
	is_int(ops->write_mem(&target, MAIN_THREAD, data, &word, 8), 8,
	    "data can be written");
	ops->read_mem(&target, MAIN_THREAD, data, &got, 8);
	is_int((int64_t)got, (int64_t)word, "and has its value");
	stack = m.mem.size - 64;
	ops->write_mem(&target, MAIN_THREAD, stack, &word, 8);
	ok(ops->view_mem(&target, MAIN_THREAD, stack, 8, &view) == 8 &&
		memcmp(view, &word, 8) == 0,
	    "memory of no file can be viewed in place");
	is_int((int64_t)ops->view_mem(&target, MAIN_THREAD, text, 8, &view), 0,
	    "a file's cannot");
	is_int(ops->read_mem(&target, MAIN_THREAD, m.mem.size - 8, page, 16), 8,
	    "a read across the end of memory is cut");
	is_int(ops->read_mem(&target, MAIN_THREAD, 0, page, 8), -EFAULT,
	    "where nothing is mapped nothing is read");
	is_int(ops->write_mem(&target, MAIN_THREAD, 0, page, 8), -EFAULT,
	    "or written");
	is_int(ops->read_mem(&target, MAIN_THREAD, UINT64_MAX, page, 8),
	    -EFAULT, "nor at the end of the address space");
	close_target();
}

static void
test_regions(void)
{
	struct target_region region = { 0 };
	uint64_t at = 0;
	unsigned n = 0;

	open_target("hello.elf", NULL, NULL);
	ops->region(&target, symbol("main"), &region);
	is_int(region.access, REGION_READ | REGION_EXEC,
	    "text can be read and executed");
	ops->region(&target, m.mem.size - 8, &region);
	is_int(region.access, REGION_READ | REGION_WRITE,
	    "the stack can be read and written");
	do {
		ops->region(&target, at, &region);
		if (region.start > at || (region.end && region.end <= at))
			break;
		at = region.end;
	} while (at != 0 && ++n < 1000);
	ok(at == 0 && n > 3, "regions tile the address space: %u", n);
	close_target();
}

static void
test_breakpoints(void)
{
	const uint64_t none = UINT64_C(1) << 45;
	struct stop stop;
	uint64_t at;
	uint8_t before[4], after[4];

	open_target("hello.elf", NULL, NULL);
	at = symbol("main");
	ops->read_mem(&target, MAIN_THREAD, at, before, sizeof(before));
	is_int(insert(BREAK_SOFT, at, 1), 0, "a breakpoint can be inserted");
	is_int(insert(BREAK_SOFT, at, 1), 0, "also twice");
	is_int(insert(BREAK_SOFT, none, 1), -EFAULT, "not where nothing is");
	ops->read_mem(&target, MAIN_THREAD, at, after, sizeof(after));
	ok(memcmp(before, after, sizeof(after)) == 0, "reading hides it");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_BREAK, "it stops the guest");
	is_int(stop.tid, MAIN_THREAD, "its thread");
	is_int((int64_t)read_regs(stop.tid).rip, (int64_t)at, "before it");
	stop = resume_all(ACTION_STEP, 0);
	is_int(stop.kind, STOP_STEP, "a step leads off it");
	is_int(remove_break(BREAK_SOFT, at, 1), 0, "it can be removed");
	is_int(remove_break(BREAK_SOFT, at, 1), 0, "also twice");
	is_int(insert(BREAK_HARD, symbol("exit"), 1), 0,
	    "a hardware breakpoint can be inserted");
	is_int(resume_all(ACTION_CONTINUE, 0).kind, STOP_HWBREAK,
	    "it also stops the guest");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_EXITED, "then the guest ends");
	is_int(stop.status, 0, "with its own status");
	close_target();
}

/* A range step ends when rip leaves the range. */
static void
test_range(void)
{
	struct target_action range = { TARGET_ALL, ACTION_RANGE, 0, 0, 0 };
	struct stop stop;
	uint64_t at, rip;

	open_target("hello.elf", NULL, NULL);
	at = symbol("main");
	insert(BREAK_SOFT, at, 1);
	resume_all(ACTION_CONTINUE, 0);
	range.lo = at;
	range.hi = at + 24;
	stop = resume(&range, 1);
	rip = read_regs(MAIN_THREAD).rip;
	is_int(stop.kind, STOP_STEP, "a range is stepped");
	ok(rip < range.lo || rip >= range.hi, "until it is left");
	close_target();
}

static void
test_watchpoints(void)
{
	struct stop stop;
	uint64_t at;

	open_target("threads.elf", "1", "2");
	at = symbol("total");
	is_int(insert(WATCH_WRITE, at, 8), 0, "a watchpoint can be inserted");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_WATCH_WRITE, "a write stops the guest");
	is_int((int64_t)stop.addr, (int64_t)at, "at the watched address");
	is_int(stop.tid, 2, "in the thread that wrote");
	is_int(remove_break(WATCH_WRITE, at, 8), 0, "it can be removed");
	is_int(insert(WATCH_READ, at, 8), 0, "reads can be watched");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_WATCH_READ, "and a read stops the guest");
	remove_break(WATCH_READ, at, 8);
	is_int(insert(WATCH_ACCESS, at, 8), 0, "accesses can be watched");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_WATCH_ACCESS, "and stop the guest");
	is_int(insert(WATCH_READ, at, 0), -EINVAL, "no length is not watched");
	close_target();
}

/*
 * Whichever thread is let run, an interrupt is reported for no other.  Two
 * workers may meet the breakpoint at once: the stop that was not reported then
 * came before the interrupt.
 */
static void
check_interrupted(void)
{
	const uint64_t meet = symbol("meet");
	struct target_action one = { 0, ACTION_STEP, 0, 0, 0 };
	struct target_resume how = { &one, 1, true };
	struct stop stop;
	uint64_t rip;

	for (one.tid = 1; one.tid <= 3; one.tid++) {
		rip = read_regs(one.tid).rip;
		ops->resume(&target, &how);
		stop = wait_stop();
		ok(stop.kind == STOP_INTERRUPT ||
			(stop.kind == STOP_BREAK && rip == meet),
		    "thread %d is interrupted", one.tid);
		is_int(stop.tid, one.tid, "and no other");
		ok(read_regs(one.tid).rip == rip, "before it moves");
	}
	how.interrupted = false;
	for (one.tid = 2; one.tid <= 3; one.tid++) {
		one.kind = ACTION_CONTINUE;
		ops->resume(&target, &how);
		ops->interrupt(&target);
		stop = wait_stop();
		ok(stop.kind == STOP_INTERRUPT || stop.kind == STOP_BREAK,
		    "thread %d is interrupted while it runs", one.tid);
		is_int(stop.tid, one.tid, "and no other");
	}
}

static void
test_threads(void)
{
	struct target_action one = { 0, ACTION_STEP, 0, 0, 0 };
	uint64_t rip[3];
	struct stop stop;
	int tids[TARGET_THREADS_MAX];
	size_t n;

	open_target("threads.elf", "2", "3");
	is_int((int64_t)ops->threads(&target, tids, 8), 1, "there is a thread");
	is_int(tids[0], MAIN_THREAD, "the first");
	is_str(ops->thread_name(&target, 1), "main", "a thread has a name");
	ok(!ops->thread_name(&target, NO_THREAD), "others have none");
	insert(BREAK_SOFT, symbol("meet"), 1);
	do
		stop = resume_all(ACTION_CONTINUE, 0);
	while (stop.kind == STOP_BREAK &&
	       ops->threads(&target, tids, TARGET_THREADS_MAX) < 3);
	n = ops->threads(&target, tids, TARGET_THREADS_MAX);
	is_int((int64_t)n, 3, "with its workers there are three");
	ok(tids[0] == 1 && tids[1] == 2 && tids[2] == 3,
	    "in the order they were made");
	is_int((int64_t)ops->threads(&target, tids, 2), 2,
	    "as many as there is room for");
	is_str(ops->thread_name(&target, 2), "thread", "a worker is a thread");
	for (n = 0; n < 3; n++)
		rip[n] = read_regs((int)n + 1).rip;
	one.tid = stop.tid;
	for (n = 0; n < 20; n++)
		stop = resume(&one, 1);
	is_int(stop.kind, STOP_STEP, "one thread can be stepped");
	is_int(stop.tid, one.tid, "that one");
	for (n = 0; n < 3; n++)
		ok((read_regs((int)n + 1).rip != rip[n]) ==
			((int)n + 1 == one.tid),
		    "thread %zu has moved if it was stepped", n + 1);
	check_interrupted();
	close_target();
}

static void
test_signals(void)
{
	siginfo_t info;
	uint8_t bytes[128];
	struct stop stop;

	open_target("fault_divide.elf", NULL, NULL);
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_SIGNAL, "a fault stops the guest");
	is_int(stop.signal, SIGFPE, "with its signal");
	is_int(ops->siginfo(&target, stop.tid, bytes), 0,
	    "siginfo describes the signal");
	memcpy(&info, bytes, sizeof(info));
	is_int(info.si_signo, SIGFPE, "by its number");
	is_int(info.si_code, FPE_INTDIV, "and cause");
	is_int(ops->siginfo(&target, NO_THREAD, bytes), -ESRCH,
	    "a thread that does not exist has no signal");
	stop = resume_all(ACTION_CONTINUE, SIGFPE);
	is_int(stop.kind, STOP_KILLED, "delivered, it ends the guest");
	is_int(stop.signal, SIGFPE, "by that signal");
	close_target();
	open_target("fault_divide.elf", NULL, NULL);
	ops->pass_signals(&target, UINT64_C(1) << (SIGFPE - 1));
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_KILLED,
	    "a signal to be passed ends the guest without a stop");
	close_target();
}

static void
test_calls(void)
{
	const uint32_t getpid_only[] = { 39 };
	static uint32_t many[CATCH_MAX + 1];
	struct stop stop;
	struct regs regs;

	open_target("caught.elf", "calls", NULL);
	is_int(ops->catch_syscalls(&target, true, many, CATCH_MAX + 1), -ENOSPC,
	    "there is a limit of hypercalls to catch");
	is_int(ops->catch_syscalls(&target, true, getpid_only, 1), 0,
	    "one is caught");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_SYSCALL_ENTRY, "its entry is a stop");
	is_int(stop.status, 39, "of its number");
	regs = read_regs(stop.tid);
	is_int((int64_t)regs.orig_rax, 39, "which is in orig_rax");
	is_int((int64_t)regs.rax, -ENOSYS, "and rax is as on Linux");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_SYSCALL_RETURN, "its return is a stop");
	is_int((int64_t)read_regs(stop.tid).rax, 1, "with the result");
	is_int(
	    ops->catch_syscalls(&target, false, NULL, 0), 0, "none is caught");
	is_int(resume_all(ACTION_CONTINUE, 0).kind, STOP_EXITED,
	    "and the guest runs to its end");
	close_target();
}

/* The workers end together, so the end of the second may be the guest's. */
static void
test_thread_events(void)
{
	struct stop stop;
	int tids[TARGET_THREADS_MAX];
	uint64_t handle;
	size_t n;

	open_target("threads.elf", "2", "3");
	is_int(ops->thread_handle(&target, 1, &handle), -ENOENT,
	    "a thread without an FS base has no handle");
	is_int(ops->thread_handle(&target, NO_THREAD, &handle), -ESRCH,
	    "nor has one that does not exist");
	ops->thread_events(&target, true);
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_THREAD_CREATED, "a thread's begin is a stop");
	is_int(stop.tid, 2, "of that thread");
	n = ops->threads(&target, tids, TARGET_THREADS_MAX);
	ok(n >= 2 && tids[1] == 2, "which lives");
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_THREAD_CREATED, "so is the next one's");
	is_int(stop.tid, 3, "of that");
	stop = resume_all(ACTION_CONTINUE, 0);
	if (stop.kind == STOP_THREAD_EXITED) {
		is_int(stop.status, 0, "its end is a stop, with its status");
		n = ops->threads(&target, tids, TARGET_THREADS_MAX);
		while (n > 0 && tids[n - 1] != stop.tid)
			n--;
		ok(n == 0, "and it lives no more");
	} else {
		skip(2, "the guest has ended at the same moment");
	}
	while (stop.kind == STOP_THREAD_EXITED)
		stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.kind, STOP_EXITED, "the last end is the guest's");
	close_target();
}

/* The debugger leaves a guest that has stopped for a signal. */
static void
leave_at_signal(uint64_t keep, int64_t status)
{
	struct stop stop;

	open_target("signals.elf", "raise", NULL);
	stop = resume_all(ACTION_CONTINUE, 0);
	is_int(stop.signal, SIGUSR1, "a guest stops for its signal");
	if (keep)
		ops->program_signals(&target, keep);
	insert(BREAK_SOFT, symbol("handler"), 1);
	ops->detach(&target);
	stop = wait_stop();
	is_int(stop.status, status, "it runs to its end");
	close_target();
}

static void
test_interrupt(void)
{
	const struct target_action go = { TARGET_ALL, ACTION_CONTINUE, 0, 0,
		0 };
	const struct target_resume how = { &go, 1, false };
	struct stop stop;

	open_target("sleep.elf", "1000", NULL);
	ops->resume(&target, &how);
	ops->interrupt(&target);
	is_int(wait_stop().kind, STOP_INTERRUPT, "a guest that sleeps stops");
	ops->resume(&target, &how);
	ops->kill(&target);
	stop = wait_stop();
	is_int(stop.kind, STOP_KILLED, "a guest that sleeps can be killed");
	is_int(stop.signal, SIGKILL, "and ends by SIGKILL");
	close_target();
}

static void
test_detach(void)
{
	struct stop stop;

	open_target("threads.elf", "2", "3");
	insert(BREAK_SOFT, symbol("meet"), 1);
	insert(WATCH_WRITE, symbol("total"), 8);
	resume_all(ACTION_CONTINUE, 0);
	ops->detach(&target);
	stop = wait_stop();
	is_int(stop.kind, STOP_EXITED, "a detached guest runs to its end");
	is_int(stop.status, 0, "undisturbed");
	close_target();
}

static void
test_commands(void)
{
	static char buf[65536];
	struct text out;

	open_target("hello.elf", NULL, NULL);
	text_init(&out, buf, sizeof(buf));
	is_int(ops->monitor(&target, 1, "regions", &out), 0, "a command runs");
	ok(strstr(buf, "stack") != NULL, "and answers");
	text_init(&out, buf, sizeof(buf));
	is_int(ops->monitor(&target, 1, "phys 1 2 3", &out), 0,
	    "with too many arguments");
	ok(strncmp(buf, "usage: ", 7) == 0, "it prints its usage");
	is_int(ops->monitor(&target, 1, "frobnicate", &out), -ENOENT,
	    "another is unknown");
	is_int(
	    ops->monitor(&target, 1, "", &out), -ENOENT, "an empty one also");
	close_target();
}

int
main(void)
{
	need_kvm();
	ops = debugger_target_ops();
	test_facts();
	test_auxv();
	test_registers();
	test_memory();
	test_regions();
	test_breakpoints();
	test_range();
	test_watchpoints();
	test_threads();
	test_signals();
	test_calls();
	test_thread_events();
	leave_at_signal(0, 5);
	leave_at_signal(UINT64_C(1) << (SIGTERM - 1), 5);
	test_interrupt();
	test_detach();
	test_commands();
	return done_testing();
}
