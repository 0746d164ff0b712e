/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests debugging without a protocol: breakpoints, steps, watchpoints, stops in
 * blocking calls, on a real guest and this machine's KVM.
 */
#include "guestvm.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/shim.h"
#include "vm/snapshot.h"
#include "vm/x86.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>

#define LENT_TRIES 20

static void
start(const char *guest, const char *arg)
{
	start_with(guest, arg, NULL);
}

static uint64_t stops[DEBUG_STOPS]; /* of all guests */

static void
end(void)
{
	int i;

	if (m.outcome.kind == OUTCOME_RUNNING)
		bail("the guest is not over");
	machine_join(&m);
	for (i = 0; i < DEBUG_STOPS; i++)
		stops[i] += debug_stops(&m, (enum debug_stop_way)i);
	close(m.kvm);
	machine_destroy(&m);
}

/* The next event, within a minute of this host's time. */
static struct debug_event
wait_event(void)
{
	struct debug_event event = { .kind = EVENT_NONE };
	time_t end = time(NULL) + 60;

	while (time(NULL) < end) {
		struct pollfd p = { debug_fd(&m), POLLIN, 0 };

		poll(&p, 1, 5);
		if (debug_poll(&m, &event))
			return event;
	}
	bail("nothing happens");
	return event;
}

static struct debug_event
go(enum debug_want want)
{
	debug_want(&m.vcpu[0], want, 0, 0, 0);
	debug_resume(&m);
	return wait_event();
}

/* The address after the instruction between NAME and NAME_done. */
static uint64_t
done(const char *name)
{
	char text[32];

	snprintf(text, sizeof(text), "%s_done", name);
	return symbol(text);
}

static uint64_t
rip(void)
{
	return vcpu_user_rip(&m.vcpu[0]);
}

static void
stop_at_start(void)
{
	debug_interrupt(&m);
	if (wait_event().kind != EVENT_INTERRUPT)
		bail("not at rest at the start");
}

static void
test_breakpoints(void)
{
	struct debug_event event;
	uint64_t at, steps;
	uint8_t byte;

	start("hello.elf", NULL);
	stop_at_start();
	is_int(rip(), m.image.entry, "a guest rests at its entry");
	at = symbol("main");
	is_int(debug_insert(&m, BREAKS_SOFT, at, 1), 0,
	    "a breakpoint can be set in read-only text");
	is_int(debug_insert(&m, BREAKS_SOFT, at, 1), 0,
	    "a breakpoint can be set twice");
	breaks_read(&m.debug.breaks, at, &byte, 1);
	ok(byte != 0xcc, "reading does not show it");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_BREAK, "it is hit");
	is_int(rip(), at, "and rip stands on it");
	event = go(WANT_STEP);
	is_int(event.kind, EVENT_STEP, "a step leads off it");
	ok(rip() != at, "by running what lies under it");
	for (steps = 0; steps < 200; steps++) {
		event = go(WANT_STEP);
		if (event.kind != EVENT_STEP)
			break;
	}
	is_int(event.kind, EVENT_STEP, "200 more steps are steps");
	ok(rip() < 0x500000, "and none of them ends in the shim");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_ENDED, "then the guest runs to its end");
	is_int(m.outcome.kind, OUTCOME_EXIT, "by itself");
	end();
}

/* Steps in a row by any mechanism: off breakpoints, onto breakpoints, with runs
 * between steps. */
static void
test_step_in_a_row(void)
{
	struct debug_event event = { .kind = EVENT_STEP };
	unsigned steps, planted = 0;
	uint64_t at;

	start("hello.elf", NULL);
	stop_at_start();
	for (steps = 0; steps < 300 && event.kind == EVENT_STEP; steps++) {
		at = rip();
		if (steps % 2)
			planted += debug_insert(&m, BREAKS_SOFT, at, 1) == 0;
		event = go(WANT_STEP);
		if (event.kind != EVENT_STEP)
			printf("# step %u went from %#" PRIx64 " to %#" PRIx64
			       "\n",
			    steps, at, rip());
	}
	is_int(event.kind, EVENT_STEP, "300 steps off breakpoints are steps");
	is_int(planted, 150, "every other step had a breakpoint");
	breaks_clear(&m.debug.breaks);
	at = symbol("exit");
	debug_insert(&m, BREAKS_SOFT, at, 1);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_BREAK, "a run after them is a run");
	is_int(rip(), at, "to the breakpoint");
	for (steps = 0; steps < 20; steps++)
		event = go(WANT_STEP);
	is_int(event.kind, EVENT_STEP, "and steps follow");
	event = go(WANT_RUN);
	is_int(m.outcome.kind, OUTCOME_EXIT, "to the guest's own end");
	end();
}

