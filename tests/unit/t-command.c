/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `monitor` commands, on a machine that was never made: memory and page
 * tables, two vCPUs of which one has no thread, and a history at rest.
 */
#include "guestram.h"
#include "tap.h"

#include "debugger/command.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/trace/trace.h"

#include <errno.h>
#include <stdalign.h>

#define RAM   (UINT64_C(4) << 20)
#define TEXT  UINT64_C(0x10000)
#define BREAK UINT64_C(0x20000)
#define DATA  UINT64_C(0x200000)
#define STACK (RAM - PAGE_4K)

static alignas(4096) struct machine machine;
static alignas(4096) struct kvm_run run;
static struct history history = { .machine = &machine };
static struct debugger_target target = {
	.machine = &machine, .image = -1, .history = &history
};
static char printed[1 << 16];

static int
monitor(const char *typed)
{
	struct text out;

	text_init(&out, printed, sizeof(printed));
	return debugger_command(&target, 1, typed, &out);
}

/* Each use that memory can have, and a planted breakpoint. */
static void
make_machine(void)
{
	static const uint8_t gate[] = { HYPERCALL_GATE };
	struct vcpu *vcpu = machine.vcpu;

	guestram_init(&machine.mem, RAM);
	hc_guest_init(&machine.guest, &machine.mem);
	hc_look_init(&target.look, &machine.guest);
	space_init(&machine.guest.space, &machine.mem, BREAK, STACK);
	machine.guest.space.brk = BREAK + PAGE_4K;
	machine.stack_bottom = STACK;
	machine.image.segments = 1;
	machine.image.segment[0].vaddr = TEXT + 0x40;
	machine.image.segment[0].memsz = 0x100;
	space_take(&machine.guest.space, TEXT, PAGE_4K,
	    space_bits(PROT_READ | PROT_EXEC));
	space_take(&machine.guest.space, BREAK, 2 * PAGE_4K,
	    space_bits(PROT_READ | PROT_WRITE));
	space_take(&machine.guest.space, DATA, 2 * PAGE_4K,
	    space_bits(PROT_READ | PROT_WRITE));
	space_take(&machine.guest.space, DATA + 2 * PAGE_4K, PAGE_4K,
	    space_bits(PROT_NONE));
	space_take(&machine.guest.space, STACK, PAGE_4K,
	    space_bits(PROT_READ | PROT_WRITE));
	memcpy(machine.mem.base + TEXT, "\x90\xc3", 2);
	memcpy(machine.mem.base + TEXT + 16, gate, sizeof(gate));
	memcpy(machine.mem.base + DATA, "text\0\x7f\xff~ and 2 more", 19);
	machine.debug.breaks.mem = &machine.mem;
	if (breaks_insert(&machine.debug.breaks, BREAKS_SOFT, TEXT, 1) < 0)
		bail("no breakpoint");
	machine.vcpus = 2;
	vcpu[0].kvm.run = vcpu[1].kvm.run = &run;
	vcpu[0].machine = vcpu[1].machine = &machine;
	vcpu[0].kvm.fd = vcpu[1].kvm.fd = -1;
	vcpu[0].thread.tid = 1;
	vcpu[1].thread.tid = 77;
	vcpu[0].state = VCPU_LIVE;
	vcpu[1].state = VCPU_PARKED;
	run.kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	run.s.regs.regs.rip = TEXT;
	run.s.regs.sregs.cr0 = 0x80000011;
	run.s.regs.sregs.cs = (struct kvm_segment){
		.selector = 0x33, .type = 11, .dpl = 3, .l = 1, .present = 1
	};
	run.s.regs.sregs.ldt.unusable = 1;
}

#define LONG     "2222222222222222222222222222222222222222"
#define NOT_HERE "There is no such memory."