/* Steps over awkward instructions; t_hypercall has OUT and SYSCALL. */
static void
test_every_step(void)
{
	struct debug_event event = { .kind = EVENT_STEP };
	uint64_t steps;

	start("empty.elf", NULL);
	stop_at_start();
	for (steps = 0; steps < 100000 && event.kind == EVENT_STEP; steps++) {
		if (rip() >= m.mem.size)
			break;
		event = go(WANT_STEP);
	}
	is_int(event.kind, EVENT_ENDED, "a whole guest can be stepped through");
	is_int(m.outcome.kind, OUTCOME_EXIT, "to its own end");
	ok(steps > 5, "in %d steps", (int)steps);
	end();
}

/* A recording that has no events. */
static uint64_t
no_events(const struct hc_guest *guest)
{
	(void)guest;
	return 0;
}

static struct hc_thread *
only_thread(const struct hc_guest *guest)
{
	(void)guest;
	return &m.vcpu[0].thread;
}

static void
save_place(const struct hc_guest *guest, void *place)
{
	(void)guest;
	*(char *)place = 'x';
}

static void
load_place(struct hc_guest *guest, const void *place)
{
	guest->dumpable = *(const char *)place == 'x' && guest->dumpable;
}

static const struct hc_replay_ops no_places = {
	.events = no_events,
	.turn = only_thread,
	.maker = only_thread,
	.at = no_events,
	.size = 1,
	.save = save_place,
	.load = load_place,
};

static void
mem_byte_flip(uint64_t addr)
{
	m.mem.base[addr] ^= 1;
}

/* The guest is back at a place that it has left: with its memory, mappings and
 * registers, and goes the same way again. */
static void
test_snapshot(void)
{
	static struct snapshot begin, later;
	struct hc_replay replay = { .ops = &no_places };
	uint64_t at, end_at, global;
	unsigned i;

	start("debug.elf", NULL);
	stop_at_start();
	m.guest.replay = &replay;
	global = symbol("ten");
	debug_insert(&m, BREAKS_SOFT, symbol("sum_to"), 1);
	debug_insert(&m, BREAKS_WRITE, global, 4);
	is_int(snapshot_take(&begin, &m, NULL), 0, "a state is copied");
	ok(snapshot_is_present(&begin, &m), "and is the present");
	is_int(go(WANT_RUN).kind, EVENT_BREAK, "the guest runs on");
	ok(!snapshot_is_present(&begin, &m), "then it is not any more");
	is_int(snapshot_take(&later, &m, &begin), 0, "another is copied");
	ok(later.copied > 0 && later.copied < later.pages,
	    "it has copied the pages that differ, and no other");
	ok(snapshot_pages_held() == begin.pages + later.copied,
	    "and shares the others");
	for (i = 0; i < 20; i++)
		go(WANT_STEP);
	end_at = rip();
	mem_byte_flip(global);
	(void)space_mmap(&m.guest.space, 0, 8 * PAGE_4K, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS, NULL);
	is_int(snapshot_return(&later, &m), 0, "the guest goes back");
	ok(snapshot_is_present(&later, &m), "to the same state");
	at = rip();
	is_int((int)(at - symbol("sum_to")), 0, "at the same place");
	for (i = 0; i < 20; i++)
		go(WANT_STEP);
	ok(rip() == end_at, "and the same steps lead to the same place");
	is_int(snapshot_return(&begin, &m), 0, "it goes back further");
	ok(snapshot_is_present(&begin, &m), "to its start");
	is_int(go(WANT_RUN).kind, EVENT_BREAK, "it meets the breakpoint again");
	ok(snapshot_is_present(&later, &m), "in the state that it had there");
	snapshot_drop(&begin);
	snapshot_drop(&later);
	is_int((int)snapshot_pages_held(), 0, "no page is left");
	m.guest.replay = NULL;
	debug_kill(&m);
	is_int(wait_event().kind, EVENT_ENDED, "it ends");
	end();
}

static void
test_fault(void)
{
	struct debug_event event;

	start("fault_divide.elf", NULL);
	stop_at_start();
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_SIGNAL, "a fault stops the guest");
	is_int(event.signal, SIGFPE, "with the signal Linux would raise");
	ok(m.outcome.kind == OUTCOME_RUNNING, "alive");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_SIGNAL, "retried, it faults again");
	debug_want(&m.vcpu[0], WANT_RUN, 0, 0, SIGFPE);
	debug_resume(&m);
	event = wait_event();
	is_int(event.kind, EVENT_ENDED, "passed on, it ends the guest");
	is_int(m.outcome.code, SIGFPE, "by that signal");
	end();
}

static void
test_int3(void)
{
	struct debug_event event;

	start("fault_int3.elf", NULL);
	stop_at_start();
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_SIGNAL, "the guest's own INT3 is a signal");
	is_int(event.signal, SIGTRAP, "SIGTRAP");
	is_int(m.mem.base[rip() - 1], 0xcc, "and rip is after it");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_ENDED, "going on, the guest goes on");
	end();
}

static void
test_interrupts(void)
{
	struct debug_event event;

	start("sleep.elf", "1000");
	stop_at_start();
	debug_want(&m.vcpu[0], WANT_RUN, 0, 0, 0);
	debug_resume(&m);
	usleep(100000);
	debug_interrupt(&m);
	event = wait_event();
	is_int(
	    event.kind, EVENT_INTERRUPT, "a guest that sleeps can be stopped");
	ok(rip() < m.mem.size, "and rests in its own code");
	debug_resume(&m);
	usleep(50000);
	ok(m.outcome.kind == OUTCOME_RUNNING, "resumed, it sleeps on");
	debug_kill(&m);
	event = wait_event();
	is_int(event.kind, EVENT_ENDED, "killed, it is over");
	end();
	start("compute.elf", "100000000000");
	stop_at_start();
	debug_want(&m.vcpu[0], WANT_RUN, 0, 0, 0);
	debug_resume(&m);
	usleep(50000);
	debug_interrupt(&m);
	event = wait_event();
	is_int(event.kind, EVENT_INTERRUPT,
	    "a guest that computes can be stopped");
	debug_kill(&m);
	wait_event();
	end();
}

/* Run on as if several runs had been asked for in a row: the controller begins
 * it, and gets the machine back. */
static enum stops_run
run_lent(void)
{
	uint32_t lends = m.vcpu[0].lending.lends;

	m.debug.row = 0;
	debug_want(&m.vcpu[0], WANT_RUN, 0, 0, 0);
	debug_resume(&m);
	is_int(
	    m.vcpu[0].lending.lends, lends + 1, "the controller runs a vCPU");
	return m.debug.stops.vcpu[0].run;
}

static enum stops_run
run_lent_to_main(void)
{
	enum stops_run run;

	start("compute.elf", "100000000000");
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("main"), 1);
	run = run_lent();
	is_int(wait_event().kind, EVENT_BREAK, "a breakpoint is reported");
	debug_remove(&m, BREAKS_SOFT, symbol("main"), 1);
	return run;
}

/* The controller runs a vCPU while nobody else could call it.  A busy host can
 * make a short run last, so the run up to main() has several tries. */
static void
test_lent_runs(void)
{
	struct debug_event event;
	unsigned tries = 1;

	while (run_lent_to_main() != RUN_RESTING && tries++ < LENT_TRIES) {
		debug_kill(&m);
		wait_event();
		end();
	}
	ok(tries <= LENT_TRIES, "a short run ends with the controller");
	is_int(run_lent(), RUN_RUNNING, "a run that lasts is its thread's");
	debug_interrupt(&m);
	event = wait_event();
	is_int(event.kind, EVENT_INTERRUPT, "and can be interrupted");
	m.debug.notified = true;
	is_int(run_lent(), RUN_RUNNING, "so is one with news for it");
	debug_kill(&m);
	wait_event();
	end();
	start("sleep.elf", "1000");
	stop_at_start();
	ok(run_lent() != RUN_LENT, "a call that waits is made elsewhere");
	usleep(50000);
	debug_interrupt(&m);
	event = wait_event();
	is_int(event.kind, EVENT_INTERRUPT, "and can be interrupted");
	is_int(debug_call_number(&m.vcpu[0]), -1, "before it counts as made");
	debug_kill(&m);
	wait_event();
	end();
}

/* The vCPU's own thread makes the runs: the controller would not be kicked. */
static void
begin_awkward(void)
{
	start("debug.elf", "awkward");
	stop_at_start();
	m.debug.row = UINT_MAX;
	debug_insert(&m, BREAKS_SOFT, symbol("awkward"), 1);
	go(WANT_RUN);
	is_int(rip(), symbol("awkward"), "the guest comes to its instructions");
}

static void
go_to(uint64_t rip)
{
	struct user_context c;

	if (vcpu_user_context(&m.vcpu[0], &c) < 0)
		bail("no registers");
	c.regs.rip = rip;
	if (debug_set_context(&m.vcpu[0], &c) < 0)
		bail("registers cannot be set");
}

/* Kicked out of its own code, the vCPU does not rest in a stub. */
static void
spin_at(uint64_t rip)
{
	go_to(rip);
	debug_want(&m.vcpu[0], WANT_RUN, 0, 0, 0);
	debug_resume(&m);
	usleep(1000);
	debug_interrupt(&m);
	wait_event();
}

static void
wait_ns(long ns)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec -
		   begin.tv_nsec <
	       ns);
}

/*
 * A step that is kicked, before or after its vCPU has entered, is made and
 * reported, or not made.  The byte before the instruction is an INT3, which may
 * have been met.
 */
static void
test_kicked_steps(void)
{
	unsigned i, made = 0, wrong = 0;
	struct debug_event event;
	uint64_t at;

	begin_awkward();
	at = symbol("awkward") + 1;
	for (i = 0; i < 200; i++) {
		spin_at(symbol("at_self"));
		go_to(at);
		debug_want(&m.vcpu[0], WANT_STEP, 0, 0, 0);
		debug_resume(&m);
		wait_ns(i % 100 * 5000);
		debug_interrupt(&m);
		event = wait_event();
		made += event.kind == EVENT_STEP;
		wrong += rip() !=
			 (event.kind == EVENT_STEP ? symbol("at_out") : at);
	}
	is_int(
	    wrong, 0, "a step is reported if it was made: %u of %u", made, i);
	debug_kill(&m);
	wait_event();
	end();
}