/* Commands, and a part of what each prints; NULL: there is no such command. */
static const struct {
	const char *typed, *part;
} rows[] = {
	{ "", NULL },
	{ " \t ", NULL },
	{ "frobnicate", NULL },
	{ "phy", NULL },
	{ "regions " LONG LONG LONG LONG LONG LONG LONG, NULL },
	{ "phys", "usage: monitor phys ADDRESS [LENGTH]\n" },
	{ "phys 1 2 3", "usage: monitor phys" },
	{ "phys 1 2 3 4 5 6 7 8", "usage: monitor phys" },
	{ " phys\t0x10000  2 ", "0x000010000  90 c3    " },
	{ "phys 0x200000 18",
	    "0x000200000  74 65 78 74 00 7f ff 7e 20 61 6e 64 20 32 20 6d"
	    "  text...~ and 2 m\n"
	    "0x000200010  6f 72                                          "
	    "  or\n" },
	{ "phys 0x200000 4096", "0x000200ff0 " },
	{ "phys 0x200000 4097", "At most 4096 bytes at a time.\n" },
	{ "phys 0x3ffff0+0x10", "0x000400000 " }, /* page tables */
	{ "phys 0xffffffffffffffff 2", "Physical memory ends at 0x" },
	{ "phys 0 0xffffffffffffffff", "Physical memory ends at 0x" },
	{ "phys -1", "\"-1\" is not a number" },
	{ "phys 0 x", "\"x\" is not a number" },
	{ "walk x", "\"x\" is not a number" },
	{ "walk 0x10004", "0x10004 is physical 0x10004.\n" },
	{ "walk 0x10004", "PTE   0x0080000000010265 present user accessed" },
	{ "walk 0x200000", " present writable user" },
	{ "walk 0x202000", "0x202000 is not mapped.\n" },
	{ "walk 0", "0x0 is not mapped.\n" },
	{ "walk 0x800000000000", "0x800000000000 is not canonical.\n" },
	{ "regions", "0x000010000-0x000011000 r-x        4 KiB image\n"
		     "0x000020000-0x000021000 rw-        4 KiB break\n"
		     "0x000021000-0x000022000 rw-        4 KiB mapping\n"
		     "0x000200000-0x000202000 rw-        8 KiB mapping\n"
		     "0x000202000-0x000203000 ---        4 KiB mapping\n"
		     "0x0003ff000-0x000400000 rw-        4 KiB stack\n" },
	{ "registers", "vCPU 0, thread 1\nCR0   0x80000011 PE ET PG\n" },
	{ "registers",
	    "CS    0x0033 base 0x0                limit 0x00000000 type 11"
	    " dpl 3 64-bit present\n" },
	{ "registers", "type  0 dpl 0 unusable\n" },
	{ "stats", "vcpus        made " },
	{ "hypercalls", "calls" },
	{ "fds", "name" },
	{ "core", "start it with --core=FILE and" },
	{ "core other", "start it with --core=FILE and" },
	{ "trace maybe", "usage: monitor trace on|off\n" },
	{ "goto", "usage: monitor goto PLACE\n" },
	{ "goto x", "\"x\" is not a number" },
	{ "goto 1:x", "\"x\" is not a number" },
	{ "goto 1:2:x", "\"x\" is not a number" },
	{ "goto 12:0x401000:3", "`continue` leads to 12:0x401000:3 now" },
	{ "goto 12:0x401000", "`continue` leads to 12:0x401000:1 now" },
	{ "goto 12", "`continue` leads to 12 now" },
	{ "last-write 0 0", "The length must be from 1 to 16 bytes.\n" },
	{ "last-write 0 17", "The length must be from 1 to 16 bytes.\n" },
	{ "last-change 0 17", "The length must be from 1 to 16 bytes.\n" },
	{ "checkpoint", "At most 16 places can be kept.\n" },
	{ "checkpoints", "Checkpoint 16: 16:0x401000:2\n0 checkpoints of " },
};