/* A range goes on after the calls in it. */
static void
test_range_over_calls(void)
{
	static const char *const ends[] = { "at_out_done", "at_syscall_done",
		"at_cpuid" };
	struct debug_event event;
	unsigned row, i;

	for (row = 0; row < 2; row++) {
		begin_awkward();
		m.debug.row = row ? 0 : UINT_MAX;
		for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			go_to(symbol("awkward") + 1);
			debug_want(&m.vcpu[0], WANT_RANGE,
			    symbol("awkward") + 1, symbol(ends[i]), 0);
			debug_resume(&m);
			event = wait_event();
			is_int(event.kind, EVENT_STEP, "a range is one step");
			is_int(rip(), symbol(ends[i]), "up to %s", ends[i]);
		}
		debug_kill(&m);
		wait_event();
		end();
	}
}

/* Pages of this process that are in memory. */
static long
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long all, n;

	if (!f || fscanf(f, "%ld %ld", &all, &n) != 2)
		bail("/proc/self/statm");
	fclose(f);
	return n;
}

/* The first watchpoint tries debug registers on another machine. */
static void
test_probe_memory(void)
{
	long before;

	start("hello.elf", NULL);
	stop_at_start();
	before = resident();
	debug_insert(&m, BREAKS_WRITE, symbol("at_exit"), 8);
	before = resident() - before;
	ok(before < 512, "a watchpoint takes less than 2 MiB: %ld pages",
	    before);
	debug_kill(&m);
	wait_event();
	end();
}

static void
test_watch(void)
{
	struct debug_event event;
	uint64_t at;
	unsigned hits = 0;

	start("hello.elf", "you");
	stop_at_start();
	at = symbol("at_exit") + 248; /* the last of 32 entries, never used */
	is_int(debug_insert(&m, BREAKS_WRITE, at, 8), 0,
	    "a watchpoint can be set");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_ENDED,
	    "an unwritten watchpoint does not stop the guest");
	end();
	start("hello.elf", "you");
	stop_at_start();
	at = m.mem.size - 4096;
	debug_insert(&m, BREAKS_WRITE, at, 4096);
	for (; hits < 10; hits++) {
		event = go(WANT_RUN);
		if (event.kind != EVENT_WATCH)
			break;
	}
	ok(hits == 10, "4096 bytes of stack are watched: %u hits", hits);
	is_int(event.addr, at, "by the address that was asked for");
	debug_remove(&m, BREAKS_WRITE, at, 4096);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_ENDED,
	    "the guest runs to its end after the removal");
	end();
}

static void
test_hard(void)
{
	struct user_context context;
	struct debug_event event;
	uint64_t at;

	start("hello.elf", NULL);
	stop_at_start();
	at = symbol("main");
	is_int(debug_insert(&m, BREAKS_HARD, at, 1), 0,
	    "a hardware breakpoint can be set");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_HARDBREAK, "it is hit");
	is_int(rip(), at, "before its instruction");
	event = go(WANT_STEP);
	is_int(event.kind, EVENT_STEP, "a step leads off it");
	if (vcpu_user_context(&m.vcpu[0], &context) < 0)
		bail("no registers");
	at = context.regs.rsp - 64;
	is_int(debug_insert(&m, BREAKS_WRITE, at & ~UINT64_C(7), 8), 0,
	    "so can a watchpoint of 8 bytes");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_WATCH, "it is hit too");
	debug_kill(&m);
	wait_event();
	end();
}

/* A breakpoint is set in a page before the page is mapped; the page holds two
 * NOPs and a jump to itself. */
static void
test_hard_unmapped(void)
{
	static const char code[] = "\x90\x90\xeb\xfe";
	const uint64_t at = UINT64_C(48) << 20;
	struct debug_event event;

	start("hello.elf", NULL);
	stop_at_start();
	is_int(debug_insert(&m, BREAKS_HARD, at + 1, 1), 0,
	    "a hard breakpoint can be where nothing is mapped");
	vcpu_set_user_rip(&m.vcpu[0], at + 1);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_HARDBREAK, "a jump there hits it");
	is_int(rip(), at + 1, "before anything is fetched");
	/* A debug register comes before the fault of the fetch, each time:
	 * debuggers remove the breakpoint to go on. */
	debug_remove(&m, BREAKS_HARD, at + 1, 1);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_SIGNAL, "then the fetch is a fault");
	is_int(event.signal, SIGSEGV, "which is a SIGSEGV");
	debug_insert(&m, BREAKS_HARD, at + 1, 1);
	is_int(space_mmap(&m.guest.space, at, 4096, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL),
	    (int64_t)at, "the page is mapped later");
	breaks_write(&m.debug.breaks, at, code, sizeof(code));
	breaks_settle(&m.debug.breaks);
	vcpu_set_user_rip(&m.vcpu[0], at);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_HARDBREAK, "then the breakpoint is hit");
	is_int(rip(), at + 1, "at its address");
	debug_kill(&m);
	wait_event();
	end();
}

/* Run until the guest is interrupted in a wait. */
static void
interrupt_wait(void)
{
	do {
		debug_want(&m.vcpu[0], WANT_RUN, 0, 0, 0);
		debug_resume(&m);
		usleep(20000);
		debug_interrupt(&m);
		if (wait_event().kind != EVENT_INTERRUPT)
			bail("a guest that sleeps is not interrupted");
	} while (!m.vcpu[0].thread.wait.interrupted);
}

/* A debugger calls a function that waits, in a thread that already waits. */
static void
test_nested_wait(void)
{
	const struct timespec little = { .tv_nsec = 1000000 };
	const struct hc_wait *wait = &m.vcpu[0].thread.wait;
	struct user_context outer, inner;
	struct timespec until;
	uint64_t back;

	start("sleep.elf", "1000");
	back = symbol("main");
	stop_at_start();
	interrupt_wait();
	until = wait->until;
	if (vcpu_user_context(&m.vcpu[0], &outer) < 0)
		bail("no registers");
	inner = outer;
	inner.regs.rip = symbol("nanosleep");
	inner.regs.rdi = outer.regs.rsp - 512;
	inner.regs.rsi = 0;
	inner.regs.rsp = outer.regs.rsp - 1024 - 8;
	breaks_write(&m.debug.breaks, inner.regs.rdi, &little, sizeof(little));
	breaks_write(&m.debug.breaks, inner.regs.rsp, &back, sizeof(back));
	debug_insert(&m, BREAKS_SOFT, back, 1);
	debug_set_context(&m.vcpu[0], &inner);
	is_int(go(WANT_RUN).kind, EVENT_BREAK, "a nested sleep is slept");
	ok(wait->asked.tv_nsec == little.tv_nsec, "as long as it asks for");
	debug_set_context(&m.vcpu[0], &outer);
	debug_remove(&m, BREAKS_SOFT, back, 1);
	interrupt_wait();
	ok(wait->until.tv_sec == until.tv_sec &&
		wait->until.tv_nsec == until.tv_nsec,
	    "the first sleep then has the end that it had");
	debug_kill(&m);
	wait_event();
	end();
}

/* A watchpoint too long for a debug register needs page protection. */
#define BY_PAGES 16

static void
test_two_pages(void)
{
	struct debug_event event;
	uint64_t pages;

	start("touch.elf", NULL);
	stop_at_start();
	pages = symbol("pages");
	debug_insert(&m, BREAKS_WRITE, pages + 4092, BY_PAGES);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_WATCH, "a store over a page border is seen");
	is_int(rip(), done("at_cross"), "once it is made");
	debug_remove(&m, BREAKS_WRITE, pages + 4092, BY_PAGES);
	debug_insert(&m, BREAKS_READ, pages + 200, BY_PAGES);
	debug_insert(&m, BREAKS_ACCESS, pages + 4190, BY_PAGES);
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_WATCH,
	    "so is a copy from one watched page to another");
	is_int(rip(), done("at_copy"), "when it is made");
	is_int(event.addr, pages + 4190, "by the bytes that it touched");
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_ENDED, "and the guest runs on to its end");
	end();
}

/* A read watchpoint sees every byte that an instruction touches. */
static void
test_wide_reads(void)
{
	static const char *const hits[] = { "at_wide", "at_cmps", "at_push",
		"at_vector" };
	struct debug_event event;
	unsigned i;

	start("touch.elf", NULL);
	stop_at_start();
	/* 3 bytes fit no debug register. */
	debug_insert(&m, BREAKS_READ, symbol("pages") + 13, 3);
	for (i = 0; i < sizeof(hits) / sizeof(hits[0]); i++) {
		event = go(WANT_RUN);
		is_int(event.kind, EVENT_WATCH, "%s reads what is watched",
		    hits[i]);
		is_int(rip(), done(hits[i]), "and no instruction before it");
	}
	event = go(WANT_RUN);
	is_int(event.kind, EVENT_ENDED, "nothing else reads it");
	end();
}

static void
test_pushed_flags(void)
{
	struct debug_event event = { .kind = EVENT_NONE };
	uint64_t flags[5] = { 0 };
	unsigned i, steps;

	start("touch.elf", NULL);
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("at_flags"), 1);
	go(WANT_RUN);
	for (steps = 0; steps < 20 && rip() != symbol("at_flags_done"); steps++)
		event = go(WANT_STEP);
	is_int(event.kind, EVENT_STEP, "instructions that push flags step");
	gmem_read(&m.mem, flags, symbol("flags"), sizeof(flags));
	for (i = 0; i < 5; i++)
		ok(flags[i] != 0 && !(flags[i] & RFLAGS_TF),
		    "and no flag of the step is in what they push: %llx",
		    (unsigned long long)flags[i]);
	debug_remove(&m, BREAKS_SOFT, symbol("at_flags"), 1);
	go(WANT_RUN);
	end();
}