static void
test_rows(void)
{
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = monitor(rows[i].typed);
		is_int(r, rows[i].part ? 0 : -ENOENT, "\"%s\" %s",
		    rows[i].typed, rows[i].part ? "is a command" : "is none");
		if (!ok(rows[i].part ? strstr(printed, rows[i].part) != NULL
				     : !printed[0],
			"and prints what it should"))
			printf("# %s\n", printed);
	}
	(void)monitor("phys 0x200000 16");
	is_int(strcspn(printed, "\n"), strlen(printed) - 1,
	    "16 bytes are one line");
	is_int(machine.mem.base[TEXT], 0xcc, "the breakpoint is planted");
}

/* Every command that the help lists is there, and has a limit. */
static void
test_help(void)
{
	const char *usage, *purpose;
	char typed[64], wanted[128];
	size_t n;

	for (n = 0; debugger_command_help(n, &usage, &purpose); n++) {
		snprintf(typed, sizeof(typed), "%.*s 1 2 3 4",
		    (int)strcspn(usage, " "), usage);
		snprintf(wanted, sizeof(wanted), "usage: monitor %s\n", usage);
		is_int(monitor(typed), 0, "there is %s", usage);
		is_str(printed, wanted, "without more arguments");
		ok(purpose[0], "for a purpose");
	}
	ok(n > 10, "there are commands");
}

/* Threads that there are no more make no call. */
static void
test_hypercall(void)
{
	struct kvm_regs *regs = &run.s.regs.regs;

	(void)monitor("hypercall");
	is_str(printed, "thread 1: none\n", "a thread makes no call");
	regs->rip = TEXT + 16;
	regs->rax = HC_close;
	regs->rdi = 7;
	(void)monitor("hypercall");
	is_str(printed, "thread 1: close(7\n", "it rests before one");
	regs->rip = RAM;
	(void)monitor("hypercall");
	is_str(printed, "thread 1: none\n", "it rests where nothing is mapped");
	(void)monitor("registers");
	ok(!strstr(printed, "thread 77"), "nor are its registers shown");
}

/* A trace of the user's keeps its calls. */
static void
test_trace(void)
{
	struct hc_trace own = { .lines = true };
	struct hc_guest *guest = &machine.guest;

	(void)monitor("trace off");
	is_str(printed, "Hypercalls are not traced.\n", "no trace is ended");
	ok(!guest->trace, "and none is made");
	(void)monitor("trace on");
	is_str(printed, "Hypercalls are traced.\n", "one is made");
	ok(guest->trace && guest->trace->lines, "and shows lines");
	(void)monitor("trace off");
	ok(guest->trace && !guest->trace->lines, "until it is ended");
	hc_trace_attach(guest, &own);
	(void)monitor("trace off");
	ok(guest->trace == &own && !own.lines, "the user's is ended");
	(void)monitor("trace on");
	ok(guest->trace == &own && own.lines, "and goes on");
	ok(!hc_set_has(&own.wanted, HC_close), "with its own calls");
}

/* A guest that is not replayed, and one whose core cannot be written. */
static void
test_not_there(void)
{
	static const char *const names[] = { "when", "goto 1", "last-write 1 1",
		"last-change 1 1", "checkpoint", "checkpoints" };
	static char *argv[] = { NULL };
	static const struct core_place place = { .folder = -1,
		.name = "core",
		.program = "program",
		.argv = argv,
		.path = "none/core" };
	size_t i;

	target.history = NULL;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)monitor(names[i]);
		ok(strstr(printed, "The guest is not recorded: add --record"),
		    "%s needs a recording", names[i]);
	}
	target.core_place = &place;
	(void)monitor("core");
	ok(strstr(printed, "The core is not written: none/core: "),
	    "a core that is not written is a fault");
	(void)monitor("core other");
	ok(strstr(printed, "start it with --core=FILE"),
	    "and has the name that --core gave it");
}

int
main(void)
{
	unsigned i;

	make_machine();
	history.state = HISTORY_RESTING;
	history.marks = HISTORY_PLACES;
	for (i = 0; i < HISTORY_PLACES; i++)
		history.marked[i] = (struct history_place){ i + 1, 0x401000,
			2 };
	test_rows();
	test_help();
	test_hypercall();
	test_trace();
	test_not_there();
	return done_testing();
}