/* Let all threads run, or one alone. */
static void
want_all(enum debug_want want)
{
	unsigned i;

	debug_want_new(&m, want);
	for (i = 0; i < m.vcpus; i++)
		if (thread_lives(&m.vcpu[i]))
			debug_want(&m.vcpu[i], want, 0, 0, 0);
}

static struct debug_event
go_all(void)
{
	want_all(WANT_RUN);
	debug_resume(&m);
	return wait_event();
}

static struct debug_event
go_alone(unsigned vcpu, enum debug_want want)
{
	want_all(WANT_STOP);
	debug_want(&m.vcpu[vcpu], want, 0, 0, 0);
	debug_resume(&m);
	return wait_event();
}

static unsigned
live(void)
{
	unsigned n = 0, i;

	for (i = 0; i < m.vcpus; i++)
		n += thread_lives(&m.vcpu[i]);
	return n;
}

static uint64_t
guest_word(const char *name)
{
	uint64_t word = 0;

	gmem_read(&m.mem, &word, symbol(name), sizeof(word));
	return word;
}

static void
test_two_hits(void)
{
	unsigned hits[MACHINE_VCPUS] = { 0 };
	struct debug_event event;
	unsigned n = 0;

	start_with("threads.elf", "3", "10");
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("meet"), 1);
	while ((event = go_all()).kind == EVENT_BREAK && n < 1000) {
		hits[event.vcpu]++;
		n++;
	}
	is_int(n, 30, "three threads meet a breakpoint ten times each");
	ok(hits[1] == 10 && hits[2] == 10 && hits[3] == 10,
	    "and each hit is reported for its thread: %u %u %u", hits[1],
	    hits[2], hits[3]);
	is_int(event.kind, EVENT_ENDED, "then the guest ends");
	is_int(m.outcome.code, 0, "having counted right");
	end();
}

/*
 * If a lone instruction counts as completed before it is, its vCPU faults
 * again.  That fault was a hang on some machines, and slow on all.
 */
static void
test_lone_instructions(void)
{
	uint64_t faults, alone;
	unsigned hits = 0;

	start_with("threads.elf", "3", "20");
	stop_at_start();
	debug_insert(&m, BREAKS_WRITE, symbol("total"), BY_PAGES);
	while (hits < 1000 && go_all().kind == EVENT_WATCH)
		hits++;
	faults = debug_stops(&m, STOP_TRAP_PAGE);
	alone = debug_stops(&m, STOP_LONE);
	ok(hits >= 60, "three threads hit a watchpoint 20 times each: %u",
	    hits);
	is_int((int64_t)faults, (int64_t)alone,
	    "each page fault costs one lone instruction");
	is_int(m.outcome.kind, OUTCOME_EXIT, "and the guest ends");
	is_int(m.outcome.code, 0, "having counted right");
	end();
}

/* Two threads compute, and only one of them may run. */
static void
test_interrupt_of_one(void)
{
	struct debug_event event;
	unsigned i;

	start("torture.elf", "spin");
	stop_at_start();
	want_all(WANT_RUN);
	debug_resume(&m);
	while (live() < 2)
		usleep(1000);
	debug_interrupt(&m);
	event = wait_event();
	is_int(event.vcpu, 0, "an interrupt of all is reported for the oldest");
	for (i = 0; i < 2; i++) {
		want_all(WANT_STOP);
		debug_want(&m.vcpu[1], WANT_RUN, 0, 0, 0);
		debug_resume(&m);
		usleep(2000);
		debug_interrupt(&m);
		event = wait_event();
		is_int(event.kind, EVENT_INTERRUPT, "one that runs alone");
		is_int(event.vcpu, 1, "is interrupted as itself");
	}
	debug_kill(&m);
	wait_event();
	end();
}

static void
test_alone(void)
{
	struct debug_event event;
	uint64_t others[MACHINE_VCPUS];
	unsigned i, steps, moved = 0, who;

	start_with("threads.elf", "2", "3");
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("meet"), 1);
	event = go_all();
	who = event.vcpu;
	for (i = 0; i < m.vcpus; i++)
		others[i] = vcpu_user_rip(&m.vcpu[i]);
	for (steps = 0; steps < 10 && event.kind != EVENT_ENDED; steps++) {
		event = go_alone(who, WANT_STEP);
		if (event.kind != EVENT_STEP || event.vcpu != who)
			break;
	}
	is_int(steps, 10, "one thread steps alone, from a breakpoint on");
	for (i = 0; i < m.vcpus; i++)
		moved += vcpu_user_rip(&m.vcpu[i]) != others[i];
	is_int(moved, 1, "and is the only one that has moved");
	debug_remove(&m, BREAKS_SOFT, symbol("meet"), 1);
	event = go_all();
	is_int(event.kind, EVENT_ENDED, "then all run to the end");
	is_int(m.outcome.code, 0, "and nothing is lost");
	end();
}

static void
test_thread_end(void)
{
	struct debug_event event;
	uint64_t at;
	unsigned who;

	start_with("threads.elf", "1", "1");
	stop_at_start();
	at = symbol("meet");
	debug_insert(&m, BREAKS_SOFT, at, 1);
	event = go_all();
	who = event.vcpu;
	is_int(live(), 2, "there are two threads");
	debug_remove(&m, BREAKS_SOFT, at, 1);
	event = go_alone(who, WANT_RUN);
	is_int(event.kind, EVENT_GONE,
	    "a thread that runs alone and ends is missed");
	is_int(live(), 1, "one is left");
	event = go_all();
	is_int(event.kind, EVENT_ENDED, "which runs to the end");
	end();
}

static void
test_waiting_threads(void)
{
	struct debug_event event;
	unsigned i, in_ram = 0, round;

	start("torture.elf", "spin");
	stop_at_start();
	want_all(WANT_RUN);
	for (round = 0; round < 20; round++) {
		debug_resume(&m);
		usleep(2000);
		debug_interrupt(&m);
		event = wait_event();
		if (event.kind != EVENT_INTERRUPT)
			break;
		want_all(WANT_RUN);
	}
	is_int(round, 20, "threads that compute are stopped and let go");
	for (i = 0; i < m.vcpus; i++)
		in_ram += vcpu_user_rip(&m.vcpu[i]) < m.mem.size;
	is_int(in_ram, live(), "and rest in their own code");
	debug_kill(&m);
	wait_event();
	end();
}

/* A breakpoint on an instruction that waits for another thread. */
static void
test_break_on_wait(void)
{
	struct debug_event event;
	uint64_t at;
	unsigned n;

	start_with("torture.elf", "beat", "5");
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("beat_once"), 1);
	event = go_all();
	is_int(event.kind, EVENT_BREAK, "while a thread works,");
	at = vcpu_user_rip(&m.vcpu[0]);
	debug_remove(&m, BREAKS_SOFT, symbol("beat_once"), 1);
	debug_insert(&m, BREAKS_SOFT, at, 1);
	for (n = 0; n < 50 && event.kind != EVENT_ENDED; n++)
		event = go_all();
	is_int(event.kind, EVENT_ENDED,
	    "a breakpoint where the first waits for it stops nobody for ever");
	is_int(m.outcome.code, 0, "and the guest ends well");
	end();
}

static void
test_thread_fault(void)
{
	struct debug_event event;

	start("fault_thread.elf", NULL);
	stop_at_start();
	event = go_all();
	is_int(event.kind, EVENT_SIGNAL, "a fault in a thread stops the guest");
	is_int(event.vcpu, 1, "and is reported for that thread");
	is_int(event.signal, SIGSEGV, "as what it is");
	want_all(WANT_RUN);
	debug_want(&m.vcpu[1], WANT_RUN, 0, 0, SIGSEGV);
	debug_resume(&m);
	event = wait_event();
	is_int(event.kind, EVENT_ENDED, "passed on, it ends all");
	ok(m.culprit == &m.vcpu[1], "the thread that caused it is known");
	end();
}

static void
test_thread_detach(void)
{
	start_with("threads.elf", "4", "50");
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("meet"), 1);
	debug_insert(&m, BREAKS_WRITE, symbol("total"), 8);
	go_all();
	go_all();
	debug_detach(&m);
	is_int(wait_event().kind, EVENT_ENDED,
	    "left alone in the middle, four threads run to the end");
	is_int(m.outcome.code, 0, "and have counted right");
	is_int((int64_t)guest_word("total"), 200, "to the last");
	end();
}

/* Host B is nearest to real hardware: stops arrive there as KVM documents
 * them. */
static void
test_ways(void)
{
	const char *host = getenv("NOVILLO_HOST");

	if (!host || strcmp(host, "B") != 0)
		return;
	ok(stops[STOP_EXIT_BREAK] > 0,
	    "breakpoints arrive as KVM_EXIT_DEBUG, exception 3");
	ok(stops[STOP_EXIT_STEP] > 0, "steps as exception 1");
	ok(stops[STOP_EXIT_REGISTER] > 0, "debug registers by DR6");
	is_int(stops[STOP_TRAP_BREAK] + stops[STOP_TRAP_STEP], 0,
	    "and none of them through a stub");
}

static void
test_detach(void)
{
	start("hello.elf", NULL);
	stop_at_start();
	debug_insert(&m, BREAKS_SOFT, symbol("main"), 1);
	debug_insert(&m, BREAKS_WRITE, m.mem.size - 4096, 4096);
	debug_detach(&m);
	is_int(wait_event().kind, EVENT_ENDED,
	    "left alone, the guest runs to its end");
	is_int(m.outcome.kind, OUTCOME_EXIT, "without a trace of us");
	end();
}

/* Whether supervisor code, which no guest can have, reads an MSR without a
 * fault. */
static bool
reads_msr(bool denied)
{
	static const uint8_t code[] = { 0x0f, 0x32, 0xf4 }; /* rdmsr; hlt */
	const uint64_t at = SHIM_STUBS + PAGE_4K - 16;
	struct machine_error error;
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = at,
		.rsp = SHIM_VCPUS + PAGE_4K,
		.rcx = MSR_LSTAR,
		.rflags = RFLAGS_FIXED,
	};
	struct vcpu *v = &m.vcpu[0];
	unsigned vector = 0;
	bool halted;

	forget_machine();
	if (machine_create(&m, kvmcore_open(KVMCORE_DEVICE), 64 << 20, &error) <
		0 ||
	    cpu_init(v, 0, 0, &error) < 0)
		bail("%s", error.text);
	if (denied)
		is_int(kvmcore_deny_msrs(m.vm), 0, "registers can be denied");
	memcpy(m.shim + (at - SHIM_BASE), code, sizeof(code));
	sregs = v->kvm.run->s.regs.sregs;
	sregs.cs.selector = SEL_KERNEL_CODE;
	sregs.ss.selector = SEL_KERNEL_DATA;
	sregs.cs.dpl = sregs.ss.dpl = 0;
	v->kvm.run->kvm_dirty_regs = 0;
	if (kvmcore_set_sregs(&v->kvm, &sregs) < 0 ||
	    kvmcore_set_regs(&v->kvm, &regs) < 0 || kvmcore_run(&v->kvm) < 0)
		bail("cannot run in supervisor mode");
	halted = v->kvm.run->exit_reason == KVM_EXIT_HLT;
	ok(halted || (shim_stub_vector(v->kvm.run->s.regs.regs.rip, &vector) &&
			 vector == 13),
	    "a register is read, or it is #GP: exit %u",
	    v->kvm.run->exit_reason);
	close(m.kvm);
	machine_destroy(&m);
	return halted;
}

static void
test_msrs(void)
{
	int kvm = kvmcore_open(KVMCORE_DEVICE);
	bool has = kvmcore_check(kvm, 189 /* KVM_CAP_X86_MSR_FILTER */) > 0;

	close(kvm);
	if (!has) {
		skip(1, "this KVM has no filter");
		return;
	}
	ok(reads_msr(false), "supervisor code reads registers");
	ok(!reads_msr(true), "and does not where that is denied");
}

/* Make a vCPU for a thread, and give it back. */
static int
make_thread(void)
{
	struct hc_thread *first = &m.vcpu[0].thread, *child;
	int r = first->ops->create(first, &child);

	if (r == 0)
		vcpu_of(child)->state = VCPU_PARKED;
	return r;
}

/* A failure to set a new vCPU's state, here by too many CPUID leaves. */
static void
test_second_try(void)
{
	uint32_t nent;

	start("status.elf", "7");
	stop_at_start(); /* else its host thread still prepares the parent */
	nent = m.cpuid.nent;
	m.cpuid.nent = 100000;
	is_int(make_thread(), -EAGAIN, "a vCPU without a state has no thread");
	is_int(make_thread(), -EAGAIN, "the second attempt also fails");
	m.cpuid.nent = nent;
	is_int(
	    make_thread(), 0, "a vCPU can be made when its state can be set");
	is_int(m.vcpus, 2, "one vCPU was made");
	is_int(go(WANT_RUN).kind, EVENT_ENDED, "and the guest ends");
	end();
}

/* A replay has the recorded one, whatever the image holds. */
static void
test_plain_cpuid(void)
{
	uint32_t ebx;

	m.image.flat = true;
	cpu_show_plain(&m);
	ok(m.cpuid.nent > 1, "a flat image is shown the processor");
	m.cpuid.nent = 1;
	ebx = m.cpuid.entries[0].ebx ^= 1;
	cpu_show_plain(&m);
	ok(m.cpuid.nent == 1 && m.cpuid.entries[0].ebx == ebx,
	    "and keeps the CPUID that it has");
	m.cpuid.nent = 0;
	m.image.flat = false;
}

int
main(void)
{
	need_kvm();
	test_plain_cpuid();
	test_probe_memory();
	test_breakpoints();
	test_step_in_a_row();
	test_lent_runs();
	test_every_step();
	test_snapshot();
	test_fault();
	test_int3();
	test_interrupts();
	test_kicked_steps();
	test_range_over_calls();
	test_nested_wait();
	test_watch();
	test_two_pages();
	test_wide_reads();
	test_pushed_flags();
	test_hard();
	test_hard_unmapped();
	test_detach();
	test_two_hits();
	test_lone_instructions();
	test_interrupt_of_one();
	test_alone();
	test_thread_end();
	test_waiting_threads();
	test_break_on_wait();
	test_thread_fault();
	test_thread_detach();
	test_second_try();
	test_msrs();
	test_ways();
	return done_testing();
}
